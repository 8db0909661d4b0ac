// Placeholder of a view that is being built.
import type { JSX } from "react";
import { Empty } from "../marks/Empty.tsx";

interface TerminalTabProps {
  readonly host: string;
  readonly onTitle: (title: string) => void;
}

export function TerminalTab({ host }: TerminalTabProps): JSX.Element {
  return <Empty title={host}>This view comes next.</Empty>;
}
