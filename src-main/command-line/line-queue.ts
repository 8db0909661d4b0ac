// Lines typed or pasted faster than they are asked for: readline only tells them once, so they wait here.
import type { Interface } from "node:readline";

export interface LineQueue {
  /** The next line; `undefined` at the end (Ctrl-D, or the interface was closed). */
  next(): Promise<string | undefined>;
}

/** To be made together with the interface: lines before it are lost. */
export function createLineQueue(lines: Interface): LineQueue {
  const waiting: string[] = [];
  let closed = false;
  let wake: (() => void) | undefined;
  lines.on("line", (line) => {
    waiting.push(line);
    wake?.();
  });
  lines.on("close", () => {
    closed = true;
    wake?.();
  });
  return {
    async next() {
      while (waiting.length === 0 && !closed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return waiting.shift();
    },
  };
}
