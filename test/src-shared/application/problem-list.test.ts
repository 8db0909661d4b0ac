// Problems stay readable whatever the document holds.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createProblemList } from "../../../src-shared/application/problem-list.ts";

function told(message: string): string {
  const problems = createProblemList("");
  problems.error(0, message, "");
  return problems.all()[0]!.message;
}

const LONG = "x".repeat(3000);

test.each([
  ["'short' is no whole number", "'short' is no whole number"],
  [`'${LONG}' is no whole number`, `'${"x".repeat(60)}…' is no whole number`],
  [
    `the host's value '${LONG}' is not one of the component's 'a', 'b', '${LONG}'`,
    `the host's value '${"x".repeat(60)}…' is not one of the component's 'a', 'b', '${"x".repeat(60)}…'`,
  ],
  ["a word of one's own " + "and more ".repeat(10), "a word of one's own " + "and more ".repeat(10)],
  [`<${LONG}> is not known in </${LONG}>`, `<${"x".repeat(60)}…> is not known in </${"x".repeat(60)}…>`],
  [LONG, `${"x".repeat(1000)}…`],
  [`'${"x".repeat(59)}😀😀' is`, `'${"x".repeat(59)}…' is`],
])("%.40s", (message, shown) => {
  expect(told(message)).toBe(shown);
});

test("any message is bounded, and quick even when it is all quotes", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(told(text.repeat(50)).length).toBeLessThanOrEqual(1001);
      if (text.length <= 60) expect(told(text)).toBe(text);
    }),
  );
  expect(told(" 'b".repeat(1_000_000)).length).toBeLessThanOrEqual(1001);
});
