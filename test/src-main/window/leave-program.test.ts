// How the program is left: asked only when something runs, ended once, and never waiting for ever.
import { beforeEach, describe, expect, test } from "vitest";
import type { RunView } from "../../../src-shared/controller-api/controller-api.ts";
import { END_DEADLINE_MS, LeaveProgram, type LeaveChoice } from "../../../src-main/window/leave-program.ts";
import { LEAVE_CHOICES, leaveWords } from "../../../src-main/window/leave-words.ts";

const RUN = { run: "r1", experiment: "service", controllerAbsenceMs: 300_000 } as RunView;

/** Everything that the program has to do with, noted in order. */
class Desk {
  readonly notes: string[] = [];
  readonly timers: { readonly delayMs: number; readonly action: () => void }[] = [];
  runs: RunView[] = [];
  answer: Promise<LeaveChoice> = Promise.resolve("cancel");
  answerAgain: Promise<boolean> = Promise.resolve(false);
  runEnded: Promise<void> = Promise.resolve();
  quitted: Promise<void> = Promise.resolve();
  readonly leaving = new LeaveProgram({
    runs: () => this.runs,
    ended: () => this.runEnded,
    ask: (runs) => this.#note(`ask about ${String(runs.length)}`, this.answer),
    askAgain: () => this.#note("ask again", this.answerAgain),
    closeWindows: () => this.notes.push("close windows"),
    tell: () => this.notes.push("tell"),
    quit: () => this.#note("quit", this.quitted),
    exit: (code) => this.notes.push(`exit ${String(code)}`),
    log: () => undefined,
    after: (delayMs, action) => this.timers.push({ delayMs, action }),
  });

  #note<Answer>(text: string, answer: Answer): Answer {
    this.notes.push(text);
    return answer;
  }
}

/** A promise, and what settles it. */
function later<Value>(): { readonly promise: Promise<Value>; resolve(this: void, value: Value): void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe("leaving the program", () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
  });

  test("asks nothing when nothing runs", async () => {
    await desk.leaving.leave();
    expect(desk.notes).toEqual(["close windows", "quit", "exit 0"]);
  });

  test("goes on when the person does not want to leave", async () => {
    desk.runs = [RUN];
    await desk.leaving.leave();
    expect(desk.notes).toEqual(["ask about 1"]);
    expect(desk.leaving.mayClose).toBe(false);
  });

  test("keeps the window until all is stopped, and closes it then", async () => {
    desk.runs = [RUN];
    desk.answer = Promise.resolve("stop");
    await desk.leaving.leave();
    expect(desk.notes).toEqual(["ask about 1", "tell", "quit", "exit 0"]);
  });

  test("stays without a window until the run has ended", async () => {
    const ended = later<void>();
    Object.assign(desk, { runs: [RUN], answer: Promise.resolve("keep running"), runEnded: ended.promise });
    const left = desk.leaving.leave();
    await Promise.resolve();
    await Promise.resolve();
    expect(desk.notes).toEqual(["ask about 1", "close windows"]);
    expect(desk.leaving.mayClose).toBe(true);
    desk.runs = [];
    ended.resolve();
    await left;
    expect(desk.notes).toEqual(["ask about 1", "close windows", "close windows", "quit", "exit 0"]);
  });

  test("does not end under a person who has come back", async () => {
    const ended = later<void>();
    Object.assign(desk, { runs: [RUN], answer: Promise.resolve("keep running"), runEnded: ended.promise });
    const left = desk.leaving.leave();
    await Promise.resolve();
    await Promise.resolve();
    desk.leaving.comeBack();
    desk.runs = [];
    ended.resolve();
    await left;
    expect(desk.notes).not.toContain("quit");
    expect(desk.leaving.mayClose).toBe(false);
  });

  test("asks once at a time, and a signal does not wait for the answer", async () => {
    const answer = later<LeaveChoice>();
    Object.assign(desk, { runs: [RUN], answer: answer.promise });
    const first = desk.leaving.leave();
    await desk.leaving.leave();
    expect(desk.notes).toEqual(["ask about 1"]);
    await desk.leaving.end();
    answer.resolve("cancel");
    await first;
    expect(desk.notes).toEqual(["ask about 1", "tell", "quit", "exit 0"]);
  });

  test("lets go at once when the person wants it while it ends, and after its deadline anyway", async () => {
    Object.assign(desk, { runs: [RUN], quitted: new Promise(() => undefined) });
    void desk.leaving.end();
    await desk.leaving.leave();
    expect(desk.notes).toEqual(["tell", "quit", "ask again"]);
    desk.answerAgain = Promise.resolve(true);
    await desk.leaving.leave();
    expect(desk.notes.at(-1)).toBe("exit 1");
    expect(desk.timers.map(({ delayMs }) => delayMs)).toEqual([END_DEADLINE_MS]);
    desk.timers[0]?.action();
    expect(desk.notes.filter((note) => note === "exit 1")).toHaveLength(2);
  });

  test("says by its exit code that something could not be ended", async () => {
    desk.quitted = Promise.reject(new Error("disk full"));
    await desk.leaving.leave();
    expect(desk.notes.at(-1)).toBe("exit 1");
  });

  test("asks in words that say what each way means", () => {
    const { message, detail } = leaveWords([RUN, { ...RUN, run: "r2", controllerAbsenceMs: 60_000 }]);
    expect(message).toBe("2 runs are going on: service.");
    expect(detail).toContain("after 5m without it (controller_absence)");
    for (const { label } of LEAVE_CHOICES.slice(0, 2)) expect(detail).toContain(`${label}:`);
  });
});
