// `npm test`: runs the parts of tools/test-parts.mjs in order; the last line is "N passed, N failed, N skipped".
//   npm test -- --only unit            one part (several: --only static,unit)
//   npm test -- --only unit barrier    only test files whose path contains "barrier"
//   npm test -- --no-install           never install system tools
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { endChildrenOnInterrupt } from "./children.mjs";
import { runStaticChecks } from "./static-checks.mjs";
import { provideTools } from "./system-tools.mjs";
import { HANG_FACTOR, PARTS } from "./test-parts.mjs";
import { runVitest } from "./vitest-part.mjs";

/** @typedef {import("./test-parts.mjs").Part} Part */
/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ only: readonly Part[], mayInstall: boolean, filters: readonly string[] }} Wishes */

/** Under CI=true nothing is forgiven: budgets, unlisted skips and missing tools are failures. */
const STRICT = process.env["CI"] === "true";
const COLOURS = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;

/** @returns {Wishes} */
function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { only: { type: "string", multiple: true }, "no-install": { type: "boolean" } },
    });
    const names = (values.only ?? []).flatMap((list) => list.split(","));
    const unknown = names.find((name) => !PARTS.some((part) => part.name === name));
    if (unknown !== undefined) throw new Error(`there is no part "${unknown}"`);
    return {
      only: names.length === 0 ? PARTS : PARTS.filter((part) => names.includes(part.name)),
      mayInstall: values["no-install"] !== true,
      filters: positionals,
    };
  } catch (error) {
    console.error(
      `${/** @type {Error} */ (error).message}; parts: ${PARTS.map((part) => part.name).join(", ")}`,
    );
    process.exit(2);
  }
}

/**
 * @param {Part} part
 * @param {Wishes} wishes
 * @returns {Promise<Counts>}
 */
async function runPart(part, { mayInstall, filters }) {
  const limitMs = part.budgetS * HANG_FACTOR * 1000;
  if (part.kind === "vitest" && !existsSync(part.folder)) {
    console.log(`no tests in ${part.folder} yet`);
    return { passed: 0, failed: 0, skipped: 0 };
  }
  const { missing, remedy } = await provideTools(part.needs, { mayInstall });
  if (missing.length > 0) {
    const what = `${part.title} needs ${missing.join(", ")}; install with: ${remedy}`;
    console.log(STRICT ? `FAILED: ${what}` : `skipped: ${what}`);
    return { passed: 0, failed: STRICT ? 1 : 0, skipped: STRICT ? 0 : 1 };
  }
  if (part.kind === "static")
    return { ...(await runStaticChecks({ colours: COLOURS, limitMs })), skipped: 0 };
  return runVitest(part.name, { colours: COLOURS, strict: STRICT, filters, limitMs });
}

/**
 * @param {Counts} counts
 */
function countsText({ passed, failed, skipped }) {
  return `${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped`;
}

/**
 * Runs a part, checks it against its budget, and says how it went.
 * @param {Part} part
 * @param {Wishes} wishes
 */
async function timePart(part, wishes) {
  console.log(`\n== ${part.title}`);
  const start = performance.now();
  const counts = await runPart(part, wishes);
  const tookS = (performance.now() - start) / 1000;
  if (tookS > part.budgetS) {
    const what = `${part.title} took ${tookS.toFixed(0)} s of ${String(part.budgetS)} s`;
    console.log(STRICT ? `FAILED: ${what}` : `warning: ${what}; under CI=true that is a failure`);
    if (STRICT) counts.failed += 1;
  }
  const line = `${part.title.padEnd(16)} ${tookS.toFixed(1).padStart(6)} s of ${String(part.budgetS).padStart(3)} s   ${countsText(counts)}`;
  return { counts, line };
}

async function main() {
  process.chdir(resolve(dirname(fileURLToPath(import.meta.url)), ".."));
  const wishes = readArguments();
  endChildrenOnInterrupt();
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const part of wishes.only) {
    const { counts, line } = await timePart(part, wishes);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    lines.push(line);
  }
  console.log(`\n${lines.join("\n")}\n${countsText(total)}`);
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

await main();
