// The app that an unpackaged Electron starts with: it loads the program that is named on its command line.
// Goes into the test-only runtime of tools/provision-electron.mjs, which has come without one.
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { app as electronApp } from "electron";

/** It has more than its types tell: what only an app like this one needs. */
const app =
  /** @type {import("electron").App & { setVersion(version: string): void, setAppPath(path: string): void }} */ (
    electronApp
  );
const USAGE = "usage: electron [-r MODULE]... PATH [ARGUMENTS]\n";

/** Chromium's own switches stand before the program's path and are none of ours. */
const [modules, path] = read(process.argv.slice(1));

/** @param {readonly string[]} words */
function read(words) {
  /** @type {string[]} */
  const required = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "-r" || word === "--require") {
      required.push(words[index + 1] ?? "");
      index += 1;
    } else if (!word.startsWith("-")) return /** @type {const} */ ([required, resolve(word)]);
  }
  return /** @type {const} */ ([required, undefined]);
}

/** @param {string} folder */
function describe(folder) {
  /** @type {{ main?: string, name?: string, productName?: string, version?: string }} */
  const description = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (description.version !== undefined) app.setVersion(description.version);
  app.setName(description.productName ?? description.name ?? "Electron");
  app.setAppPath(folder);
  return join(folder, description.main ?? "index.js");
}

if (process.argv.includes("--version")) {
  process.stdout.write(`v${process.versions["electron"] ?? ""}\n`);
  process.exit(0);
}
if (path === undefined) {
  process.stderr.write(USAGE);
  process.exit(1);
}
const require = createRequire(import.meta.url);
for (const name of modules) require(resolve(name));
const main = statSync(path).isDirectory() ? describe(path) : path;
// Awaited here, at the top: Electron is not ready before this has loaded, so that the program can prepare for it.
await import(pathToFileURL(main).href);
