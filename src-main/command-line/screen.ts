// Writes lines to a stream; on a terminal it also keeps a few live status lines below them, redrawn in place.
import type { TerminalTurn } from "./terminal-turn.ts";
import { widthOf } from "./text-width.ts";
import type { CommandLineClock, Output } from "./world.ts";

/** Redrawing more often than this is not seen, only paid for. */
export const REDRAW_MS = 100;
/** Output that waits for a terminal; nobody reads more than that. Beyond it lines are counted and left out. */
export const TERMINAL_WAITING_CHARACTERS_MAX = 8 * 1024 * 1024;
/** Output that waits for a program or a file: complete unless the reader is behind by more than this. */
export const PIPE_WAITING_CHARACTERS_MAX = 256 * 1024 * 1024;

export interface Screen {
  print(lines: readonly string[]): void;
  /** Replaces the live lines; ignored where lines cannot be redrawn. */
  status(lines: readonly string[]): void;
  /** Writes all that waits and takes the live lines away. */
  close(): Promise<void>;
  /** The same without waiting for a slow reader: the program ends at once. */
  leave(): void;
}

/** Cursor to the start of the line `up` lines above. */
const upTo = (up: number): string => (up > 0 ? `\x1b[${up}F` : "\r");
const CLEAR_LINE_END = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";
/** Terminals that know synchronised updates show all between at once; the others ignore these. */
const BEGIN_UPDATE = "\x1b[?2026h";
const END_UPDATE = "\x1b[?2026l";

/** Waits for slow readers, in bounded memory. */
function createSlowWriter(output: Output): {
  write(text: string): void;
  readonly isBehind: boolean;
  drained(): Promise<void>;
} {
  let behind = false;
  let waiting: (() => void)[] = [];
  const release = (): void => {
    behind = false;
    const resolvers = waiting;
    waiting = [];
    for (const resolve of resolvers) resolve();
  };
  output.on("drain", release);
  // After an error (EPIPE) or the end nothing will ever drain.
  output.on("error", release);
  output.on("close", release);
  return {
    write(text) {
      if (output.destroyed || output.writableEnded) return;
      behind = !output.write(text);
    },
    get isBehind() {
      return behind;
    },
    drained: () =>
      behind && !output.destroyed ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(),
  };
}

interface WaitingLines {
  add(lines: readonly string[]): void;
  readonly isEmpty: boolean;
  /** All of it, each line with its end; what was left out is told. */
  take(): string;
}

function createWaitingLines(charactersMax: number): WaitingLines {
  let texts: string[] = [];
  let characters = 0;
  let leftOut = 0;
  return {
    add(lines) {
      if (characters > charactersMax) {
        leftOut += lines.length;
        return;
      }
      const text = `${lines.join("\n")}\n`;
      texts.push(text);
      characters += text.length;
    },
    get isEmpty() {
      return texts.length === 0;
    },
    take() {
      const text = texts.join("");
      const note =
        leftOut > 0
          ? `[… ${leftOut} lines are left out here: they are read too slowly; the results have all that is kept]\n`
          : "";
      texts = [];
      characters = 0;
      leftOut = 0;
      return text + note;
    },
  };
}

/** Lines only: files, pipes, dumb terminals. */
export function createPlainScreen(output: Output, turn?: TerminalTurn): Screen {
  const writer = createSlowWriter(output);
  const waiting = createWaitingLines(
    output.isTTY === true ? TERMINAL_WAITING_CHARACTERS_MAX : PIPE_WAITING_CHARACTERS_MAX,
  );
  const write = (): void => {
    if (!waiting.isEmpty) writer.write(waiting.take());
  };
  const flush = (): void => {
    if (output.isTTY !== true || turn?.isTaken !== true) write();
  };
  output.on("drain", flush);
  const unlisten = turn?.onChange(flush);
  return {
    print(lines) {
      if (lines.length > 0) waiting.add(lines);
      if (!writer.isBehind) flush();
    },
    status: () => {
      // Nothing can be redrawn here; progress comes as lines.
    },
    leave: write,
    async close() {
      unlisten?.();
      await writer.drained();
      write();
      await writer.drained();
      output.off("drain", flush);
    },
  };
}

/** Lines above, status below; one write for each redraw, so that nothing flickers. */
export function createLiveScreen(output: Output, clock: CommandLineClock, turn?: TerminalTurn): Screen {
  const writer = createSlowWriter(output);
  const waiting = createWaitingLines(TERMINAL_WAITING_CHARACTERS_MAX);
  let status: readonly string[] = [];
  /** The status as it stands on the terminal. */
  let drawn: readonly string[] = [];
  let cancelTimer: (() => void) | undefined;

  /** The terminal may have become narrower since, and wrapped what was drawn. */
  const rowsDrawn = (): number => {
    const columns = Math.max(1, output.columns ?? 80);
    return drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
  };

  const redraw = (): void => {
    cancelTimer = undefined;
    if (turn?.isTaken === true) return;
    if (writer.isBehind) return schedule();
    draw();
  };

  const draw = (): void => {
    const same = status.length === drawn.length && status.every((line, index) => line === drawn[index]);
    if (waiting.isEmpty && same) return;
    // Printed lines may wrap over old status lines, so that the room is cleared first; status lines never wrap.
    const above = waiting.isEmpty ? "" : `${CLEAR_BELOW}${waiting.take()}`;
    const below = status.map((line) => `${line}${CLEAR_LINE_END}`).join("\n");
    writer.write(`${BEGIN_UPDATE}${upTo(rowsDrawn() - 1)}${above}${below}${CLEAR_BELOW}${END_UPDATE}`);
    drawn = status;
  };

  const schedule = (): void => {
    cancelTimer ??= clock.after(REDRAW_MS, redraw);
  };

  const unlisten = turn?.onChange((isTaken) => {
    if (!isTaken) return schedule();
    // The question comes below what is printed so far, in the place of the live lines.
    const kept = status;
    status = [];
    draw();
    status = kept;
  });

  return {
    print(lines) {
      if (lines.length > 0) waiting.add(lines);
      schedule();
    },
    status(next) {
      status = next;
      schedule();
    },
    leave() {
      cancelTimer?.();
      status = [];
      draw();
    },
    async close() {
      unlisten?.();
      cancelTimer?.();
      await writer.drained();
      status = [];
      draw();
      cancelTimer?.();
      await writer.drained();
    },
  };
}
