// Properties of the neutraliser and the line assembler: whatever hosts print, nothing reaches the terminal but text.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLineAssembler, LINE_CHARACTERS_MAX } from "#shared/output-text/line-assembler.ts";
import { neutraliseLine, neutraliseOutput } from "#shared/output-text/neutralise-output.ts";

/** C0 without newline and tab, DEL, C1, bidirectional controls, line separators. */
const FORBIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

const nastyCharacter = fc.oneof(
  fc.constantFrom(
    "\x1b",
    "\x1b[",
    "\x1b]",
    "\x1bP",
    "\x07",
    "\x9b",
    "m",
    "31",
    ";",
    "\r",
    "\n",
    "\u202e",
    "\u2066",
    "\ud800",
    "\udc80",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
);
const nastyText = fc.array(nastyCharacter, { maxLength: 60 }).map((parts) => parts.join(""));

describe("neutraliseOutput", () => {
  test("no control character but newline and tab is left", () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const result = neutraliseOutput(text);
        expect(result).not.toMatch(FORBIDDEN);
        expect(result).not.toMatch(/[\ud800-\udfff]/u);
        expect(neutraliseOutput(result)).toBe(result);
        expect(neutraliseLine(text)).not.toMatch(/[\n\t]/);
      }),
    );
  });

  test("plain text stays as it is", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "ä", "漢", "🎉", " ", "\n", "\t", "\\", "[") }),
        (text) => {
          expect(neutraliseOutput(text)).toBe(text);
        },
      ),
    );
  });

  test.each([
    ["colours go", "\x1b[1;31mred\x1b[0m", "red"],
    ["cursor movements go", "a\x1b[2K\x1b[1Gb", "ab"],
    ["a title is shown", "\x1b]0;evil\x07", "\\x1b]0;evil\\x07"],
    ["a clipboard write is shown", "\x1b]52;c;cm0gLXJm\x1b\\", "\\x1b]52;c;cm0gLXJm\\x1b\\"],
    ["a query that would be answered is shown", "\x1b[6n\x1b[c", "\\x1b[c"],
    ["C1 introducers are shown", "\u009b31mred", "\\u009b31mred"],
    ["bidirectional overrides are shown", "\u202egnp.exe", "\\u202egnp.exe"],
    ["escaped bytes are shown", "caf\udce9", "caf\\xe9"],
    ["lone halves are shown", "\ud83c!", "\\ud83c!"],
    ["a sequence cannot be hidden in another", "\x1b\x1b[0m[31mx", "\\x1b[31mx"],
  ])("%s", (_, text, expected) => {
    expect(neutraliseOutput(text)).toBe(expected);
  });
});

describe("lines", () => {
  const linesOf = (pieces: readonly string[]): readonly string[] => {
    const assembler = createLineAssembler();
    return [...pieces.flatMap((piece) => [...assembler.push(piece)]), ...assembler.flush()];
  };

  test("however the output is cut into pieces, the lines are the same", () => {
    fc.assert(
      fc.property(nastyText, fc.array(fc.nat(20), { maxLength: 8 }), (text, cuts) => {
        const pieces: string[] = [];
        let rest = text;
        for (const cut of cuts) {
          pieces.push(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        expect(linesOf([...pieces, rest])).toEqual(linesOf([text]));
      }),
    );
  });

  test("progress bars keep their last state", () => {
    expect(linesOf(["10%\r20%\r", "100%\r\nend\r\n", "\r\rx"])).toEqual(["100%", "end", "x"]);
  });

  test("a line without newline is cut, in bounded memory", () => {
    const lines = linesOf(Array.from({ length: 10 }, () => "x".repeat(LINE_CHARACTERS_MAX / 2)));
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe(`${"x".repeat(LINE_CHARACTERS_MAX)}…`);
    expect(lines[1]).toBe(`…${"x".repeat(LINE_CHARACTERS_MAX)}…`);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(LINE_CHARACTERS_MAX + 2);
  });

  test("a cut never splits a character", () => {
    const lines = linesOf([`x${"🎉".repeat(LINE_CHARACTERS_MAX)}`]);
    for (const line of lines) expect(line).not.toContain("\\ud");
  });
});
