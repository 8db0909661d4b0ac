// A log file of bounded size with a link to the newest one, for controller and clients alike.
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, open, rename, rm, stat, symlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

export interface LogFileSettings {
  /** A file of this size is renamed to `<name>.1`, over the one before: a log takes at most twice this. */
  readonly bytesMax: number;
  /** Milliseconds of the wall clock. */
  readonly nowMs: () => number;
  /** The first thing that went wrong with the file (disk full): lines are missing from then on. Told once. */
  readonly onProblem: (reason: string) => void;
}

export interface LogFile {
  readonly path: string;
  /** One line `source:topic:epoch-ms:text`. Never waits and never fails. */
  write(source: string, topic: string, text: string): void;
  /** Writes at once what waits to be written: before a crash. */
  flushNow(): void;
  close(): Promise<void>;
}

/** 4 MiB: several times the longest log that Plush's authors published (940 KB). */
export const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** Lines that wait for the disk; beyond that they are counted and dropped: logging must never eat the memory. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** Written in one go: a burst of lines is one system call. */
const LINE_BYTES_MAX = 64 * 1024;

interface Log {
  readonly path: string;
  readonly settings: LogFileSettings;
  waiting: Buffer[];
  waitingBytes: number;
  dropped: number;
  size: number;
  handle: FileHandle | undefined;
  writing: Promise<void> | undefined;
  closed: boolean;
  problemTold: boolean;
}

/** Makes the directory, not its parents. Appends to a file of that name if there is one. The link names the file relative to the directory. */
export async function createLogFile(
  directory: string,
  name: string,
  linkName: string,
  settings: LogFileSettings,
): Promise<LogFile> {
  const log: Log = {
    path: join(directory, name),
    settings,
    waiting: [],
    waitingBytes: 0,
    dropped: 0,
    size: 0,
    handle: undefined,
    writing: undefined,
    closed: false,
    problemTold: false,
  };
  try {
    await makeFolder(directory);
    await openFile(log);
    await link(join(directory, linkName), name);
  } catch (error) {
    tellProblem(log, error);
  }
  return {
    path: log.path,
    write: (source, topic, text) => {
      addLine(log, `${fieldOf(source)}:${fieldOf(topic)}:${String(settings.nowMs())}:${printable(text)}\n`);
    },
    flushNow: () => {
      flushNow(log);
    },
    close: async () => {
      log.closed = true;
      while (log.writing !== undefined) await log.writing;
      await log.handle?.close();
      log.handle = undefined;
    },
  };
}

/** One line of printable text: control characters and line ends become escapes as in JSON. */
export function printable(text: string): string {
  const cut = text.length > LINE_BYTES_MAX ? `${text.slice(0, LINE_BYTES_MAX)} … (cut)` : text;
  return cut.replaceAll("\\", "\\\\").replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, escapeOf);
}

function escapeOf(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Colons separate the fields; only the text, which is the last one, may hold some. */
function fieldOf(text: string): string {
  return printable(text).replaceAll(":", ".");
}

function addLine(log: Log, line: string): void {
  const bytes = Buffer.from(line);
  if (log.closed || log.waitingBytes + bytes.length > WAITING_BYTES_MAX) {
    log.dropped += 1;
    return;
  }
  log.waiting.push(bytes);
  log.waitingBytes += bytes.length;
  startWriting(log);
}

function startWriting(log: Log): void {
  log.writing ??= writeWaiting(log).finally(() => {
    log.writing = undefined;
    // Lines may have come since the writer looked last.
    if (log.waiting.length > 0) startWriting(log);
  });
}

/** As many lines as there is room for, but at least one. */
function takeWaiting(log: Log, room: number): Buffer {
  if (log.dropped > 0) {
    const said = `log-file:log:${String(log.settings.nowMs())}:${String(log.dropped)} lines were dropped\n`;
    log.waiting.push(Buffer.from(said));
    log.dropped = 0;
  }
  let count = 0;
  let size = 0;
  for (const line of log.waiting) {
    if (count > 0 && size + line.length > room) break;
    count += 1;
    size += line.length;
  }
  const lines = log.waiting.splice(0, count);
  log.waitingBytes = log.waiting.reduce((sum, line) => sum + line.length, 0);
  return Buffer.concat(lines);
}

async function writeWaiting(log: Log): Promise<void> {
  // The lines of one turn of the event loop go together.
  await Promise.resolve();
  for (let first = log.waiting[0]; first !== undefined; first = log.waiting[0]) {
    try {
      if (log.size > 0 && log.size + first.length > log.settings.bytesMax) await rotate(log);
      const bytes = takeWaiting(log, log.settings.bytesMax - log.size);
      await log.handle?.appendFile(bytes);
      log.size += bytes.length;
    } catch (error) {
      tellProblem(log, error);
      // What cannot be written is not kept: it would be tried for ever.
      takeWaiting(log, WAITING_BYTES_MAX);
    }
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

async function openFile(log: Log): Promise<void> {
  log.handle = await open(log.path, "a", 0o600);
  log.size = (await stat(log.path)).size;
}

async function rotate(log: Log): Promise<void> {
  const { handle } = log;
  log.handle = undefined;
  await handle?.close();
  await rename(log.path, `${log.path}.1`);
  await openFile(log);
}

/** Replaced in one step, so that a reader always finds one. */
async function link(path: string, target: string): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  await symlink(target, fresh);
  await rename(fresh, path);
}

function flushNow(log: Log): void {
  if (log.waiting.length === 0) return;
  try {
    const file = openSync(log.path, "a", 0o600);
    try {
      log.size += writeSync(file, takeWaiting(log, WAITING_BYTES_MAX));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    tellProblem(log, error);
  }
}

function tellProblem(log: Log, error: unknown): void {
  if (log.problemTold) return;
  log.problemTold = true;
  log.settings.onProblem(error instanceof Error ? error.message : String(error));
}
