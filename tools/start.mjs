// `npm start`: the window in Electron where there is one and a display; else the same window in a browser, saying why.
//   npm start                          opens on an example with embedded hosts
//   npm start -- directory.xml application.xml
import { spawn } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { properElectron } from "./provision-electron.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const words = process.argv.slice(2);
/** What a new user sees first: something that can be run at once. */
const FIRST_EXAMPLE = "wide-area";

/** Undefined: there is one. */
function whyNoDisplay() {
  if (process.platform === "darwin" || process.platform === "win32") return undefined;
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  return DISPLAY || WAYLAND_DISPLAY
    ? undefined
    : "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY)";
}

/**
 * Its ends are ours; signals of a terminal go to both of us anyway.
 * @param {string} program
 * @param {readonly string[]} args
 */
function become(program, args) {
  const child = spawn(program, args, {
    stdio: "inherit",
    // Electron runs no other program: embedded hosts get this Node.
    env: { ...process.env, NEBULA_NODE: process.execPath },
  });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      if (signal !== "SIGINT") child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`start: ${program} cannot be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}

/** @param {string} reason */
function startWeb(reason) {
  console.log(`start: the window opens in a browser, for ${reason}`);
  become(process.execPath, [
    join(ROOT, "dist", "plush.mjs"),
    "web",
    ...(words.length > 0 ? words : ["--example", FIRST_EXAMPLE]),
  ]);
}

const noDisplay = whyNoDisplay();
if (noDisplay !== undefined) startWeb(noDisplay);
else {
  const electron = await properElectron({ say: (text) => console.log(`start: ${text}`) });
  if ("program" in electron) {
    // Electron refuses root without it.
    const flags = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const example = ["directory.xml", "application.xml"].map((name) =>
      join(ROOT, "assets", "examples", FIRST_EXAMPLE, name),
    );
    become(electron.program, [...flags, ROOT, ...(words.length > 0 ? words : example)]);
  } else startWeb(`${electron.reason}\n  ${electron.remedy}`);
}
