// How many columns a text takes on a terminal, and how to cut and pad it to a number of columns.

/** Our own colour codes only: output of hosts has none left. */

const COLOUR_CODE = /\x1b\[[0-9;]*m/g;

/** Code points two columns wide: East Asian wide and full-width forms, and emoji (Unicode 15, shortened). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x23e9, 0x23ec],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

export function withoutColours(text: string): string {
  return text.replace(COLOUR_CODE, "");
}

/** Columns that the text takes, colour codes not counted. */
export function widthOf(text: string): number {
  const plain = withoutColours(text);
  // Nearly all text is ASCII; the rest is looked at character by character.
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  let width = 0;
  for (const character of plain) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  if (code < 0x300) return 1;
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}

/** At most `columns` columns; what is cut is marked by "…". Colour codes are kept and closed. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns <= 0) return "";
  let width = 0;
  let cut = "";
  let coloured = false;
  for (const part of text.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith("\x1b[")) {
      cut += part;
      coloured = true;
      continue;
    }
    for (const character of part) {
      const next = characterWidth(character);
      if (width + next > columns - 1) return `${cut}…${coloured ? "\x1b[0m" : ""}`;
      cut += character;
      width += next;
    }
  }
  return cut;
}

export function padToWidth(text: string, columns: number, side: "left" | "right"): string {
  const padding = " ".repeat(Math.max(0, columns - widthOf(text)));
  return side === "right" ? text + padding : padding + text;
}
