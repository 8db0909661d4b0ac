// Looks over a MessagePack body before anything is built from it: only plain data, of bounded depth and size.
// Two passes are cheap (long strings and bytes are skipped by their length) and keep the decoder away from all that
// a stranger could do with it: extension types, huge claimed lengths, deep nesting, keys that reach a prototype.

/** The deepest payload (execute → block → process → policies) has 9 levels. */
const DEPTH_MAX = 24;
/** Values in one body: the largest command has some 20,000. */
const VALUES_MAX = 200_000;
const KEYS_FORBIDDEN: readonly string[] = ["__proto__", "constructor", "prototype"];
/** No field name is longer; longer keys are names of hosts, secrets and variables. */
const KEY_BYTES_MAX = 4096;

/** Undefined when sound, else what is wrong. `[start, end)` must hold exactly one value. */
export function scanBody(bytes: Uint8Array, start: number, end: number): string | undefined {
  return new Scan(bytes, start, end).run();
}

/** What a type byte announces: bytes to skip, or values to come. */
interface Step {
  readonly skip: number;
  readonly values: number;
  readonly isMap: boolean;
}

const NOTHING: Step = { skip: 0, values: 0, isMap: false };

class Scan {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  /** Per open container: values still to come, and whether the even ones are keys. */
  readonly #left: number[] = [1];
  readonly #maps: boolean[] = [false];
  #values = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  run(): string | undefined {
    while (this.#left.length > 0) {
      const top = this.#left.length - 1;
      const left = this.#left[top] ?? 0;
      if (left === 0) {
        this.#left.pop();
        this.#maps.pop();
        continue;
      }
      this.#left[top] = left - 1;
      const fault = this.#value(this.#maps[top] === true && left % 2 === 0);
      if (fault !== undefined) return fault;
    }
    return this.#at === this.#end ? undefined : "bytes after the end";
  }

  #value(isKey: boolean): string | undefined {
    this.#values += 1;
    if (this.#values > VALUES_MAX) return `more than ${VALUES_MAX} values`;
    if (this.#at >= this.#end) return "cut off";
    const type = this.#view.getUint8(this.#at);
    const at = this.#at;
    this.#at += 1;
    const step = this.#step(type);
    if (typeof step === "string") return step;
    if (step.skip > this.#end - this.#at) return "cut off";
    if (isKey) {
      const fault = this.#key(type, at, step.skip);
      if (fault !== undefined) return fault;
    }
    this.#at += step.skip;
    if (step.values === 0) return undefined;
    // Each value takes a byte at least: a claim of more is a lie, found before anything is allocated for it.
    if (step.values > this.#end - this.#at) return "cut off";
    if (this.#left.length > DEPTH_MAX) return `nested deeper than ${DEPTH_MAX}`;
    this.#left.push(step.values);
    this.#maps.push(step.isMap);
    return undefined;
  }

  #key(type: number, at: number, skip: number): string | undefined {
    const isString = (type >= 0xa0 && type <= 0xbf) || (type >= 0xd9 && type <= 0xdb);
    if (!isString) return "a key that is not a text";
    if (skip > KEY_BYTES_MAX) return "a key that is too long";
    const text = this.#ascii(this.#at, skip);
    return KEYS_FORBIDDEN.includes(text) ? `the key ${text} at ${at}` : undefined;
  }

  #ascii(from: number, length: number): string {
    // Only compared with short ASCII names.
    const short = 16;
    return length > short ? "" : String.fromCharCode(...this.#bytes.subarray(from, from + length));
  }

  /** By the table of formats in the MessagePack specification. Leaves #at behind the length field. */
  #step(type: number): Step | string {
    if (type <= 0x7f || type >= 0xe0) return NOTHING;
    if (type <= 0x8f) return { skip: 0, values: (type & 0x0f) * 2, isMap: true };
    if (type <= 0x9f) return { skip: 0, values: type & 0x0f, isMap: false };
    if (type <= 0xbf) return { skip: type & 0x1f, values: 0, isMap: false };
    switch (type) {
      case 0xc0: // nil
      case 0xc2: // false
      case 0xc3: // true
        return NOTHING;
      case 0xc4: // bin 8
      case 0xd9: // str 8
        return this.#long(1);
      case 0xc5: // bin 16
      case 0xda: // str 16
        return this.#long(2);
      case 0xc6: // bin 32
      case 0xdb: // str 32
        return this.#long(4);
      case 0xca: // float 32
        return { ...NOTHING, skip: 4 };
      case 0xcb: // float 64
        return { ...NOTHING, skip: 8 };
      case 0xcc: // uint 8
      case 0xd0: // int 8
        return { ...NOTHING, skip: 1 };
      case 0xcd: // uint 16
      case 0xd1: // int 16
        return { ...NOTHING, skip: 2 };
      case 0xce: // uint 32
      case 0xd2: // int 32
        return { ...NOTHING, skip: 4 };
      case 0xd4: // fixext 1: only type 0, the writer's way to say undefined
        return this.#undefinedValue();
      case 0xdc: // array 16
        return this.#many(2, 1, false);
      case 0xdd: // array 32
        return this.#many(4, 1, false);
      case 0xde: // map 16
        return this.#many(2, 2, true);
      case 0xdf: // map 32
        return this.#many(4, 2, true);
      default:
        // 64-bit integers and extension types are never written.
        return `a value of type 0x${type.toString(16)}`;
    }
  }

  #undefinedValue(): Step | string {
    const length = 2;
    if (this.#end - this.#at < length) return "cut off";
    const isUndefined = this.#view.getUint8(this.#at) === 0 && this.#view.getUint8(this.#at + 1) === 0;
    return isUndefined ? { ...NOTHING, skip: length } : "an extension type";
  }

  #long(width: 1 | 2 | 4): Step | string {
    const length = this.#length(width);
    return length === undefined ? "cut off" : { ...NOTHING, skip: length };
  }

  #many(width: 2 | 4, valuesEach: number, isMap: boolean): Step | string {
    const count = this.#length(width);
    return count === undefined ? "cut off" : { skip: 0, values: count * valuesEach, isMap };
  }

  #length(width: 1 | 2 | 4): number | undefined {
    if (width > this.#end - this.#at) return undefined;
    const at = this.#at;
    this.#at += width;
    if (width === 1) return this.#view.getUint8(at);
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }
}
