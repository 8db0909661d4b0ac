// The table of messages in docs/hosts.md is of use only while the programs still say these words.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
/** Said by the host's own programs, and passed on. */
const WORDS_OF_OTHERS = [
  "This account is currently not available.",
  "No space left on device",
  "a password is required",
  "is not in the sudoers file",
  "is not allowed to execute",
];
/** Placeholders (PATH, USER), numbers, and what is left out: in the programs, these are values. */
const VALUES = /…|\b[A-Z]{4,}\b|\d+(?:\.\d+)?/u;
/** Shorter pieces say nothing. */
const PIECE_CHARACTERS_MIN = 6;

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(ROOT, folder, name), "utf8"));
}

test("every message of the table is said by the programs", () => {
  const document = readFileSync(join(ROOT, "docs", "hosts.md"), "utf8");
  const table = document.slice(document.indexOf("## Messages"), document.indexOf("## Try it"));
  const messages = table
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) =>
      [...(line.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/gu)].map(([, text = ""]) => text),
    );
  expect(messages.length).toBeGreaterThan(15);
  const said = ["src-main", "src-client", "src-shared"].flatMap(sourcesBelow).join("\n");
  const missing = messages.flatMap((message) =>
    message
      .replace(/^[a-z ]+: /u, "")
      .split(VALUES)
      .flatMap((piece) => piece.split(/[:;,]/u))
      .map((piece) => piece.trim())
      .filter((piece) => piece.length >= PIECE_CHARACTERS_MIN)
      .filter((piece) => !WORDS_OF_OTHERS.some((words) => words.includes(piece)))
      .filter((piece) => !said.includes(piece))
      .map((piece) => `${message}: "${piece}"`),
  );
  expect(missing).toEqual([]);
});
