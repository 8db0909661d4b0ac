// Masks secret values in a stream of bytes, also where a value is cut by the boundary of two chunks.

/** What stands for a secret, whatever its length: the length would be a hint. */
export const MASK = "***";

/** Feeds must come in order; what one feed gives back may end up to the longest secret minus one byte short. */
export interface Redactor {
  push(bytes: Uint8Array): Uint8Array;
  /** The stream has ended: what was held back. */
  end(): Uint8Array;
}

/**
 * Every byte that belongs to any occurrence of any secret is masked; occurrences that overlap share one mask. Holds
 * back at most the bytes that may be the beginning of a secret. The result does not depend on how the stream is cut.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const encoder = new TextEncoder();
  const values = [...new Set(secrets)]
    .filter((secret) => secret !== "")
    .map((secret) => encoder.encode(secret));
  if (values.length === 0) return { push: (bytes) => bytes, end: () => new Uint8Array() };
  const state: MaskState = {
    values: values.sort((a, b) => b.length - a.length),
    firstBytes: firstBytesOf(values),
    mask: encoder.encode(MASK),
    held: new Uint8Array(),
    covered: 0,
  };
  return {
    push: (bytes) => maskKnown(state, bytes, false),
    end: () => maskKnown(state, new Uint8Array(), true),
  };
}

interface MaskState {
  /** Longest first. */
  readonly values: readonly Uint8Array[];
  /** Indexed by byte: 1 where some secret begins with it. */
  readonly firstBytes: Uint8Array;
  readonly mask: Uint8Array;
  /** Undecided: a secret may begin at its first byte. */
  held: Uint8Array;
  /** Bytes at the beginning of `held` that an earlier occurrence covers. */
  covered: number;
}

function firstBytesOf(values: readonly Uint8Array[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const value of values) table[value[0] ?? 0] = 1;
  return table;
}

function maskKnown(state: MaskState, bytes: Uint8Array, ended: boolean): Uint8Array {
  const input = state.held.length === 0 ? bytes : joined([state.held, bytes]);
  const parts: Uint8Array[] = [];
  let plainFrom = state.covered;
  let coveredTo = state.covered;
  let at = 0;
  for (; at < input.length; at += 1) {
    if (state.firstBytes[input[at] ?? 0] === 0) continue;
    const length = secretAt(state.values, input, at, ended);
    if (length === undefined) break;
    if (length === 0) continue;
    if (at >= coveredTo) {
      parts.push(input.subarray(plainFrom, at), state.mask);
    }
    coveredTo = Math.max(coveredTo, at + length);
    plainFrom = coveredTo;
  }
  if (plainFrom < at) parts.push(input.subarray(plainFrom, at));
  state.held = input.slice(at);
  state.covered = Math.max(0, coveredTo - at);
  const only = parts[0];
  return parts.length === 1 && only !== undefined ? only : joined(parts);
}

/** Length of the longest secret at `at`, 0 for none, undefined when the bytes to come decide it. */
function secretAt(
  values: readonly Uint8Array[],
  input: Uint8Array,
  at: number,
  ended: boolean,
): number | undefined {
  const available = input.length - at;
  for (const value of values) {
    if (value.length > available && ended) continue;
    const compared = Math.min(value.length, available);
    let same = 0;
    while (same < compared && value[same] === input[at + same]) same += 1;
    if (same === compared) return value.length > available ? undefined : value.length;
  }
  return 0;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
