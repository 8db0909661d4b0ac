// A terminal's way to its host: how it is lost and found again, and that there is never a second shell.
import { beforeEach, describe, expect, test } from "vitest";
import type { OpenedTerminal } from "../../../src-shared/controller-api/window-messages.ts";
import {
  RETRY_MS_MAX,
  TerminalLink,
  TRIES_MAX,
  type LinkListener,
  type LinkState,
} from "../../../src-renderer/terminal-tab/terminal-link.ts";

const LOST = "connection lost: reset";
const NOBODY: OpenedTerminal = { kind: "refused", reason: "connect: refused", remedy: "", mayRetry: true };

describe("TerminalLink", () => {
  let nowMs: number;
  let timers: { readonly atMs: number; readonly action: () => void }[];
  let states: LinkState[];
  let notes: string[];
  let asked: { answer: (opened: OpenedTerminal) => void; fail: (error: Error) => void }[];
  let listeners: Map<number, LinkListener>;
  let link: TerminalLink;

  beforeEach(() => {
    [nowMs, timers, states, notes, asked, listeners] = [0, [], [], [], [], new Map()];
    link = new TerminalLink({
      open: () => new Promise((answer, fail) => asked.push({ answer, fail })),
      close: (terminal) => notes.push(`close ${String(terminal)}`),
      write: (terminal, bytes) => notes.push(`write ${String(terminal)} ${String(bytes.length)}`),
      follow(terminal, listener) {
        listeners.set(terminal, listener);
        return () => listeners.delete(terminal);
      },
      onData: () => undefined,
      onState: (state) => states.push(state),
      now: () => nowMs,
      after(delayMs, action) {
        const timer = { atMs: nowMs + delayMs, action };
        timers.push(timer);
        return () => (timers = timers.filter((one) => one !== timer));
      },
    });
    link.connect();
  });

  const last = (): LinkState => states.at(-1)!;
  async function answer(opened: OpenedTerminal): Promise<void> {
    asked.at(-1)!.answer(opened);
    await Promise.resolve();
  }
  async function open(terminal: number): Promise<void> {
    await answer({ kind: "opened", terminal });
  }
  /** Until the next thing that waits for its time. */
  function passTime(): number {
    const [timer] = timers.splice(0);
    const waitedMs = timer!.atMs - nowMs;
    nowMs = timer!.atMs;
    timer!.action();
    return waitedMs;
  }

  test("is lost, tries again with pauses that grow, and is there again", async () => {
    await open(1);
    listeners.get(1)!.closed(LOST, true);
    expect(last()).toEqual({ kind: "waiting", reason: LOST, retryAtMs: 1000 });
    const pauses: number[] = [];
    for (let tries = 0; tries < 7; tries += 1) {
      pauses.push(passTime());
      await answer(NOBODY);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30].map((seconds) => seconds * 1000));
    passTime();
    await open(2);
    expect(last()).toEqual({ kind: "open" });
    expect(link.send(new Uint8Array(3))).toBe(true);
    expect(notes).toEqual(["write 2 3"]);
  });

  test("a key tries at once, and pressing more does no more", async () => {
    await open(1);
    listeners.get(1)!.closed(LOST, true);
    link.connectIfLost();
    link.connectIfLost();
    link.connect();
    expect(timers).toEqual([]);
    expect(asked).toHaveLength(2);
    await open(2);
    link.connect();
    link.connectIfLost();
    expect(asked).toHaveLength(2);
    expect(notes).toEqual([]);
  });

  test("a shell that has ended by itself stays ended until somebody asks", async () => {
    await open(1);
    listeners.get(1)!.closed("exit status 0", false);
    link.connectIfLost();
    expect(last()).toEqual({ kind: "closed", reason: "exit status 0", remedy: "" });
    expect(timers).toEqual([]);
    link.connect();
    expect(asked).toHaveLength(2);
  });

  test("an answer that says no ends the trying, and a first attempt is not repeated by itself", async () => {
    await answer({ ...NOBODY, remedy: "Start sshd." });
    expect(last()).toEqual({ kind: "closed", reason: "connect: refused", remedy: "Start sshd." });
    link.connect();
    await open(1);
    listeners.get(1)!.closed(LOST, true);
    passTime();
    await answer({ kind: "refused", reason: "login: denied", remedy: "Look.", mayRetry: false });
    expect(last()).toEqual({ kind: "closed", reason: "login: denied", remedy: "Look." });
    expect(timers).toEqual([]);
  });

  test("a controller that is gone is waited for", async () => {
    await open(1);
    listeners.get(1)!.closed("the controller is gone", true);
    passTime();
    asked.at(-1)!.fail(new Error("the controller does not answer"));
    await Promise.resolve();
    await Promise.resolve();
    expect(last()).toMatchObject({ kind: "waiting", reason: "the controller does not answer" });
  });

  test("a host that hangs up on everybody is not asked every second, one that stood for a while is", async () => {
    for (let terminal = 1; terminal <= 3; terminal += 1) {
      await open(terminal);
      nowMs += terminal === 3 ? 60_000 : 10;
      listeners.get(terminal)!.closed(LOST, true);
      expect(passTime()).toBe([1000, 2000, 1000][terminal - 1]);
    }
  });

  test("it gives up in the end, and says how often it has tried", async () => {
    await open(1);
    listeners.get(1)!.closed(LOST, true);
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      expect(passTime()).toBeLessThanOrEqual(RETRY_MS_MAX);
      await answer(NOBODY);
    }
    expect(timers).toEqual([]);
    expect(last()).toMatchObject({
      kind: "closed",
      reason: `connect: refused (tried ${String(TRIES_MAX)} times)`,
    });
  });

  test("what is opened for a tab that was closed meanwhile is closed, and old words are nobody's", async () => {
    link.close();
    await open(1);
    expect(notes).toEqual(["close 1"]);
    expect(listeners.size).toBe(0);
    expect(link.send(new Uint8Array(1))).toBe(false);
  });

  test("closing an open one closes its shell once, and a waiting one waits no more", async () => {
    await open(1);
    const listener = listeners.get(1)!;
    link.close();
    listener.closed(LOST, true);
    expect(notes).toEqual(["close 1"]);
    expect(timers).toEqual([]);
    link.connect();
    expect(asked).toHaveLength(1);
  });
});
