// Output by time: lines of many streams in the order in which they were printed, whatever their hosts' clocks and links did.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { RunEvent } from "#shared/controller-api/run-events.ts";
import { mergeStreams, type MergeChoice } from "../../../src-renderer/output-view/merge-streams-layout.ts";
import { forgetOutput, outputStore, takeOutput } from "../../../src-renderer/state/output-texts-store.ts";

const START_MS = Date.parse("2026-01-01T12:00:00.000Z");
const ALL: MergeChoice = { run: undefined, block: undefined, stream: "both", search: "" };

function piece(
  host: string,
  atMs: number,
  text: string,
  more: Partial<Extract<RunEvent, { event: "output" }>> = {},
) {
  const time = new Date(START_MS + atMs).toISOString();
  return {
    event: "output",
    time,
    run: "r",
    host,
    process: "p",
    block: "p/c/e",
    attempt: 1,
    stream: "stdout",
    offset: 0,
    text,
    ...more,
  } as const;
}

const shown = (choice: Partial<MergeChoice> = {}, linesMax = 100): readonly string[] =>
  mergeStreams(outputStore.getState().streams.values(), { ...ALL, ...choice }, linesMax).lines.map(
    ({ host, timeMs, text }) => `${host} ${String(timeMs - START_MS)} ${text}`,
  );

afterEach(forgetOutput);

describe("output by time", () => {
  it("stands in the order in which it was printed, not in that in which it came", () => {
    takeOutput([
      piece("b", 100, "b1\nb2\n"),
      piece("a", 5000, "a1\n", { ageMs: 4950 }),
      piece("b", 6000, "b3\n"),
    ]);
    expect(shown()).toEqual(["a 50 a1", "b 100 b1", "b 100 b2", "b 6000 b3"]);
  });

  it("a line that came in pieces has the time of its end; one without an end is there, too", () => {
    takeOutput([piece("a", 10, "one "), piece("b", 20, "b\n"), piece("a", 30, "line\nnext")]);
    expect(shown()).toEqual(["b 20 b", "a 30 one line", "a 30 next"]);
  });

  it("time never goes back within a stream", () => {
    takeOutput([piece("a", 100, "first\n"), piece("a", 200, "second\n", { ageMs: 150 })]);
    expect(shown()).toEqual(["a 100 first", "a 100 second"]);
  });

  it("can be of one block, run or stream, and of lines that hold a word", () => {
    takeOutput([
      piece("a", 1, "Word here\nnothing\n"),
      piece("a", 2, "word\n", { stream: "stderr" }),
      piece("a", 3, "word\n", { run: "other" }),
      piece("a", 4, "word\n", { block: "q/c/e" }),
    ]);
    expect(shown({ run: "r", block: "p/c/e", stream: "stdout", search: "word" })).toEqual(["a 1 Word here"]);
    expect(shown({ stream: "stderr" })).toEqual(["a 2 word"]);
  });

  it("shows the last lines, and says that there are more", () => {
    takeOutput([piece("a", 1, "1\n2\n3\n"), piece("b", 2, "4\n5\n")]);
    expect(shown({}, 3)).toEqual(["a 1 3", "b 2 4", "b 2 5"]);
    expect(mergeStreams(outputStore.getState().streams.values(), ALL, 3).isCut).toBe(true);
    expect(mergeStreams(outputStore.getState().streams.values(), ALL, 5).isCut).toBe(false);
  });

  it("keeps its times where the beginning of a stream was cut", () => {
    const long = `${"x".repeat(1000)}\n`;
    for (let at = 0; at < 600; at += 1) takeOutput([piece("a", at, long)]);
    takeOutput([piece("a", 1000, "end\n")]);
    const lines = shown({}, 1000);
    expect(lines.at(-1)).toBe("a 1000 end");
    expect(lines.at(-2)).toMatch(/^a 599 x+$/);
    expect(lines.at(-101)).toMatch(/^a 500 x+$/);
    expect([...outputStore.getState().streams.values()][0]?.marks.length).toBeLessThan(300);
  });

  it("is every line once, sorted by time, however it came", () => {
    const pieces = fc.array(
      fc.record({
        host: fc.constantFrom("a", "b", "c"),
        gap: fc.nat(50),
        lines: fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 1, maxLength: 4 }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(pieces, (all) => {
        forgetOutput();
        let atMs = 0;
        for (const { host, gap, lines } of all) {
          atMs += gap;
          takeOutput([piece(host, atMs, lines.map((line) => `${line}\n`).join(""))]);
        }
        const merged = mergeStreams(outputStore.getState().streams.values(), ALL, 10_000).lines;
        expect(merged.map((line) => line.timeMs)).toEqual(
          merged.map((line) => line.timeMs).toSorted((x, y) => x - y),
        );
        for (const host of ["a", "b", "c"])
          expect(merged.filter((line) => line.host === host).map((line) => line.text)).toEqual(
            all.flatMap((one) => (one.host === host ? one.lines : [])),
          );
      }),
    );
  });
});
