// Finds the system tools a test part needs, and installs missing ones where that is ours to do (root on Debian).
import { existsSync } from "node:fs";
import { run } from "./children.mjs";

/** @typedef {import("./test-parts.mjs").SystemTool} SystemTool */

/** Daemons live where an ordinary user's PATH does not look. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;
/** A package index and a few packages over a slow line. */
const APT_LIMIT_MS = 300_000;
const PROBE_LIMIT_MS = 20_000;

let indexUpdated = false;

/** @param {readonly SystemTool[]} tools */
async function missingOf(tools) {
  const missing = [];
  for (const tool of tools) {
    const [command, ...args] = tool.probe;
    const { code } = await run(command, args, { env: { PATH }, limitMs: PROBE_LIMIT_MS });
    if (code !== 0) missing.push(tool);
  }
  return missing;
}

/** @param {readonly string[]} args */
async function aptGet(...args) {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const result = await run("apt-get", ["-y", "-q", ...args], { env, limitMs: APT_LIMIT_MS });
  if (result.code !== 0) {
    console.log(
      `apt-get ${args.join(" ")} failed:\n${result.output.trim().split("\n").slice(-10).join("\n")}`,
    );
  }
  return result.code === 0;
}

/**
 * @param {readonly SystemTool[]} tools
 * @param {{ mayInstall: boolean }} options
 * @returns {Promise<{ missing: readonly string[], remedy: string }>} what is missing in the end, and the command for it
 */
export async function provideTools(tools, { mayInstall }) {
  let missing = await missingOf(tools);
  if (missing.length > 0 && mayInstall && existsSync("/etc/debian_version") && process.getuid?.() === 0) {
    const packages = missing.map((tool) => tool.apt);
    console.log(`installing ${packages.join(" ")} with apt-get (prevent with: npm test -- --no-install)`);
    if (!indexUpdated) indexUpdated = await aptGet("update");
    await aptGet("install", "--no-install-recommends", ...packages);
    missing = await missingOf(missing);
  }
  return {
    missing: missing.map((tool) => tool.name),
    remedy: `apt-get install ${missing.map((tool) => tool.apt).join(" ")}`,
  };
}
