// The glyph of a cell of the matrix and of a bar of the waterfall: each state has a shape of its own, and a word.
import {
  IconHandStop,
  IconPlayerPauseFilled,
  IconPlayerTrackNextFilled,
  IconRotateClockwise,
} from "@tabler/icons-react";
import type { JSX } from "react";
import type { HostMark } from "#shared/host-query/host-mark.ts";
import { StateGlyph } from "../marks/StateGlyph.tsx";
import type { CellState } from "./matrix-layout.ts";

export const CELL_WORDS: Readonly<Record<CellState, string>> = {
  failed: "failed",
  restarting: "restarting",
  running: "executing",
  waiting: "waits at the barrier",
  toCome: "has not begun",
  stopped: "stopped",
  forced: "forced",
  succeeded: "finished",
  passed: "passed",
  none: "no part in it",
};

/** Whose colours it has. */
export const CELL_MARKS: Readonly<Record<CellState, HostMark>> = {
  failed: "failed",
  restarting: "orphaned",
  running: "executing",
  waiting: "preparing",
  toCome: "unused",
  stopped: "attached",
  forced: "lost",
  succeeded: "finished",
  passed: "finished",
  none: "unused",
};

interface CellGlyphProps {
  readonly state: CellState;
  readonly size?: number;
}

export function CellGlyph({ state, size = 13 }: CellGlyphProps): JSX.Element | null {
  const style = { color: `var(--st-${CELL_MARKS[state]})` };
  switch (state) {
    case "failed":
    case "running":
    case "succeeded":
      return <StateGlyph mark={CELL_MARKS[state]} size={size} />;
    case "passed":
      return (
        <svg width={size} height={size} viewBox="0 0 14 14" aria-hidden="true" style={style}>
          <path d="M3 7.4l2.6 2.6L11 4.4" fill="none" stroke="currentColor" strokeWidth="2" />
        </svg>
      );
    case "waiting":
      return <IconPlayerPauseFilled size={size} style={style} aria-hidden="true" />;
    case "restarting":
      return <IconRotateClockwise size={size} style={style} aria-hidden="true" />;
    case "stopped":
      return <IconHandStop size={size} style={style} aria-hidden="true" />;
    case "forced":
      return <IconPlayerTrackNextFilled size={size} style={style} aria-hidden="true" />;
    case "toCome":
      return (
        <svg width={size} height={size} viewBox="0 0 14 14" aria-hidden="true" style={style}>
          <circle cx="7" cy="7" r="1.6" fill="currentColor" />
        </svg>
      );
    case "none":
      return null;
  }
}
