// The checks that read the sources without running them; each counts as one test.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./children.mjs";

/** Two cores: a third check at once would only slow the other two. */
const CHECKS_AT_ONCE = 2;

/** Names of scripts in package.json. The long ones first, so that the short ones fill the gaps. */
const CHECKS = ["lint", "types", "lint-types", "build-stale", "directions", "dead-code", "format-check"];

/** Runs a script of package.json without npm, which would take as long as some of the checks. */
function scriptOf(/** @type {string} */ name) {
  /** @type {{ scripts: Record<string, string> }} */
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const [bin, ...args] = scripts[name]?.split(" ") ?? [];
  if (bin === undefined) throw new Error(`package.json has no script "${name}"`);
  return { command: bin === "node" ? process.execPath : join("node_modules", ".bin", bin), args };
}

/**
 * Prints one line for each check, and a check's own words only when it fails.
 * @param {{ colours: boolean, limitMs: number }} options
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runStaticChecks({ colours, limitMs }) {
  const counts = { passed: 0, failed: 0 };
  const waiting = [...CHECKS];
  const env = colours ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" };
  async function work() {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const { command, args } = scriptOf(name);
      const result = await run(command, args, { env, limitMs });
      const ok = result.code === 0;
      counts[ok ? "passed" : "failed"] += 1;
      console.log(`${ok ? "  ok  " : "FAILED"} ${name.padEnd(12)} ${(result.ms / 1000).toFixed(1)} s`);
      if (result.overLimit) console.log(`${name} was ended after ${String(limitMs / 1000)} s`);
      if (!ok) console.log(`\n${result.output.trim()}\n\n(again: npm run ${name})\n`);
    }
  }
  await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, work));
  return counts;
}
