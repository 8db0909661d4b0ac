// Puts pieces of output together to lines, in bounded memory: long lines are cut, progress bars keep their last state.
import { neutraliseOutput } from "./neutralise-output.ts";

/** A line without newline is cut into parts of this many characters: some screens full. */
export const LINE_CHARACTERS_MAX = 4096;
/** At the end of a cut part, and at the start of the next. */
export const CUT_MARK = "…";

/** One stream of one process. */
export interface LineAssembler {
  /** Complete lines that this piece has brought, neutralised. */
  push(text: string): readonly string[];
  /** What is left without a newline, if anything. */
  flush(): readonly string[];
  readonly isEmpty: boolean;
}

export function createLineAssembler(): LineAssembler {
  let pending = "";
  /** The line goes on after a part of it was given out. */
  let continued = false;

  const finished = (raw: string): string => {
    const line = (continued ? CUT_MARK : "") + neutraliseOutput(lastState(raw));
    continued = false;
    return line;
  };

  const cutParts = (lines: string[]): void => {
    // A progress bar without newlines: only what came after its last return can still be seen.
    const restart = pending.lastIndexOf("\r", pending.length - 2);
    if (restart > 0) pending = pending.slice(restart);
    while (pending.length > LINE_CHARACTERS_MAX) {
      const end = wholeCharacters(pending, LINE_CHARACTERS_MAX);
      const part = pending.slice(0, end);
      pending = pending.slice(end);
      lines.push(finished(part) + CUT_MARK);
      continued = true;
    }
  };

  return {
    push(text) {
      const lines: string[] = [];
      const pieces = text.split("\n");
      for (const [index, piece] of pieces.entries()) {
        pending += piece;
        cutParts(lines);
        if (index === pieces.length - 1) break;
        lines.push(finished(pending));
        pending = "";
      }
      return lines;
    },
    flush() {
      if (pending === "") return [];
      const line = finished(pending);
      pending = "";
      return [line];
    },
    get isEmpty() {
      return pending === "";
    },
  };
}

/** "10%\r20%\r" shows 20%: a return starts the line anew. "\r\n" is only an end of line. */
function lastState(line: string): string {
  const ended = line.endsWith("\r") ? line.replace(/\r+$/, "") : line;
  return ended.slice(ended.lastIndexOf("\r") + 1);
}

/** Never between the two halves of one character. */
function wholeCharacters(text: string, end: number): number {
  const code = text.charCodeAt(end - 1);
  return code >= 0xd800 && code <= 0xdbff ? end - 1 : end;
}
