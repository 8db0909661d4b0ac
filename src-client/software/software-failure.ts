// Why software could not be installed: the step that failed and the reason in words a person can act on.
import { isNativeError } from "node:util/types";

export type SoftwareStep = "fetch" | "verify" | "unpack" | "place" | "run" | "store" | "link";

/** Thrown inside this folder only; the faces (install, link) turn it into a result. */
export class SoftwareFailure extends Error {
  readonly step: SoftwareStep;
  readonly reason: string;

  constructor(step: SoftwareStep, reason: string) {
    super(`${step}: ${reason}`);
    this.name = "SoftwareFailure";
    this.step = step;
    this.reason = reason;
  }
}

/** The operating system's own words: Node writes some of them differently. */
const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  ECONNREFUSED: "Connection refused",
  ECONNRESET: "Connection reset by peer",
  EDQUOT: "Disk quota exceeded",
  EFBIG: "File too large",
  EHOSTUNREACH: "No route to host",
  EIO: "Input/output error",
  ELOOP: "Too many levels of symbolic links",
  EMFILE: "Too many open files",
  ENAMETOOLONG: "File name too long",
  ENFILE: "Too many open files in system",
  ENOENT: "No such file or directory",
  ENOSPC: "No space left on device",
  ENOTDIR: "Not a directory",
  ENOTFOUND: "There is no host of this name",
  EPERM: "Operation not permitted",
  EROFS: "Read-only file system",
  ETIMEDOUT: "Connection timed out",
};

export function systemCodeOf(error: unknown): string | undefined {
  return isNativeError(error) && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

export function wordsOf(error: unknown): string {
  const code = systemCodeOf(error);
  const words = code === undefined ? undefined : SYSTEM_WORDS[code];
  if (code !== undefined && words !== undefined) return `${words} (${code})`;
  return isNativeError(error) ? error.message : String(error);
}

/** What `work` does concerns `path`: a refusal of the operating system becomes a failure that names it. */
export async function naming<T>(step: SoftwareStep, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SoftwareFailure) throw error;
    throw new SoftwareFailure(step, `${path}: ${wordsOf(error)}`);
  }
}

export function failureOf(step: SoftwareStep, error: unknown): SoftwareFailure {
  return error instanceof SoftwareFailure ? error : new SoftwareFailure(step, wordsOf(error));
}
