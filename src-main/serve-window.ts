// The wiring of the window in a browser: the web server, with a session for each page that is let in.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import { examplesDirectoryFrom, findExample } from "./documents/examples.ts";
import { readDocument } from "./documents/read-document.ts";
import { replaceDocument } from "./documents/write-document.ts";
import { startWebServer } from "./web/web-server.ts";
import { attachWindow, type WindowSurroundings } from "./window-session/attach-window.ts";
import { Downloads } from "./window-session/downloads.ts";
import { RecentFiles } from "./window-session/recent-files.ts";
import { WindowDocuments } from "./window-session/window-documents.ts";
import { WindowStateFile } from "./window-session/window-state-file.ts";

export interface ServeSettings {
  readonly api: ControllerApi;
  readonly stateDirectory: string;
  /** Where the program lies: the built window and the examples are found from it. */
  readonly programDirectory: string;
  readonly version: string;
  /** 0: any free one. */
  readonly port: number;
  /** Opened before the first window comes. */
  readonly open: { readonly application?: string; readonly directory?: string; readonly example?: string };
  readonly log: (text: string) => void;
}

export interface ServedWindow {
  /** Works once, in the browser that opens it first. */
  readonly address: string;
  close(): Promise<void>;
}

export async function serveWindow(settings: ServeSettings): Promise<ServedWindow> {
  const { programDirectory, port, log } = settings;
  const windowDirectory = windowDirectoryFrom(programDirectory);
  const surroundings = await windowSurroundings(settings, "browser", async () => null);
  const server = await startWebServer({
    windowDirectory,
    downloads: surroundings.downloads,
    port,
    log,
    onWindow: (windowPort) => {
      void attachWindow(windowPort, surroundings);
    },
  });
  return {
    address: server.address,
    async close() {
      await server.close();
      await closeSurroundings(surroundings);
    },
  };
}

/** Beside the bundled program; and in dist/ when it runs from its sources. */
export function windowDirectoryFrom(programDirectory: string): string {
  const beside = join(programDirectory, "window");
  const built = existsSync(beside) ? beside : join(programDirectory, "..", "dist", "window");
  if (!existsSync(join(built, "index.html"))) throw new Error(`${built} is missing; run: npm run build`);
  return built;
}

/** What windows of either target are given; the documents named in `open` are loaded. */
export async function windowSurroundings(
  settings: Omit<ServeSettings, "port">,
  target: "electron" | "browser",
  chooseFile: WindowSurroundings["chooseFile"],
): Promise<WindowSurroundings> {
  const { api, stateDirectory, programDirectory, version, open, log } = settings;
  const examplesDirectory = await examplesDirectoryFrom(programDirectory);
  const recent = new RecentFiles(new WindowStateFile(join(stateDirectory, "recent-files.json"), log));
  const documents = new WindowDocuments({
    api,
    async readText(path) {
      const document = await readDocument(path);
      return document.kind === "ok" ? document.text : undefined;
    },
    async replaceText(path, text) {
      const result = await replaceDocument(path, text);
      return result.kind === "failed" ? result.message : undefined;
    },
    exampleFiles: async (name) =>
      examplesDirectory === undefined ? undefined : findExample(examplesDirectory, name),
    onOpened: (kind, path) => recent.add(kind, path),
  });
  if (open.example !== undefined) await documents.openExample(open.example);
  // The directory goes first, so that the specification is checked against it.
  if (open.directory !== undefined) await documents.loadDirectory({ path: open.directory });
  if (open.application !== undefined) await documents.loadApplication({ path: open.application });
  return {
    api,
    target,
    program: `Nebula ${version}`,
    platform: `${process.platform} ${process.arch}`,
    windowState: new WindowStateFile(join(stateDirectory, "window.json"), log),
    examplesDirectory,
    documents,
    recent,
    downloads: new Downloads(),
    chooseFile,
    log,
  };
}

/** Resolves when all that is to be found again is on disk. */
export async function closeSurroundings({ windowState, recent }: WindowSurroundings): Promise<void> {
  await Promise.all([windowState.close(), recent.close()]);
}
