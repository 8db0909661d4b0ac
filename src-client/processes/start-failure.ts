// Says why a process cannot be started, in the operating system's words and before it is tried where that is possible.
import { makeFolders } from "#shared/node/make-folders.ts";
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join, relative, resolve, sep } from "node:path";
import { getSystemErrorMap } from "node:util";

/** `step` names what was being done. */
export interface StartFailure {
  readonly step: string;
  readonly reason: string;
}

export interface ProgramPlace {
  readonly path: string;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What execvp searches when the environment has no PATH. */
const PATH_DEFAULT = "/usr/bin:/bin";
const NOT_THERE = "No such file or directory";
/** The kernel reads no more of the `#!` line. */
const HEAD_BYTES = 256;
/** Where the kernel is told of further program formats (emulators, Java). */
const FORMATS_FOLDER = "/proc/sys/fs/binfmt_misc";
/** Without these the kernel knows only its own formats. */
const FORMATS_FOLDER_OWN = new Set(["register", "status"]);
const ELF_MACHINE_OFFSET = 18;

/** As the C library says it: "No such file or directory". */
export function systemWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === undefined) return error.message;
  const words = [...getSystemErrorMap().values()].find(([name]) => name === code)?.[1];
  return words === undefined ? `${code} (${String(errno)})` : words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * Below the run's work directory it is made when it is not there; elsewhere it must exist: clean-up would not know of
 * it. Gives the first folder that was made, for its owner to be set.
 */
export async function makeCwd(
  cwd: string,
  workDirectory: string,
): Promise<{ readonly made: string | undefined } | StartFailure> {
  const step = "work directory";
  if (!isAbsolute(cwd)) return { step, reason: `${cwd}: not an absolute path` };
  try {
    const isThere = statSync(cwd, { throwIfNoEntry: false }) !== undefined;
    const made = !isThere && isWithin(cwd, workDirectory) ? await makeFolders(cwd) : undefined;
    if (made === undefined && !statSync(cwd).isDirectory())
      return { step, reason: `${cwd}: Not a directory` };
    accessSync(cwd, constants.X_OK);
    return { made };
  } catch (error) {
    return { step, reason: `${cwd}: ${systemWords(error)}` };
  }
}

function isWithin(path: string, directory: string): boolean {
  const below = relative(directory, path);
  return below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below);
}

/**
 * For programs that the client starts as itself: of other users it cannot say what they may do. Without threads: a dozen
 * looks cost a tenth of what as many trips to one do, and the start itself waits for the same disk.
 */
export function checkProgram(place: ProgramPlace): StartFailure | undefined {
  if (process.platform === "win32") return undefined;
  const fail = (reason: string): StartFailure => ({ step: "start", reason: `${place.path}: ${reason}` });
  const found = findProgram(place);
  if ("reason" in found) return fail(found.reason);
  const head = headOf(found.file);
  // Readable by its owner only and yet executable: the system will say.
  if (head === undefined) return undefined;
  if (head.subarray(0, 2).toString("latin1") === "#!") {
    const reason = interpreterProblem(head, place.cwd);
    return reason === undefined ? undefined : fail(reason);
  }
  return isForeignFormat(head) ? fail("Exec format error (not a program for this host)") : undefined;
}

/** As execvp searches. */
export function findProgram({ path, cwd, environment }: ProgramPlace): { file: string } | { reason: string } {
  if (path === "") return { reason: "no program is named" };
  if (path.includes("/")) {
    const file = resolve(cwd, path);
    const reason = executeProblem(file);
    return reason === undefined ? { file } : { reason };
  }
  let worst = `${NOT_THERE} (not found in PATH)`;
  for (const folder of (environment["PATH"] ?? PATH_DEFAULT).split(delimiter)) {
    const file = join(resolve(cwd, folder), path);
    const reason = executeProblem(file);
    if (reason === undefined) return { file };
    if (reason.startsWith("Permission denied")) worst = `${reason} (${file})`;
  }
  return { reason: worst };
}

function executeProblem(file: string): string | undefined {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return NOT_THERE;
    if (found.isDirectory()) return "Permission denied (it is a directory)";
    accessSync(file, constants.X_OK);
    return undefined;
  } catch (error) {
    const denied = (error as NodeJS.ErrnoException).code === "EACCES";
    return denied ? "Permission denied (is it executable?)" : systemWords(error);
  }
}

function headOf(file: string): Buffer | undefined {
  try {
    // A named pipe that is executable must not be waited for.
    const handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return head.subarray(0, readSync(handle, head, 0, HEAD_BYTES, 0));
    } finally {
      closeSync(handle);
    }
  } catch {
    // Execution needs no permission to read.
    return undefined;
  }
}

function interpreterProblem(head: Buffer, cwd: string): string | undefined {
  const line = head.toString("utf8").slice(2).split("\n", 1)[0] ?? "";
  const interpreter = line.trim().split(/[ \t]/, 1)[0] ?? "";
  if (interpreter === "") return undefined;
  if (line.endsWith("\r")) return `bad interpreter: "${line}" (the file has Windows line ends)`;
  const reason = executeProblem(resolve(cwd, interpreter));
  return reason === undefined ? undefined : `bad interpreter: ${interpreter}: ${reason}`;
}

/**
 * Files without `#!` that the kernel refuses are handed to `sh` by execvp, which is right for old scripts; a binary of
 * another kind of computer would only give odd syntax errors.
 */
function isForeignFormat(head: Buffer): boolean {
  if (process.platform !== "linux" || !head.includes(0)) return false;
  if (isElf(head)) {
    const own = headOf(process.execPath);
    if (own === undefined || machineOf(own) === machineOf(head) || isOlderSister(head)) return false;
  }
  return !hasMoreFormats();
}

function isElf(head: Buffer): boolean {
  return head.subarray(0, 4).toString("latin1") === "\x7fELF";
}

function machineOf(head: Buffer): number {
  return head.length >= ELF_MACHINE_OFFSET + 2 ? head.readUInt16LE(ELF_MACHINE_OFFSET) : -1;
}

/** 32-bit x86 (3) and ARM (40) programs run on their 64-bit successors. */
function isOlderSister(head: Buffer): boolean {
  return [3, 40].includes(machineOf(head));
}

function hasMoreFormats(): boolean {
  try {
    return readdirSync(FORMATS_FOLDER).some((name) => !FORMATS_FOLDER_OWN.has(name));
  } catch {
    // Not mounted: no further formats.
    return false;
  }
}

/** After the system has refused; `checked`: checkProgram had nothing against it. */
export function explainSpawnError(
  error: unknown,
  program: ProgramPlace,
  args: readonly string[],
  checked: boolean,
): StartFailure {
  const { code } = error as NodeJS.ErrnoException;
  const words = `${program.path}: ${systemWords(error)}`;
  if (code === "E2BIG") {
    const size = [...args, ...Object.entries(program.environment).flat()].reduce(
      (sum, text) => sum + Buffer.byteLength(text) + 1,
      0,
    );
    return { step: "start", reason: `${words} (arguments and environment: ${String(size)} bytes)` };
  }
  // The file itself has been looked at before: what is missing is what the kernel needs to run it.
  if (code === "ENOENT" && checked)
    return { step: "start", reason: `${words} (its loader is missing: was it built for another system?)` };
  return { step: "start", reason: words };
}
