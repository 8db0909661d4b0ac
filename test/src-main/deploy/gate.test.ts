// A gate: never more inside than it lets in, everybody's turn comes, and whoever gives up is not waited for.
import { expect, test } from "vitest";
import { createGate } from "../../../src-main/deploy/gate.ts";

test("a bounded number at once, in order; failures make room too", async () => {
  const gate = createGate(2);
  const order: number[] = [];
  let inside = 0;
  let insideMax = 0;
  const work = (number: number): Promise<unknown> =>
    gate
      .through(async () => {
        inside += 1;
        insideMax = Math.max(insideMax, inside);
        order.push(number);
        await new Promise(setImmediate);
        inside -= 1;
        if (number % 2 === 0) throw new Error("even");
        return number;
      }, signal())
      .catch((error: unknown) => error);
  await Promise.all([1, 2, 3, 4, 5, 6, 7].map(work));
  expect(insideMax).toBe(2);
  expect(order).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(inside).toBe(0);
});

test("who is aborted while waiting has no turn, and takes nobody's", async () => {
  const gate = createGate(1);
  let open: () => void = () => undefined;
  const first = gate.through(() => new Promise<void>((resolve) => (open = resolve)), signal());
  const giving = new AbortController();
  const second = gate.through(() => Promise.resolve("second"), giving.signal);
  const third = gate.through(() => Promise.resolve("third"), signal());
  giving.abort();
  expect(await second).toBeUndefined();
  open();
  await first;
  expect(await third).toBe("third");
  expect(await gate.through(() => Promise.resolve("late"), AbortSignal.abort())).toBeUndefined();
  expect(await gate.through(() => Promise.resolve("free"), signal())).toBe("free");
});

function signal(): AbortSignal {
  return new AbortController().signal;
}
