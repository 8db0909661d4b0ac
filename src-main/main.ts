// Entry of the desktop program: hands Electron to the window, and the controller to it.
import { existsSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { app } from "electron";
import { pathsOf } from "./documents/paths.ts";
import { readVersion } from "./documents/read-version.ts";
import { windowSurroundings } from "./serve-window.ts";
import { startController } from "./start-controller.ts";
import { startWindowProgram } from "./window/window.ts";

const programDirectory = dirname(fileURLToPath(import.meta.url));

/** Electron is no Node (its fuse is off), so that embedded hosts need one: the package brings it, npm start names it. */
function nodeForHosts(): { readonly node: string; readonly clientBundle?: string } {
  if (!app.isPackaged) return { node: process.env["NEBULA_NODE"] ?? nodeInPath() };
  const node = process.platform === "win32" ? "node.exe" : "node";
  // Hosts' programs cannot look into the archive: what they start lies beside it.
  return { node: join(process.resourcesPath, node), clientBundle: join(process.resourcesPath, "client.cjs") };
}

/** Where a shell would find it; else where nothing is, which is told when a host is to be started. */
function nodeInPath(): string {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  return (
    folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ??
    join(programDirectory, name)
  );
}

startWindowProgram({
  startController: (settings) => startController({ ...settings, ...nodeForHosts() }),
  surroundings: ({ chooseFile, openTab, ...settings }) =>
    windowSurroundings(settings, "electron", { chooseFile, openTab }),
  paths: pathsOf({
    environment: process.env,
    platform: process.platform,
    homeDirectory: homedir(),
    temporaryDirectory: tmpdir(),
    userId: process.getuid?.(),
  }),
  programDirectory,
  version: readVersion(programDirectory),
});
