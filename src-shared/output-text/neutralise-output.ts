// Makes the output of hosts safe to show on a terminal: what could move, colour, hide or type becomes visible text.

/**
 * Sequences that only format (colours, cursor, erasing: CSI without payload) are dropped, because programs print them
 * all the time and dropping them can only reveal text. Every other control character is shown, and with it the payload
 * of OSC, DCS and the like (window titles, clipboard writes).
 */

const FORMATTING = /\x1b\[[0-9;:]*[A-HJKSTfhlmnsu]/g;

/**
 * C0 but tab and newline, DEL, C1; line and paragraph separators; bidirectional marks, embeddings, overrides and
 * isolates (CVE-2021-42574); zero-width no-break space; halves of surrogate pairs that stand alone.
 */
const UNSAFE =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Python's "surrogateescape": byte NN that is no UTF-8 travels in text as U+DCNN. */
const ESCAPED_BYTE_FIRST = 0xdc80;
const ESCAPED_BYTE_LAST = 0xdcff;

/** The result holds no control character but newline and tab. Carriage returns are shown: LineAssembler deals with them before. */
export function neutraliseOutput(text: string): string {
  return text.replace(FORMATTING, "").replace(UNSAFE, shown);
}

/** One line for messages: newlines and tabs are shown, too. */
export function neutraliseLine(text: string): string {
  return neutraliseOutput(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

function shown(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= ESCAPED_BYTE_FIRST && code <= ESCAPED_BYTE_LAST) return `\\x${hex(code - 0xdc00, 2)}`;
  return code < 0x80 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
