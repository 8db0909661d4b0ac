// Reads one answer from the terminal key by key, so that a secret is not shown and whoever else reads there does not see it.
import { emitKeypressEvents, type Key } from "node:readline";
import type { Input, Output } from "./world.ts";

/** Nobody types a longer one; a file that is pasted by mistake ends here. */
const ANSWER_CHARACTERS_MAX = 4096;

export type Answer =
  | { readonly kind: "given"; readonly text: string }
  /** Ctrl-C. */
  | { readonly kind: "interrupted" }
  /** Ctrl-D, or the terminal is gone. */
  | { readonly kind: "ended" }
  /** Taken back from here. */
  | { readonly kind: "cancelled" };

export interface Reading {
  readonly answer: Promise<Answer>;
  cancel(): void;
}

type KeyListener = (text: string | undefined, key: Key) => void;

/** Writes nothing but what is typed, if `shown`, and the end of the line. */
export function readAnswer(input: Input, output: Output, shown: boolean): Reading {
  let settle: (answer: Answer) => void = () => undefined;
  const answer = new Promise<Answer>((resolve) => {
    settle = resolve;
  });
  let typed: string[] = [];
  const erase = (count: number): void => {
    if (shown) output.write("\b \b".repeat(count));
    typed = typed.slice(0, typed.length - count);
  };
  const onKey: KeyListener = (text, { name, ctrl, meta }) => {
    if (ctrl === true && name === "c") finish({ kind: "interrupted" });
    else if (ctrl === true && name === "d") {
      if (typed.length === 0) finish({ kind: "ended" });
    } else if (name === "return" || name === "enter") finish({ kind: "given", text: typed.join("") });
    else if (name === "backspace" && typed.length > 0) erase(1);
    else if (ctrl === true && name === "u") erase(typed.length);
    else if (text !== undefined && ctrl !== true && meta !== true && /^\P{Cc}+$/u.test(text)) {
      if (typed.length >= ANSWER_CHARACTERS_MAX) return;
      typed.push(text);
      if (shown) output.write(text);
    }
  };
  const onEnd = (): void => finish({ kind: "ended" });
  const giveBack = takeKeys(input, onKey);
  input.once("end", onEnd);
  let over = false;
  const finish = (result: Answer): void => {
    if (over) return;
    over = true;
    input.off("end", onEnd);
    giveBack();
    output.write("\n");
    settle(result);
  };
  return { answer, cancel: () => finish({ kind: "cancelled" }) };
}

/** All keys go to this listener; returns what gives them back to those who had them, the terminal as it was. */
function takeKeys(input: Input, listener: KeyListener): () => void {
  const wasRaw = input.isRaw === true;
  const wasFlowing = input.readableFlowing === true;
  const others = input.listeners("keypress") as KeyListener[];
  emitKeypressEvents(input);
  // In this order there is always a listener: without one, readline's own decoder would let go of the stream.
  input.on("keypress", listener);
  for (const other of others) input.off("keypress", other);
  input.setRawMode?.(true);
  input.resume();
  return () => {
    for (const other of others) input.on("keypress", other);
    input.off("keypress", listener);
    input.setRawMode?.(wasRaw);
    if (!wasFlowing) input.pause();
  };
}
