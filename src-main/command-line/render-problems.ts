// Problems of a document, shown as compilers do: place, what is wrong, the line with a caret, what to do.
import type { Problem } from "#shared/base/problem.ts";
import { neutraliseLine, neutraliseOutput } from "#shared/output-text/neutralise-output.ts";
import type { Style } from "./style.ts";
import { counted } from "./table.ts";
import { widthOf } from "./text-width.ts";

/** More than these of one file help nobody; the rest is counted. */
export const PROBLEMS_SHOWN_MAX = 50;
/** Characters of a source line that are shown around the place. */
const SOURCE_CHARACTERS_MAX = 100;

export interface DocumentProblems {
  /** As the person named it. */
  readonly path: string;
  readonly text: string;
  readonly problems: readonly Problem[];
}

/** `path:line:column: error: message`, so that editors and terminals can jump there. */
export function renderProblems(documents: readonly DocumentProblems[], style: Style): readonly string[] {
  const lines: string[] = [];
  for (const { path, text, problems } of documents) {
    const sourceLines = problems.length > 0 ? text.split(/\r\n|\r|\n/) : [];
    for (const problem of problems.slice(0, PROBLEMS_SHOWN_MAX)) {
      lines.push(...renderProblem(neutraliseLine(path), sourceLines[problem.line - 1], problem, style));
    }
    const more = problems.length - PROBLEMS_SHOWN_MAX;
    if (more > 0) lines.push(`${neutraliseLine(path)}: and ${counted(more, "more problem")}`);
  }
  return [...lines, ...countLine(documents)];
}

export function countProblems(documents: readonly DocumentProblems[]): {
  readonly errors: number;
  readonly warnings: number;
} {
  const all = documents.flatMap((document) => document.problems);
  const errors = all.filter((problem) => problem.severity === "error").length;
  return { errors, warnings: all.length - errors };
}

function renderProblem(
  path: string,
  source: string | undefined,
  problem: Problem,
  style: Style,
): readonly string[] {
  const { red, yellow, bold, cyan } = style;
  const word = problem.severity === "error" ? red("error:") : yellow("warning:");
  const place = problem.line > 0 ? `${path}:${problem.line}:${problem.column}:` : `${path}:`;
  return [
    `${bold(place)} ${word} ${neutraliseOutput(problem.message)}`,
    ...(source === undefined || source.trim() === "" ? [] : sourceLines(source, problem, style)),
    ...(problem.remedy === "" ? [] : [`  ${cyan("help:")} ${neutraliseOutput(problem.remedy)}`]),
  ];
}

function sourceLines(source: string, problem: Problem, { dim, red }: Style): readonly string[] {
  const number = String(problem.line).padStart(4);
  const column = Math.min(problem.column - 1, source.length);
  const from = column <= SOURCE_CHARACTERS_MAX * 0.6 ? 0 : column - Math.floor(SOURCE_CHARACTERS_MAX / 2);
  const to = from + SOURCE_CHARACTERS_MAX;
  const before = (from > 0 ? "…" : "") + shownSource(source.slice(from, column));
  const after = shownSource(source.slice(column, to)) + (to < source.length ? "…" : "");
  return [
    `${dim(`${number} |`)} ${before}${after}`.trimEnd(),
    `${dim(`${" ".repeat(number.length)} |`)} ${" ".repeat(widthOf(before))}${red("^")}`,
  ];
}

/** Tabs become blanks, so that the caret stands below its character whatever the terminal's tab stops are. */
function shownSource(text: string): string {
  return neutraliseLine(text.replaceAll("\t", "  "));
}

function countLine(documents: readonly DocumentProblems[]): readonly string[] {
  const { errors, warnings } = countProblems(documents);
  const parts = [
    ...(errors > 0 ? [counted(errors, "error")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  return parts.length === 0 ? [] : [parts.join(", ")];
}

/** One problem as --output json and jsonl give it. */
export function problemObject(path: string, problem: Problem): Record<string, unknown> {
  const { severity, line, column, offset, message, remedy } = problem;
  return { path, severity, line, column, offset, message, remedy };
}
