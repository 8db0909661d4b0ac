// docs/run-events.md has an example of every event, and names every field that recorded runs have.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { RUN_EVENTS_VERSION } from "#shared/controller-api/run-events.ts";
import { eventLine } from "../../../src-main/command-line/present-run.ts";
import { successfulRun, troubledRun } from "./recorded-runs.ts";

const DOCUMENT = readFileSync(
  join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "docs", "run-events.md"),
  "utf8",
);
const EXAMPLES = [...DOCUMENT.matchAll(/```text\n([^`]*)```/g)].flatMap((match) =>
  match[1]!.trim().split("\n"),
);

test("every event has an example that is written as the program writes it", () => {
  const kinds = EXAMPLES.map((line) => (JSON.parse(line) as { event: string }).event);
  const known = [...successfulRun, ...troubledRun].map((event) => event.event);
  expect(new Set(kinds)).toEqual(new Set(known));
  for (const line of EXAMPLES)
    expect(eventLine(JSON.parse(line) as (typeof successfulRun)[number])).toBe(line);
});

test("every field is named", () => {
  const fields = new Set([...successfulRun, ...troubledRun].flatMap((event) => Object.keys(event)));
  for (const field of fields) expect(DOCUMENT).toMatch(new RegExp(`\`${field}\`|"${field}"`));
});

test("the version is the program's", () => {
  expect(DOCUMENT).toContain(`\`version\` is ${RUN_EVENTS_VERSION}.`);
});
