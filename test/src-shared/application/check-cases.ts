// The cases of checker tests: parts with marks («), and what is told at each of them.
import { expect, test } from "vitest";
import type { ResourceDirectory } from "../../../src-shared/resource-directory/resource-directory.ts";
import {
  componentBlock,
  problemsOf,
  specification,
  unmarked,
  type SpecificationParts,
} from "./specification-text.ts";

/** Parts with marks, and what is told at each of them: "error …" or "warning …". */
export type Case = readonly [name: string, parts: SpecificationParts, ...messages: readonly string[]];

export function expectFindings(
  marked: string,
  messages: readonly string[],
  directory?: ResourceDirectory,
): void {
  const { text, places } = unmarked(marked);
  const found = problemsOf(text, directory).toSorted((one, other) => one.offset - other.offset);
  expect(found.map(({ severity, message }) => `${severity} ${message}`)).toEqual(messages);
  expect(found.map(({ line, column, offset }) => ({ line, column, offset }))).toEqual(places);
  for (const { remedy } of found) expect(remedy).toMatch(/\S.*\.$/);
}

export function runCases(cases: readonly Case[], directory?: ResourceDirectory): void {
  test.each(cases.map(([name, parts, ...messages]) => ({ name, parts, messages })))(
    "$name",
    ({ parts, messages }) => {
      expectFindings(specification(parts), messages, directory);
    },
  );
}

export const oneBlock = (...children: readonly string[]): string => componentBlock("cb", "c", ...children);
