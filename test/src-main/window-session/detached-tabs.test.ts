// Tabs in windows of their own: there again when their page is loaded anew, back in the docks when it is closed, their shells with them.
import { expect, test } from "vitest";
import type { DetachedTab, DetachResult } from "../../../src-shared/controller-api/window-messages.ts";
import { DETACHED_MAX, DetachedTabs } from "../../../src-main/window-session/detached-tabs.ts";
import type { MovedTerminal } from "../../../src-main/window-session/terminal-pool.ts";

const OUTPUT: DetachedTab = { component: "output", title: "Output" };

function setUp(answer: DetachResult = { kind: "opened" }) {
  const opened: string[] = [];
  let waiting: { readonly atMs: number; readonly action: () => void }[] = [];
  let nowMs = 0;
  const tabs = new DetachedTabs({
    async open({ id }) {
      opened.push(id);
      return answer;
    },
    after(delayMs, action) {
      const entry = { atMs: nowMs + delayMs, action };
      waiting.push(entry);
      return () => (waiting = waiting.filter((one) => one !== entry));
    },
  });
  const advance = (ms: number): void => {
    nowMs += ms;
    const due = waiting.filter(({ atMs }) => atMs <= nowMs);
    waiting = waiting.filter((one) => !due.includes(one));
    for (const { action } of due) action();
  };
  const back: DetachedTab[] = [];
  return { tabs, opened, advance, back, put: (tab: DetachedTab) => void back.push(tab) };
}

function terminal(): MovedTerminal & { closes: number } {
  const moved = {
    closes: 0,
    shell: { close: () => (moved.closes += 1) } as unknown as MovedTerminal["shell"],
    ...{ shown: [], shownBytes: 0, ended: undefined },
    owner: { data: () => undefined, closed: () => undefined },
  };
  return moved;
}

test("closing puts it back, loading anew does not", async () => {
  const { tabs, opened, advance, back, put } = setUp();
  expect(await tabs.detach(OUTPUT, put)).toEqual({ kind: "opened" });
  const [id = ""] = opened;
  expect(tabs.attached(id)).toEqual(OUTPUT);
  advance(60_000);
  tabs.gone(id, undefined);
  expect(tabs.attached(id)).toEqual(OUTPUT);
  advance(60_000);
  expect(back).toEqual([]);
  tabs.gone(id, undefined);
  advance(60_000);
  expect(back).toEqual([OUTPUT]);
  expect(tabs.attached(id)).toBeUndefined();
});

test("a window that never comes gives the tab back", async () => {
  const { tabs, advance, back, put } = setUp({ kind: "address", address: "http://127.0.0.1:1/?token=x" });
  await tabs.detach(OUTPUT, put);
  advance(60_000);
  expect(back).toEqual([OUTPUT]);
});

test("its shell waits to be taken once, and is closed when nobody takes it", async () => {
  const { tabs, opened, advance, back, put } = setUp();
  const [first, second] = [terminal(), terminal()];
  const name = tabs.keep(first);
  expect(tabs.take(name)).toBe(first);
  expect(tabs.take(name)).toBeUndefined();
  await tabs.detach({ component: "terminal", title: "SSH: h", host: "h", shell: name }, put);
  const [id = ""] = opened;
  tabs.attached(id);
  tabs.gone(id, second);
  advance(2000);
  expect(back).toMatchObject([{ host: "h", shell: expect.not.stringContaining(name) }]);
  advance(60_000);
  expect([first.closes, second.closes]).toEqual([0, 1]);
});

test("the shell of a window that nobody knows any more is closed", () => {
  const { tabs } = setUp();
  const lost = terminal();
  tabs.gone("unknown", lost);
  expect(lost.closes).toBe(1);
});

test("there is an end of windows", async () => {
  const { tabs, put } = setUp();
  for (let count = 0; count < DETACHED_MAX; count += 1) await tabs.detach(OUTPUT, put);
  expect(await tabs.detach(OUTPUT, put)).toMatchObject({ kind: "refused" });
});
