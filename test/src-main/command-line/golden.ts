// Compares a text with the golden file beside the tests; UPDATE=1 writes the file instead.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "recorded");

export function expectGolden(name: string, text: string): void {
  const path = join(FOLDER, `${name}.golden.txt`);
  if (process.env["UPDATE"] === "1") {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(existsSync(path) ? readFileSync(path, "utf8") : "(no golden file; UPDATE=1 writes it)");
}
