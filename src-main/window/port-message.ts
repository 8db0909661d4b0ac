// The bound on what a window may send through its port: measured before anything looks into it.

/** A message has a few dozen values; what has more is none. Also ends the walk where something contains itself. */
const VALUES_MAX = 1_000_000;
/** What a number, a key or an empty object takes, about. */
const VALUE_BYTES = 8;

/** True when a structured clone takes at most so many bytes, about. */
export function fitsWithin(message: unknown, bytesMax: number): boolean {
  const waiting: unknown[] = [message];
  let bytes = 0;
  let values = 0;
  while (waiting.length > 0) {
    const value = waiting.pop();
    values += 1;
    bytes += bytesOf(value);
    if (values > VALUES_MAX || bytes > bytesMax) return false;
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) continue;
    // One by one: an array of millions must not be copied onto the stack before it is counted.
    for (const key in value) {
      if (waiting.length > VALUES_MAX) return false;
      bytes += key.length;
      waiting.push((value as Record<string, unknown>)[key]);
    }
  }
  return true;
}

function bytesOf(value: unknown): number {
  if (typeof value === "string") return value.length * 2;
  if (typeof value !== "object" || value === null) return VALUE_BYTES;
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength;
  if (value instanceof ArrayBuffer) return value.byteLength;
  if (value instanceof Map || value instanceof Set) return Number.POSITIVE_INFINITY;
  return VALUE_BYTES;
}
