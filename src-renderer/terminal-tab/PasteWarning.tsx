// Asks before several lines are pasted into a shell, which would run each of them.
import type { JSX } from "react";
import { plural } from "../marks/words.ts";

/** One message from a window holds no more. */
const PASTE_CHARACTERS_MAX = 256 * 1024;
const LINES_SHOWN_MAX = 12;

/** Pasted without a word: one line, and not the end of it, which would run it. */
export function isHarmless(text: string): boolean {
  return !/[\r\n]/.test(text) && text.length < PASTE_CHARACTERS_MAX;
}

interface PasteWarningProps {
  readonly text: string;
  /** Terminals that it goes to. */
  readonly terminals: number;
  readonly onPaste: () => void;
  readonly onCancel: () => void;
}

export function PasteWarning({ text, terminals, onPaste, onCancel }: PasteWarningProps): JSX.Element {
  const lines = text.replace(/\r\n|\r|\n$/, "").split(/\r\n|\r|\n/);
  const isTooLong = text.length >= PASTE_CHARACTERS_MAX;
  const into = terminals > 1 ? ` into ${String(terminals)} terminals` : "";
  return (
    <div
      className="paste-warning"
      role="alertdialog"
      aria-label="Paste several lines"
      onKeyDown={(event) => {
        if (event.key === "Escape") onCancel();
      }}
    >
      <b>{isTooLong ? "This is too much to paste." : `Paste ${plural(lines.length, "line")}${into}?`}</b>
      <p className="sub">
        {isTooLong
          ? "Put it into a file, and put that on the host."
          : "A shell runs each line as it comes, unless its program asks for whole pastes."}
      </p>
      <pre className="quoted">{lines.slice(0, LINES_SHOWN_MAX).join("\n")}</pre>
      {lines.length > LINES_SHOWN_MAX ? (
        <p className="sub">and {lines.length - LINES_SHOWN_MAX} more</p>
      ) : null}
      <div className="dialog-acts">
        <button type="button" className="button" autoFocus onClick={onCancel}>
          Cancel
        </button>
        {isTooLong ? null : (
          <button type="button" className="button main" onClick={onPaste}>
            Paste
          </button>
        )}
      </div>
    </div>
  );
}
