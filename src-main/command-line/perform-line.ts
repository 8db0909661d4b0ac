// Performs one line of the shell: words, command, failure; whoever reads the lines decides what a failure means.
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { neutraliseOutput } from "#shared/output-text/neutralise-output.ts";
import { findShellCommand } from "./shell-commands.ts";
import type { ShellHistory } from "./shell-history.ts";
import type { ShellSession } from "./shell-session.ts";
import { splitShellLine } from "./shell-words.ts";

export type LineResult = { readonly kind: "done"; readonly exitCode: number } | { readonly kind: "quit" };

export async function performLine(
  shell: ShellSession,
  history: ShellHistory,
  line: string,
): Promise<LineResult> {
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return { kind: "done", exitCode: EXIT.ok };
  try {
    const { words, openQuote } = splitShellLine(text);
    const [first, ...others] = words;
    const name = first?.text ?? "";
    if (name === "quit" || name === "exit") return { kind: "quit" };
    const rest = text.slice(others[0]?.start ?? text.length);
    // A command for the hosts has quotes of its own: sh on the hosts judges them.
    if (openQuote !== undefined && name !== "shell")
      throw new CommandFailure(EXIT.usage, `the quote ${openQuote} is not closed`);
    if (name === "history") {
      shell.screen.print(history.lines.map((past, index) => `${String(index + 1).padStart(5)}  ${past}`));
      return { kind: "done", exitCode: EXIT.ok };
    }
    const exitCode = await findShellCommand(name).perform(
      shell,
      others.map((word) => word.text),
      rest,
    );
    return { kind: "done", exitCode };
  } catch (error) {
    return { kind: "done", exitCode: tellFailure(shell, error) };
  }
}

/** Nothing that a command throws ends the shell: the hosts are still there to be cleaned up. */
function tellFailure(shell: ShellSession, error: unknown): number {
  const { red, cyan } = shell.session.errorStyle;
  if (!(error instanceof CommandFailure)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    shell.screen.printError([`${red("plush:")} this is a bug in plush: ${neutraliseOutput(text)}`]);
    return EXIT.error;
  }
  shell.screen.printError([
    ...(error.message === "" ? [] : [`${red("plush:")} ${neutraliseOutput(error.message)}`]),
    ...(error.remedy === "" ? [] : [`  ${cyan("help:")} ${neutraliseOutput(error.remedy)}`]),
  ]);
  return error.exitCode;
}
