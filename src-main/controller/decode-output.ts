// Turns bytes that processes print into text, piece by piece; what is no UTF-8 is shown as \xNN. Pure.

/** The longest beginning of a character that may have to wait for its rest. */
const CARRY_MAX = 3;

/** One for each stream. */
export class OutputDecoder {
  #carry: Uint8Array = new Uint8Array(0);

  decode(bytes: Uint8Array): string {
    const all = joined(this.#carry, bytes);
    const end = completeLength(all);
    this.#carry = all.slice(end);
    return textOf(all.subarray(0, end));
  }

  /** The rest, when the stream has ended or bytes are missing. */
  flush(): string {
    const text = textOf(this.#carry);
    this.#carry = new Uint8Array(0);
    return text;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Without a character at the end that has only begun. */
function completeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(CARRY_MAX, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return sequenceLength(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** By its first byte; 1 for what cannot begin a character. */
function sequenceLength(byte: number): number {
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 1;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return mixedTextOf(bytes); // some of it is not UTF-8
  }
}

function mixedTextOf(bytes: Uint8Array): string {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    const length = sequenceLength(byte);
    const piece = decoded(strict, bytes.subarray(at, at + length));
    text += piece ?? `\\x${byte.toString(16).padStart(2, "0")}`;
    at += piece === undefined ? 1 : length;
  }
  return text;
}

function decoded(decoder: { decode(bytes: Uint8Array): string }, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // this byte stands for itself
  }
}
