// Processors that simulated programs share: how much goes on at once, and who is next.
import { expect, test } from "vitest";
import { VirtualProcessors } from "../../../src-shared/simulator/virtual-processors.ts";
import { VirtualTime } from "../../../src-shared/simulator/virtual-time.ts";

test("as many work at once as there are processors, the others in the order in which they came", () => {
  const time = new VirtualTime();
  const processors = new VirtualProcessors(time, 2);
  const began: [string, number][] = [];
  for (const name of ["a", "b", "c", "d", "e"])
    processors.give(() => {
      began.push([name, time.now]);
      return time.now + (name === "a" ? 10 : 4);
    });
  time.runUntil(100);
  expect(began).toEqual([
    ["a", 0],
    ["b", 0],
    ["c", 4],
    ["d", 8],
    ["e", 10],
  ]);
});

test("whoever asks while it has a turn is served after those that wait already", () => {
  const time = new VirtualTime();
  const processors = new VirtualProcessors(time, 1);
  const began: [string, number][] = [];
  const turn = (name: string) => (): number => {
    began.push([name, time.now]);
    if (name === "a") processors.give(turn("again"));
    return time.now + 1;
  };
  processors.give(turn("a"));
  processors.give(turn("b"));
  time.runUntil(10);
  expect(began).toEqual([
    ["a", 0],
    ["again", 1],
    ["b", 2],
  ]);
});
