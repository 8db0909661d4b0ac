// Lets a process run as another user: by its numbers when the client is root, otherwise through sudo, with a password if it must be.
import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import type { StartFailure } from "./start-failure.ts";
import { sudoCommand, type SudoWay } from "./sudo-command.ts";

export type RunAs =
  | { readonly kind: "self" }
  | { readonly kind: "ids"; readonly uid: number; readonly gid: number }
  | ({ readonly kind: "sudo" } & SudoWay);

/** Somebody who knows the password of the account that the client runs as; `wrong`: the one before was not right. */
export type AskPassword = (wrong: boolean) => Promise<string | undefined>;

/** `id` and `sudo -n` answer at once, unless a directory service hangs; PAM makes a wrong password wait for seconds. */
const LOOKUP_MS = 20_000;
/** As sudo itself (passwd_tries). */
const PASSWORD_TRIES = 3;
/** What is tried is what is run later: a rule of sudoers may allow some programs only. */
const NOTHING = ["/bin/sh", "-c", ":"];

/** Remembers what was allowed, for as long as the client lives; the password, too, in memory only. */
export class RunAsUsers {
  readonly #known = new Map<string, RunAs>();
  #password: string | undefined;

  /**
   * Root drops to the user's uid, its first group and no others (Node clears the further ones). Otherwise sudo, if the
   * host allows it; without `ask`, a password that is not known yet is a refusal.
   */
  async find(user: string | undefined, ask?: AskPassword): Promise<RunAs | StartFailure> {
    if (user === undefined) return { kind: "self" };
    const known = this.#known.get(user);
    if (known !== undefined) return known;
    if (process.platform === "win32")
      return refuse(`${user}: running as another user is not possible on Windows`);
    if (user === userInfo().username) return { kind: "self" };
    if (user.startsWith("-")) return refuse(`${user}: not a user name`);
    try {
      const found =
        process.getuid?.() === 0
          ? ({ kind: "ids", uid: await idOf("-u", user), gid: await idOf("-g", user) } as const)
          : await this.#bySudo(user, ask);
      if (!("step" in found)) this.#known.set(user, found);
      return found;
    } catch (error) {
      return refuse(`${user}: ${wordsOf(error)}`);
    }
  }

  async #bySudo(user: string, ask: AskPassword | undefined): Promise<RunAs | StartFailure> {
    const said = await complaintOf(["-n", "-k", "-u", user, "--", ...NOTHING], "");
    if (said === undefined) return { kind: "sudo", user, password: undefined };
    if (!/a (?:terminal|password) is required/.test(said)) return refuse(`${user}: ${said}`);
    for (let tries = 0; tries <= PASSWORD_TRIES; tries += 1) {
      // What another user's check has found out is tried first, and is no try of the person's.
      const fresh = this.#password === undefined;
      if (fresh && tries === PASSWORD_TRIES) break;
      const password = this.#password ?? (await ask?.(tries > 0));
      if (password === undefined)
        return refuse(`${user}: sudo: a password is required, and nobody has given one`);
      const way = { user, password };
      const { args, input } = sudoCommand(way, NOTHING);
      const wrong = await complaintOf(args, input);
      this.#password = wrong === undefined ? password : undefined;
      if (wrong === undefined) return { kind: "sudo", ...way };
      if (!/incorrect password|Sorry, try again|no password was provided/i.test(wrong)) {
        // Right, and of no use: the next user may be allowed.
        this.#password = password;
        return refuse(`${user}: ${wrong}`);
      }
    }
    return refuse(`${user}: sudo: ${String(PASSWORD_TRIES)} incorrect password attempts`);
  }
}

function refuse(reason: string): StartFailure {
  return { step: "user", reason };
}

/** Undefined: sudo has done it. Its own words in English, whatever the host speaks. */
async function complaintOf(args: readonly string[], input: string): Promise<string | undefined> {
  const environment = { ...process.env, LC_ALL: "C", LANGUAGE: "C" };
  const running = promisify(execFile)("sudo", [...args], { timeout: LOOKUP_MS, env: environment });
  // It may have ended without reading: then its exit says why.
  running.child.stdin?.on("error", () => undefined);
  running.child.stdin?.end(input);
  try {
    await running;
    return undefined;
  } catch (error) {
    return wordsOf(error);
  }
}

async function idOf(option: "-u" | "-g", user: string): Promise<number> {
  const { stdout } = await promisify(execFile)("id", [option, "--", user], { timeout: LOOKUP_MS });
  return Number(stdout.trim());
}

/** The last line of what was said: a lecture may stand above it. The host's name in it would keep hosts apart. */
function wordsOf(error: unknown): string {
  const { code, stderr, message, killed } = error as {
    code?: unknown;
    stderr?: string;
    message: string;
    killed?: boolean;
  };
  if (code === "ENOENT") return "this needs sudo (or a client that runs as root), and the host has no sudo";
  if (killed === true) return `sudo has not answered within ${String(LOOKUP_MS / 1000)} s`;
  const lines = (stderr ?? "").trim().split(/\r?\n/);
  const wrong = lines.find((line) => /Sorry, try again|incorrect password/i.test(line));
  const said = wrong ?? lines.at(-1) ?? "";
  return said === "" ? (message.split("\n")[0] ?? "") : said.replace(/ on [^ ]+\.$/, ".");
}
