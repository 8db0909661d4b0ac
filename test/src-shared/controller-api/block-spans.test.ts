// When blocks began and ended on their hosts: a fold of events, that repeated and late ones do not disturb.
import { describe, expect, it } from "vitest";
import { barrierKey, BlockSpans } from "#shared/controller-api/block-spans.ts";
import type { ProcessEvent, RunEvent, RunEventBody } from "#shared/controller-api/run-events.ts";

const at = (second: number): string => `2026-01-01T12:00:${String(second).padStart(2, "0")}.000Z`;
const event = (second: number, body: RunEventBody): RunEvent => ({ time: at(second), run: "r", ...body });
const process = (
  state: ProcessEvent["state"],
  attempt = 1,
  more: Partial<ProcessEvent> = {},
): RunEventBody => ({
  event: "process",
  host: "h1",
  component: "c",
  block: "p/cb/e",
  process: "p",
  attempt,
  state,
  ...more,
});
const exit = (status: number): Partial<ProcessEvent> => ({
  exit: { status, signal: undefined, cause: "itself" },
});

function spansOf(...events: readonly RunEvent[]): BlockSpans {
  const spans = new BlockSpans();
  for (const one of events) spans.add(one);
  return spans;
}
const cell = (spans: BlockSpans, block = "p/cb/e", host = "h1") => spans.of(host)?.get(block);

describe("a block on a host", () => {
  it("begins, ends, and is what its exit policies make of that", () => {
    const events = [
      event(1, process("started")),
      event(3, process("exited", 1, exit(3))),
      event(4, { event: "block", host: "h1", block: "p/cb/e", outcome: "succeeded", reason: "" }),
    ];
    expect(cell(spansOf(...events.slice(0, 1)))).toMatchObject({
      state: "running",
      startedAt: at(1),
      endedAt: undefined,
    });
    expect(cell(spansOf(...events.slice(0, 2)))).toMatchObject({ state: "failed", endedAt: at(3) });
    expect(cell(spansOf(...events))).toMatchObject({ state: "succeeded", startedAt: at(1), endedAt: at(3) });
    // A window that asks in between hears some of it twice.
    expect(cell(spansOf(...events, ...events))).toEqual(cell(spansOf(...events)));
  });

  it("that is started again goes on", () => {
    const spans = spansOf(
      event(1, process("started")),
      event(2, process("exited", 1, exit(1))),
      event(2, process("restarting", 2)),
    );
    expect(cell(spans)).toMatchObject({ state: "restarting", endedAt: undefined });
    spans.add(event(3, process("started", 2)));
    expect(cell(spans)).toMatchObject({ state: "running", attempt: 2, startedAt: at(1) });
  });

  it("that never began has no start", () => {
    const spans = spansOf(
      event(5, { event: "block", host: "h1", block: "p/cb/e", outcome: "stopped", reason: "the run ends" }),
    );
    expect(cell(spans)).toMatchObject({
      state: "stopped",
      startedAt: undefined,
      endedAt: at(5),
      reason: "the run ends",
    });
  });

  it("ends with its host, and with its run", () => {
    const lost = spansOf(
      event(1, process("started")),
      event(2, { event: "host", host: "h1", component: "c", state: "failed", reason: "link lost" }),
    );
    expect(cell(lost)).toMatchObject({ state: "failed", endedAt: at(2), reason: "link lost" });
    const over = spansOf(
      event(1, process("started")),
      event(9, { event: "run", state: "aborted", version: 1, exitCode: 1, reason: "by hand" }),
    );
    expect(cell(over)).toMatchObject({ state: "stopped", endedAt: at(9), reason: "by hand" });
  });
});

it("hosts wait at a barrier until it is released, forced or given up", () => {
  const reached = (second: number, host: string): RunEvent =>
    event(second, { event: "barrier", barrier: "go", state: "reached", arrived: 1, max: 2, host });
  const spans = spansOf(reached(1, "h1"), reached(4, "h2"));
  const key = barrierKey("go");
  expect([cell(spans, key)?.state, cell(spans, key, "h2")?.state]).toEqual(["waiting", "waiting"]);
  spans.add(event(5, { event: "barrier", barrier: "go", state: "released", arrived: 2, max: 2 }));
  spans.add(reached(1, "h1"));
  expect(spans.all().map(({ host, state, startedAt, endedAt }) => [host, state, startedAt, endedAt])).toEqual(
    [
      ["h1", "passed", at(1), at(5)],
      ["h2", "passed", at(4), at(5)],
    ],
  );
  const late = spansOf(
    reached(1, "h1"),
    event(2, { event: "barrier", barrier: "go", state: "timedOut", arrived: 1, max: 2 }),
  );
  expect(cell(late, key)?.state).toBe("failed");
});
