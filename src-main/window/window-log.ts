// What the window's side of the program writes down: beside the controller's log, and for developers on standard error.
import { createLogFile, LOG_BYTES_MAX, type LogFile } from "#shared/node/log-file.ts";
import { makeFolders } from "#shared/node/make-folders.ts";

export interface WindowLog {
  readonly write: (text: string) => void;
  /** Before the program exits. */
  readonly flush: () => void;
}

/** Nobody else's business. */
const PRIVATE = 0o700;
/** Said while the file is being opened. */
const EARLY_LINES_MAX = 1000;

/** Lines are written from the start; the file is opened meanwhile. */
export function openWindowLog(directory: string, onStandardError: boolean): WindowLog {
  let file: LogFile | undefined;
  const early: string[] = [];
  const say = (text: string): void => {
    if (onStandardError) process.stderr.write(`${text}\n`);
  };
  const settings = { bytesMax: LOG_BYTES_MAX, nowMs: Date.now, onProblem: say };
  makeFolders(directory, PRIVATE)
    .then(() => createLogFile(directory, `window-${String(process.pid)}.txt`, "nebula-window.txt", settings))
    .then(
      (opened) => {
        file = opened;
        for (const text of early.splice(0)) opened.write("window", "main", text);
      },
      (error: unknown) => say(`nothing can be logged in ${directory}: ${String(error)}`),
    );
  return {
    write(text) {
      say(text);
      if (file !== undefined) file.write("window", "main", text);
      else if (early.length < EARLY_LINES_MAX) early.push(text);
    },
    flush: () => file?.flushNow(),
  };
}
