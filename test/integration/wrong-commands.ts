// Command lines with one mistake each, and what must be said about it.
import { RUN } from "./refused-input.ts";

export interface WrongCommand {
  readonly words: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

export const WRONG_COMMANDS: readonly WrongCommand[] = [
  { words: ["rum"], code: 2, says: /no command 'rum'[^]*help: Did you mean 'plush run'/ },
  { words: ["frobnicate"], code: 2, says: /no command 'frobnicate'[^]*help: Commands: run, check/ },
  {
    words: ["-d", "one.xml", "run", "application.xml"],
    code: 2,
    says: /options stand behind the command[^]*help: Write: plush run -d one.xml application.xml/,
  },
  { words: ["run"], code: 2, says: /^plush: missing required argument 'application'/ },
  { words: ["run", "application.xml"], code: 2, says: /no resource directory[^]*help: Name one with -d/ },
  { words: ["run", "application.xml", "more.xml", "-d", "one.xml"], code: 2, says: /too many arguments/ },
  {
    words: [...RUN, "--output", "xml"],
    code: 2,
    says: /--output .*'xml' is invalid\. It must be one of text, json, jsonl/,
  },
  { words: [...RUN, "--timeout", "abc"], code: 2, says: /--timeout .*'abc' is invalid\. It must be a time/ },
  { words: [...RUN, "--timeout", "-5"], code: 2, says: /--timeout .*'-5' is invalid\. It must be a time/ },
  {
    words: [...RUN, "--fanout", "0"],
    code: 2,
    says: /--fanout .*'0' is invalid\. It must be a whole number from 1/,
  },
  {
    words: [...RUN, "--variable", "port"],
    code: 2,
    says: /--variable .*'port' is invalid\. It must have the form name=value/,
  },
  { words: [...RUN, "--frobnicate"], code: 2, says: /unknown option '--frobnicate'/ },
  { words: ["exec", "-d", "one.xml"], code: 2, says: /missing required argument 'command'/ },
  { words: ["exec", "-d", "one.xml", "--", " "], code: 2, says: /no command to run/ },
  { words: ["exec", "-d", "one.xml", "-w", "h7", "--", "touch", "ran"], code: 6, says: /h7/ },
  { words: ["exec", "-d", "one.xml", "-w", "h[1-", "--", "touch", "ran"], code: 6, says: /h\[1-/ },
  { words: ["exec", "-d", "one.xml", "-g", "none", "--", "touch", "ran"], code: 6, says: /group '?none/ },
  { words: ["exec", "-d", "one.xml", "-x", "h1", "--", "touch", "ran"], code: 6, says: /no hosts?/ },
];
