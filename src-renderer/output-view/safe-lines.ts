// The lines of a host's output, safe to show: control characters made visible, progress bars in their last state.
import { createLineAssembler } from "#shared/output-text/line-assembler.ts";

export function safeLines(text: string): readonly string[] {
  const assembler = createLineAssembler();
  return [...assembler.push(text), ...assembler.flush()];
}
