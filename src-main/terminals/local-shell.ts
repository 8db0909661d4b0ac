// Which shell a person gets on this computer, and where: for embedded hosts.
import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { basename } from "node:path";
import type { TerminalProgram } from "../ssh/standing-shell.ts";

/** Shells that read the person's start-up files of a login with this flag; others may not know it. */
const LOGIN_SHELLS = new Set([
  "sh",
  "ash",
  "bash",
  "dash",
  "zsh",
  "ksh",
  "mksh",
  "fish",
  "csh",
  "tcsh",
  "nu",
]);

export interface LocalShellSettings {
  /** What embedded hosts see of the controller's environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly platform: NodeJS.Platform;
}

/** `folder`: that of the host's client, while there is one; else the shell is at home. */
export function localShell(
  host: string,
  folder: string | undefined,
  { environment, platform }: LocalShellSettings,
): TerminalProgram {
  const home = environment[platform === "win32" ? "USERPROFILE" : "HOME"] ?? homedir();
  const directory = [folder, home].find((path) => path !== undefined && existsSync(path)) ?? "/";
  const own = { directory, environment: { ...environment, PLUSH_HOST: host } };
  if (platform === "win32") return { ...own, file: environment["COMSPEC"] ?? "cmd.exe", args: [] };
  const wanted = environment["SHELL"] ?? accountShell();
  const file = wanted !== undefined && existsSync(wanted) ? wanted : "/bin/sh";
  return { ...own, file, args: LOGIN_SHELLS.has(basename(file)) ? ["-l"] : [] };
}

function accountShell(): string | undefined {
  try {
    return userInfo().shell ?? undefined;
  } catch {
    return undefined; // a user that is in no list
  }
}
