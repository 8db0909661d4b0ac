// Problems are joined by what they say, with all hosts that say it, the newest first.
import { beforeEach, expect, test } from "vitest";
import type { RunEvent } from "../../../src-shared/controller-api/run-events.ts";
import { eventsStore, forgetEvents, takeEvents } from "../../../src-renderer/state/events-store.ts";

const failed = (host: string, reason: string, remedy = ""): RunEvent =>
  ({ event: "host", run: "r", time: "t", host, state: "failed", step: "connect", reason, remedy }) as never;
const shown = () => eventsStore.getState().problems.map((one) => [one.message, one.hosts, one.count]);

beforeEach(forgetEvents);

test("the same words about several hosts are one, within a batch and from one to the next", () => {
  takeEvents([failed("n1", "refused"), failed("n2", "no route"), failed("n2", "refused")]);
  expect(shown()).toEqual([
    ["no route", "n2", 1],
    ["refused", "n[1-2]", 2],
  ]);
  takeEvents([failed("n3", "refused", "start sshd"), failed("n4", "asleep"), failed("n1", "refused")]);
  expect(shown()).toEqual([
    ["asleep", "n4", 1],
    ["no route", "n2", 1],
    ["refused", "n[1-3]", 3],
  ]);
  const before = eventsStore.getState().problems;
  takeEvents([{ event: "host", run: "r", time: "t", host: "n9", state: "idle" } as never]);
  expect(eventsStore.getState().problems).toBe(before);
});

test("ten thousand hosts that fail at once are one problem, and soon", () => {
  takeEvents(Array.from({ length: 10_000 }, (_, n) => failed(`n${String(n + 1)}`, "the same")));
  expect(shown()).toEqual([["the same", "n[1-10000]", 10_000]]);
});
