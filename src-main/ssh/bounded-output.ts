// Keeps the first and the last bytes of an output, so that no command can fill our memory.

/** Errors stand at the beginning (the first that went wrong) or at the end (what it came to): both are kept. */
const HEAD_BYTES_MAX = 256 * 1024;
const TAIL_BYTES_MAX = 256 * 1024;

export interface BoundedOutput {
  add(chunk: Uint8Array): void;
  bytes(): Uint8Array;
}

export function createBoundedOutput(headMax = HEAD_BYTES_MAX, tailMax = TAIL_BYTES_MAX): BoundedOutput {
  const head: Uint8Array[] = [];
  let headBytes = 0;
  let tail: Uint8Array[] = [];
  let tailBytes = 0;
  let leftOut = 0;

  function trim(): void {
    // In one go when twice as much has come, so that each byte is copied once at most.
    const joined = Buffer.concat(tail);
    const kept = joined.subarray(Math.max(0, joined.length - tailMax));
    leftOut += joined.length - kept.length;
    tail = [kept];
    tailBytes = kept.length;
  }

  return {
    add(chunk) {
      const toHead = Math.min(chunk.length, headMax - headBytes);
      if (toHead > 0) {
        head.push(Uint8Array.prototype.slice.call(chunk, 0, toHead));
        headBytes += toHead;
      }
      if (toHead === chunk.length) return;
      tail.push(Uint8Array.prototype.slice.call(chunk, toHead));
      tailBytes += chunk.length - toHead;
      if (tailBytes > 2 * tailMax) trim();
    },
    bytes() {
      if (tailBytes > tailMax) trim();
      const gap = leftOut === 0 ? [] : [Buffer.from(`\n[${String(leftOut)} bytes left out]\n`)];
      return Buffer.concat([...head, ...gap, ...tail]);
    },
  };
}
