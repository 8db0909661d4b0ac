// The glyph of a host's state: a circle on its way, a diamond in doubt, a square given up; the phase is inside.
import type { JSX, ReactNode } from "react";
import type { HostMark } from "#shared/host-query/host-mark.ts";

const KNOCK = "var(--knock, var(--panel))";

const SHAPES: Readonly<Record<HostMark, ReactNode>> = {
  unused: <circle cx="7" cy="7" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.4" />,
  connecting: (
    <circle
      cx="7"
      cy="7"
      r="4.8"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeDasharray="2.9 2.13"
    />
  ),
  preparing: (
    <>
      <circle cx="7" cy="7" r="4.9" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M7 3.1a3.9 3.9 0 0 1 0 7.8z" fill="currentColor" />
    </>
  ),
  attached: (
    <>
      <circle cx="7" cy="7" r="4.9" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <circle cx="7" cy="7" r="2" fill="currentColor" />
    </>
  ),
  executing: (
    <path
      fillRule="evenodd"
      fill="currentColor"
      d="M7 1.1a5.9 5.9 0 1 0 0 11.8A5.9 5.9 0 0 0 7 1.1zM5.5 4.2v5.6l4.6-2.8z"
    />
  ),
  finished: (
    <>
      <circle cx="7" cy="7" r="5.9" fill="currentColor" />
      <path d="M4.3 7.2l1.9 1.9 3.6-4" fill="none" stroke={KNOCK} strokeWidth="1.7" strokeLinecap="round" />
    </>
  ),
  orphaned: (
    <>
      <path d="M7 .7L13.3 7 7 13.3.7 7z" fill="currentColor" />
      <path d="M3.2 10.8l7.6-7.6" stroke={KNOCK} strokeWidth="2" />
    </>
  ),
  failed: (
    <>
      <rect x="1.3" y="1.3" width="11.4" height="11.4" rx="1.6" fill="currentColor" />
      <path d="M4.6 4.6l4.8 4.8M9.4 4.6L4.6 9.4" stroke={KNOCK} strokeWidth="1.7" strokeLinecap="round" />
    </>
  ),
  lost: (
    <>
      <rect
        x="1.9"
        y="1.9"
        width="10.2"
        height="10.2"
        rx="1.2"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeDasharray="2.7 1.55"
      />
      <path d="M5 5l4 4M9 5L5 9" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
};

export function StateGlyph({
  mark,
  size = 14,
}: {
  readonly mark: HostMark;
  readonly size?: number;
}): JSX.Element {
  return (
    <svg
      className="glyph"
      width={size}
      height={size}
      viewBox="0 0 14 14"
      aria-hidden="true"
      style={{ color: `var(--st-${mark})` }}
    >
      {SHAPES[mark]}
    </svg>
  );
}

/** Glyph and word: state is never colour alone. */
export function StateWord({
  mark,
  word = mark,
}: {
  readonly mark: HostMark;
  readonly word?: string;
}): JSX.Element {
  return (
    <span className="state-word">
      <StateGlyph mark={mark} />
      <span style={{ color: `var(--ink-${mark})` }}>{word}</span>
    </span>
  );
}
