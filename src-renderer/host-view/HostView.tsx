// All hosts of the directory in a table: how they are, where they hang in the overlay, what they do.
import type { JSX } from "react";
import { Empty } from "../marks/Empty.tsx";

export function HostView(): JSX.Element {
  return <Empty title="Being built">This view comes next.</Empty>;
}
