// Makes a fresh clone ready: checks Node, installs dependencies and builds, each only when missing or stale.
// Plain JavaScript without dependencies: it runs before anything is installed.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/** First Node 20 that loads ES modules with require(), which our tools rely on. */
const NODE_MIN = [20, 19];
/** Remembers for which lock file node_modules was installed. */
const INSTALLED_STAMP = join(ROOT, "node_modules", ".nebula-lock");
const PLUSH_BUNDLE = join(ROOT, "dist", "plush.mjs");
const PLUSH_LINK = join(ROOT, "node_modules", ".bin", "plush");

/**
 * @param {string} what
 * @param {number} startMs
 */
function say(what, startMs) {
  console.log(`set-up: ${what} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [majorMin = 0, minorMin = 0] = NODE_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  console.error(
    `Nebula needs Node ${NODE_MIN.join(".")} or newer, and this is Node ${process.versions.node}.\n` +
      "Install a newer one (https://nodejs.org, or a version manager such as nvm), then run the command again.",
  );
  process.exit(1);
}

/** What an installation depends on: the wanted packages, the lock file, and the platform native packages are for. */
function installationKey() {
  const { dependencies, devDependencies, overrides } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  const hash = createHash("sha256")
    .update(JSON.stringify([dependencies, devDependencies, overrides]))
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
  return `${hash} ${process.platform}-${process.arch}\n`;
}

/** Runs npm without its talk; npm's own words appear only when it fails. */
function runNpm(/** @type {string[]} */ ...args) {
  // Under `npm run` this is the very npm that runs us; calling it by path also works where npm is a .cmd file.
  const npm = process.env["npm_execpath"];
  const [command, before] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  try {
    execFileSync(
      command,
      [...before, ...args, "--loglevel=error", "--no-audit", "--no-fund", "--no-progress"],
      {
        cwd: ROOT,
        stdio: ["ignore", "pipe", "pipe"],
        shell: process.platform === "win32" && command === "npm",
      },
    );
  } catch (error) {
    const failure = /** @type {{ stdout?: Buffer, stderr?: Buffer, message: string }} */ (error);
    const words = `${String(failure.stdout ?? "")}${String(failure.stderr ?? "")}`.trim() || failure.message;
    console.error(`${words}\n\nset-up: npm ${args.join(" ")} failed; see its words above.`);
    process.exit(1);
  }
}

function install() {
  const key = installationKey();
  if (existsSync(INSTALLED_STAMP) && readFileSync(INSTALLED_STAMP, "utf8") === key) return;
  const start = performance.now();
  console.log("set-up: installing dependencies, about half a minute on a fresh clone");
  runNpm("ci");
  writeFileSync(INSTALLED_STAMP, key);
  say("dependencies installed", start);
}

async function build() {
  const { buildStaleBundles } = await import("./build.mjs");
  const start = performance.now();
  try {
    const built = await buildStaleBundles();
    if (built.length > 0) say(`built ${built.join(", ")}`, start);
  } catch (error) {
    console.error(`set-up: the programs cannot be built: ${/** @type {Error} */ (error).message}`);
    // `npm test` goes on: it builds again as one of its checks, counts the failure, and tells all else that fails.
    if (process.env["npm_lifecycle_event"] !== "pretest") process.exit(1);
  }
}

/** `npx plush` finds the command among the installed ones. npm links the commands of packages, not the project's. */
function linkPlush() {
  if (!existsSync(PLUSH_BUNDLE)) return;
  if (process.platform === "win32") {
    writeFileSync(`${PLUSH_LINK}.cmd`, '@node "%~dp0\\..\\..\\dist\\plush.mjs" %*\r\n');
    return;
  }
  const target = relative(dirname(PLUSH_LINK), PLUSH_BUNDLE);
  const found = lstatSync(PLUSH_LINK, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(PLUSH_LINK) === target) return;
  rmSync(PLUSH_LINK, { force: true });
  symlinkSync(target, PLUSH_LINK);
}

checkNode();
install();
await build();
linkPlush();
