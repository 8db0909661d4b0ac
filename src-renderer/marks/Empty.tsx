// What a view shows while it has nothing to show: what would be here, and what to do about it.
import type { JSX, ReactNode } from "react";

interface EmptyProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly acts?: ReactNode;
}

export function Empty({ title, children, acts }: EmptyProps): JSX.Element {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{children}</p>
      {acts === undefined ? null : <div className="acts">{acts}</div>}
    </div>
  );
}
