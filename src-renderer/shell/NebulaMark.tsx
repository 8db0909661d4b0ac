// The mark of Nebula: a root and its children, as the overlay has them.
import type { JSX } from "react";

export function NebulaMark(): JSX.Element {
  return (
    <svg className="nebula-mark" width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
      <path d="M9 5.5v4M9 9.5L4.2 13M9 9.5l4.8 3.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <circle cx="9" cy="3.8" r="2.2" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <circle cx="3.4" cy="14" r="2" fill="currentColor" />
      <circle cx="14.6" cy="14" r="2" fill="currentColor" />
    </svg>
  );
}
