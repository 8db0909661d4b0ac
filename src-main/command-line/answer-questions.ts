// Asks the person at the terminal what the controller wants to know: passphrases, passwords, unknown host keys.
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { Question } from "#shared/controller-api/questions.ts";
import { neutraliseOutput } from "#shared/output-text/neutralise-output.ts";
import { readAnswer, type Reading } from "./read-answer.ts";
import type { TerminalTurn } from "./terminal-turn.ts";
import type { Input, Output, World } from "./world.ts";

/** A host's own words are in it: some lines are enough for any. */
const QUESTION_CHARACTERS_MAX = 2000;

export interface AskingParts {
  readonly api: Pick<ControllerApi, "onQuestion" | "answer">;
  readonly turn: TerminalTurn;
  readonly stdin: Input;
  readonly terminal: Output;
  /** Ctrl-C at a question. */
  readonly interrupt: () => void;
}

/** The screen of whoever sits at the keyboard; undefined where nobody can be asked. */
export function terminalOf({ stdin, stdout, stderr }: World): Output | undefined {
  if (stdin.isTTY !== true) return undefined;
  return stderr.isTTY === true ? stderr : stdout.isTTY === true ? stdout : undefined;
}

/** Returns what ends it: questions that come then are answered by nobody. */
export function answerQuestions(parts: AskingParts): () => void {
  let reading: Reading | undefined;
  const stop = parts.api.onQuestion((change) => {
    if (change.kind === "over") reading?.cancel();
    else
      void converse(parts, change.question, (next) => {
        reading = next;
      });
  });
  return () => {
    stop();
    reading?.cancel();
  };
}

async function converse(
  { api, turn, stdin, terminal, interrupt }: AskingParts,
  question: Question,
  onReading: (reading: Reading) => void,
): Promise<void> {
  const giveBack = turn.take();
  try {
    for (;;) {
      terminal.write(neutraliseOutput(question.text.slice(0, QUESTION_CHARACTERS_MAX)));
      const reading = readAnswer(stdin, terminal, question.kind !== "secret");
      onReading(reading);
      const answer = await reading.answer;
      if (answer.kind === "cancelled") return;
      const result = api.answer(question.id, answer.kind === "given" ? answer.text : undefined);
      if (answer.kind === "interrupted") interrupt();
      if (answer.kind !== "given" || result.kind === "done") return;
      terminal.write(`${result.message}\n`);
    }
  } finally {
    giveBack();
  }
}
