// Lets a process run as another user: by its numbers when the client is root, otherwise through sudo without password.
import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import type { StartFailure } from "./start-failure.ts";

export type RunAs =
  | { readonly kind: "self" }
  | { readonly kind: "ids"; readonly uid: number; readonly gid: number }
  | { readonly kind: "sudo"; readonly user: string };

/** `id` and `sudo -n` answer at once, unless a directory service hangs. */
const LOOKUP_MS = 10_000;

/**
 * Root drops to the user's uid, its first group and no others (Node clears the further ones). Otherwise `sudo -n`, if
 * the host allows it; a password is never asked for.
 */
export async function findRunAs(user: string | undefined): Promise<RunAs | StartFailure> {
  if (user === undefined) return { kind: "self" };
  if (process.platform === "win32")
    return refuse(`${user}: running as another user is not possible on Windows`);
  if (user === userInfo().username) return { kind: "self" };
  if (user.startsWith("-")) return refuse(`${user}: not a user name`);
  try {
    if (process.getuid?.() === 0) {
      const [uid, gid] = [await idOf("-u", user), await idOf("-g", user)];
      return { kind: "ids", uid, gid };
    }
    await promisify(execFile)("sudo", ["-n", "-u", user, "--", "true"], { timeout: LOOKUP_MS });
    return { kind: "sudo", user };
  } catch (error) {
    return refuse(`${user}: ${wordsOf(error)}`);
  }
}

function refuse(reason: string): StartFailure {
  return { step: "user", reason };
}

async function idOf(option: "-u" | "-g", user: string): Promise<number> {
  const { stdout } = await promisify(execFile)("id", [option, "--", user], { timeout: LOOKUP_MS });
  return Number(stdout.trim());
}

function wordsOf(error: unknown): string {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
  if (code === "ENOENT") return "this needs sudo (or a client that runs as root), and the host has no sudo";
  const said = stderr?.trim() ?? "";
  return said === "" ? message : said;
}
