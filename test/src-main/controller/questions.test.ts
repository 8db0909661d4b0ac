// What people are asked: one question at a time, taken back when it is not needed, and nobody is asked where nobody listens.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { QuestionChange } from "#shared/controller-api/questions.ts";
import { Questions, type Wish } from "../../../src-main/controller/questions-shell.ts";

const never = new AbortController().signal;
const wish = (text: string, more: Partial<Wish> = {}): Wish => ({
  kind: "text",
  text,
  signal: never,
  ...more,
});

let questions: Questions;
let told: string[];

beforeEach(() => {
  vi.useFakeTimers();
  questions = new Questions();
  told = [];
});

afterEach(() => {
  vi.useRealTimers();
});

const listener = (change: QuestionChange): void => {
  told.push(change.kind === "asked" ? change.question.text : `over ${change.id}`);
};
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

test("without anybody who listens there is nobody to ask", async () => {
  expect(await questions.ask(wish("a"))).toBeUndefined();
  expect(questions.open).toBeUndefined();
});

test("one at a time, and the listener that comes late hears of the open one", async () => {
  questions.listen(listener);
  const answers = Promise.all([questions.ask(wish("a")), questions.ask(wish("b"))]);
  await settled();
  expect(told).toEqual(["a"]);
  questions.listen(listener);
  expect(told).toEqual(["a", "a"]);
  expect(questions.answer("1", "one")).toMatchObject({ kind: "done" });
  await settled();
  expect(questions.open?.text).toBe("b");
  expect(questions.answer("1", "two")).toMatchObject({ kind: "refused" });
  questions.answer("2", undefined);
  expect(await answers).toEqual(["one", undefined]);
});

test("an answer that is none may be given again", async () => {
  questions.listen(listener);
  const answer = questions.ask(
    wish("a", { problemOf: (given) => (given === "yes" ? undefined : "Type yes.") }),
  );
  await settled();
  expect(questions.answer("1", "no")).toEqual({ kind: "refused", message: "Type yes." });
  expect(questions.answer("1", "yes")).toMatchObject({ kind: "done" });
  expect(await answer).toBe("yes");
});

test("taken back while it is open, and before its turn", async () => {
  questions.listen(listener);
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = Promise.all([
    questions.ask(wish("a", { signal: first.signal })),
    questions.ask(wish("b", { signal: second.signal })),
    questions.ask(wish("c")),
  ]);
  await settled();
  second.abort();
  first.abort();
  await settled();
  expect(told).toEqual(["a", "over 1", "c"]);
  questions.answer("2", "yes");
  expect(await answers).toEqual([undefined, undefined, "yes"]);
});

test("it ends by itself before sshd's patience does, and when the last listener goes", async () => {
  const stop = questions.listen(listener);
  const late = questions.ask(wish("a"));
  await vi.advanceTimersByTimeAsync(119_000);
  expect(await late).toBeUndefined();
  const left = questions.ask(wish("b"));
  await settled();
  stop();
  expect(await left).toBeUndefined();
});
