// The line below a failure that says what to do about it.
import { neutraliseOutput } from "#shared/output-text/neutralise-output.ts";
import type { Style } from "./style.ts";

/** None when nothing is known. */
export function helpLines(remedy: string, style: Style): readonly string[] {
  const text = neutraliseOutput(remedy).trim();
  return text === "" ? [] : [`  ${style.cyan("help:")} ${text.replaceAll("\n", "\n    ")}`];
}
