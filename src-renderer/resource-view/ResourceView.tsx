// Placeholder of a view that is being built.
import type { JSX } from "react";
import { Empty } from "../marks/Empty.tsx";

export function ResourceView(): JSX.Element {
  return <Empty title="Being built">This view comes next.</Empty>;
}
