// An answer for several logins: asked for once, kept, taken back only when nobody waits for it.
import { expect, test } from "vitest";
import { SharedAnswers } from "../../../src-main/ssh/shared-answer.ts";

function setUp() {
  const answers = new SharedAnswers<string>();
  const asked: { signal: AbortSignal; answer: (text: string) => void; fail: (error: Error) => void }[] = [];
  const get = (signal = new AbortController().signal): Promise<string> =>
    answers.get(
      "key",
      signal,
      (needed) =>
        new Promise((answer, fail) => {
          asked.push({ signal: needed, answer, fail });
        }),
    );
  return { answers, asked, get };
}

test("once for all, and kept for whoever comes later", async () => {
  const { asked, get } = setUp();
  const both = [get(), get()];
  asked[0]!.answer("open");
  expect(await Promise.all(both)).toEqual(["open", "open"]);
  expect(await get()).toBe("open");
  expect(asked).toHaveLength(1);
});

test("a failure is not kept", async () => {
  const { asked, get } = setUp();
  const first = get();
  asked[0]!.fail(new Error("nobody"));
  await expect(first).rejects.toThrow("nobody");
  void get();
  expect(asked).toHaveLength(2);
});

test("it is taken back when the last one who waits goes", () => {
  const { asked, get } = setUp();
  const [one, two] = [new AbortController(), new AbortController()];
  void get(one.signal);
  void get(two.signal);
  one.abort();
  expect(asked[0]!.signal.aborted).toBe(false);
  two.abort();
  expect(asked[0]!.signal.aborted).toBe(true);
  void get();
  expect(asked).toHaveLength(2);
});

test("an answer that is there outlives those who have asked for it", async () => {
  const { asked, get } = setUp();
  const one = new AbortController();
  const first = get(one.signal);
  asked[0]!.answer("open");
  await first;
  one.abort();
  expect(await get(one.signal)).toBe("open");
  expect(await get()).toBe("open");
  expect(asked).toHaveLength(1);
});
