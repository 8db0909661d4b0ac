// How sudo is called: what may be seen in its arguments, and the password on its standard input and nowhere else.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface SudoWay {
  readonly user: string;
  /** Of the account that asks; undefined where sudo wants none. */
  readonly password?: string | undefined;
}

export interface SudoCommand {
  readonly args: readonly string[];
  /** The first of its standard input. */
  readonly input: string;
}

/** With a password, cached credentials are left aside (-k), so that sudo always reads what it is sent. */
export function sudoCommand({ user, password }: SudoWay, words: readonly string[]): SudoCommand {
  return password === undefined
    ? { args: ["-n", "-u", user, "--", ...words], input: "" }
    : { args: ["-k", "-S", "-p", "", "-u", user, "--", ...words], input: `${password}\n` };
}

export async function runSudo(way: SudoWay, words: readonly string[], timeoutMs: number): Promise<void> {
  const { args, input } = sudoCommand(way, words);
  const running = promisify(execFile)("sudo", [...args], { timeout: timeoutMs });
  // It may have ended without reading: then its exit says why.
  running.child.stdin?.on("error", () => undefined);
  running.child.stdin?.end(input);
  await running;
}
