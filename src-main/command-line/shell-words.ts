// Splits a line of the shell into words, with quotes and backslashes as sh has them; pure.

export interface ShellWord {
  readonly text: string;
  /** Where it starts in the line, quotes included. */
  readonly start: number;
}

export interface ShellLine {
  readonly words: readonly ShellWord[];
  /** A quote that was never closed. */
  readonly openQuote: string | undefined;
  /** The line ends inside a word (no blank after it). */
  readonly endsInWord: boolean;
}

export function splitShellLine(line: string): ShellLine {
  const words: ShellWord[] = [];
  let text = "";
  let start = -1;
  let quote = "";
  const begin = (at: number): void => {
    if (start === -1) start = at;
  };
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? "";
    if (quote !== "") {
      if (character === quote) quote = "";
      else if (character === "\\" && quote === '"' && /["\\]/.test(line[at + 1] ?? ""))
        text += line[(at += 1)] ?? "";
      else text += character;
    } else if (character === '"' || character === "'") {
      begin(at);
      quote = character;
    } else if (character === "\\") {
      begin(at);
      text += line[(at += 1)] ?? "";
    } else if (/\s/.test(character)) {
      if (start !== -1) words.push({ text, start });
      text = "";
      start = -1;
    } else {
      begin(at);
      text += character;
    }
  }
  const endsInWord = start !== -1;
  if (endsInWord) words.push({ text, start });
  return { words, openQuote: quote === "" ? undefined : quote, endsInWord };
}

/** How a name must be written so that it is one word: in the quotes it was begun with, else with backslashes. */
export function quoteForShell(name: string, begun: string): string {
  const quote = begun[0];
  if (quote === "'" && !name.includes("'")) return `'${name}'`;
  if (quote === '"') return `"${name.replace(/["\\]/g, "\\$&")}"`;
  return name.replace(/[\s"'\\]/g, "\\$&");
}

/** `shell "uptime"` and `shell uptime` are the same: one pair of quotes around all of it is taken away. */
export function commandText(rest: string): string {
  const text = rest.trim();
  const { words, openQuote } = splitShellLine(text);
  const isQuoted = /^(["']).*\1$/s.test(text);
  return isQuoted && words.length === 1 && openQuote === undefined ? (words[0]?.text ?? "") : text;
}
