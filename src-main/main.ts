// Entry of the desktop program: hands Electron to the window, and the controller to it.
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
  if (!app.isPackaged) return { node: process.env["NEBULA_NODE"] ?? "node" };
  const node = process.platform === "win32" ? "node.exe" : "node";
  // Hosts' programs cannot look into the archive: what they start lies beside it.
  return { node: join(process.resourcesPath, node), clientBundle: join(process.resourcesPath, "client.cjs") };
}

startWindowProgram({
  startController: (settings) => startController({ ...settings, ...nodeForHosts() }),
  surroundings: ({ chooseFile, ...settings }) => windowSurroundings(settings, "electron", chooseFile),
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
