// Runs one vitest project with its own words on our output, and counts from the record of tools/count-reporter.mjs.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./children.mjs";

/** @typedef {import("./count-reporter.mjs").TestRecord} TestRecord */

/**
 * The names of tests that may be skipped (test/skips.json gives a reason for each). A name stands for a test or for
 * a whole describe block, spelt as vitest prints it: "block > test".
 * @returns {readonly string[]}
 */
function allowedSkips() {
  /** @type {{ name: string, reason: string }[]} */
  const skips = JSON.parse(readFileSync(join("test", "skips.json"), "utf8"));
  return skips.map(({ name }) => name);
}

/**
 * @param {TestRecord} record
 * @param {boolean} strict an unlisted skip counts as failed
 */
function countTests(record, strict) {
  const counts = { passed: 0, failed: record.brokenFiles + record.strayErrors, skipped: 0 };
  const allowed = allowedSkips();
  for (const { name, state } of record.tests) {
    if (state === "passed" || state === "failed") {
      counts[state] += 1;
    } else if (allowed.some((skip) => name === skip || name.startsWith(`${skip} > `))) {
      counts.skipped += 1;
    } else {
      counts[strict ? "failed" : "skipped"] += 1;
      console.log(`${strict ? "FAILED" : "note:"} "${name}" is skipped but not listed in test/skips.json`);
    }
  }
  return counts;
}

/**
 * @param {string} project
 * @param {{ colours: boolean, strict: boolean, filters: readonly string[], limitMs: number }} options
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function runVitest(project, { colours, strict, filters, limitMs }) {
  const folder = mkdtempSync(join(tmpdir(), "nebula-test-"));
  const file = join(folder, "record.json");
  try {
    const result = await run(
      join("node_modules", ".bin", "vitest"),
      [
        ...["run", "--project", project, "--passWithNoTests", ...filters],
        ...["--reporter=default", "--reporter=./tools/count-reporter.mjs"],
      ],
      {
        show: true,
        limitMs,
        env: { NEBULA_TEST_RECORD: file, ...(colours ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }) },
      },
    );
    if (result.overLimit) console.log(`FAILED: ended after ${String(limitMs / 1000)} s; something hangs`);
    const counts = existsSync(file)
      ? countTests(JSON.parse(readFileSync(file, "utf8")), strict)
      : { passed: 0, failed: 0, skipped: 0 };
    // Whatever else vitest objects to (a crash, an unreadable configuration) must not pass unnoticed.
    if (result.code !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
