// Whoever searches docs/hosts.md for a message of the SSH part finds it there.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
/** How a failure is made: its step, and its reason as text or as a template. */
const MADE = /(?:unreachable|refused)\(\s*"[a-z ]+",\s*(?:"([^"]+)"|`([^`]+)`)/g;
/** Words that stand alone with what a host has said. */
const SHORT = 8;

function reasonsIn(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(MADE)].map(([, plain, template]) => plain ?? longestOf(template ?? ""));
}

function longestOf(template: string): string {
  const pieces = template.split(/\$\{[^}]*\}/).map((piece) => piece.replace(/^[\s;:)(]+|[\s;:(]+$/g, ""));
  return pieces.sort((left, right) => right.length - left.length)[0] ?? "";
}

test("every reason stands in docs/hosts.md", () => {
  const folder = join(ROOT, "src-main", "ssh");
  const reasons = readdirSync(folder).flatMap((name) => reasonsIn(join(folder, name)));
  expect(reasons.length).toBeGreaterThan(20);
  const document = readFileSync(join(ROOT, "docs", "hosts.md"), "utf8");
  const missing = reasons.filter((reason) => reason.length >= SHORT && !document.includes(reason));
  expect(missing).toEqual([]);
});
