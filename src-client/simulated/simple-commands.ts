// Reads the simplest of shell scripts: commands of plain and quoted words, one after the other. Pure.

export interface SimpleCommand {
  readonly words: readonly string[];
  /** When it is performed, by how the one before it has ended. */
  readonly when: "always" | "success" | "failure";
}

/** Outside of quotes they make a script more than a list of commands. */
const GRAMMAR = "|&<>(){}$`*?[]~#!";
/** At the beginning of a command. */
const RESERVED = "if then elif else fi for while until do done case esac in function select time".split(" ");
const IN_DOUBLE_QUOTES = "$`";

/** Undefined for a script that wants more of a shell than that. */
export function simpleCommands(script: string): readonly SimpleCommand[] | undefined {
  return new ScriptReader(script).read();
}

class ScriptReader {
  readonly #script: string;
  readonly #commands: SimpleCommand[] = [];
  #at = 0;
  #words: string[] = [];
  /** Undefined between words. */
  #word: string | undefined;
  #when: SimpleCommand["when"] = "always";

  constructor(script: string) {
    this.#script = script;
  }

  read(): readonly SimpleCommand[] | undefined {
    while (this.#at < this.#script.length) if (!this.#step()) return undefined;
    this.#endCommand("always");
    const isPlain = ([first = ""]: readonly string[]): boolean =>
      !RESERVED.includes(first) && !first.includes("=");
    return this.#commands.every(({ words }) => isPlain(words)) ? this.#commands : undefined;
  }

  #step(): boolean {
    const character = this.#script[this.#at] ?? "";
    const pair = this.#script.slice(this.#at, this.#at + 2);
    this.#at += 1;
    if (character === " " || character === "\t") return this.#endWord();
    if (character === ";" || character === "\n") return this.#endCommand("always");
    if (pair === "&&" || pair === "||") {
      this.#at += 1;
      return this.#endCommand(pair === "&&" ? "success" : "failure");
    }
    if (character === "'" || character === '"') return this.#quoted(character);
    if (GRAMMAR.includes(character)) return false;
    if (character !== "\\") return this.#add(character);
    this.#at += 1;
    return this.#add(pair.slice(1));
  }

  #quoted(quote: string): boolean {
    const end = this.#script.indexOf(quote, this.#at);
    const text = this.#script.slice(this.#at, end);
    const isMore = quote === '"' && [...text].some((one) => IN_DOUBLE_QUOTES.includes(one) || one === "\\");
    if (end < 0 || isMore) return false;
    this.#at = end + 1;
    return this.#add(text);
  }

  #add(text: string): boolean {
    this.#word = `${this.#word ?? ""}${text}`;
    return true;
  }

  #endWord(): boolean {
    if (this.#word !== undefined) this.#words.push(this.#word);
    this.#word = undefined;
    return true;
  }

  #endCommand(next: SimpleCommand["when"]): boolean {
    this.#endWord();
    if (this.#words.length > 0) this.#commands.push({ words: this.#words, when: this.#when });
    this.#words = [];
    this.#when = next;
    return true;
  }
}
