// The wiring of the window in a browser: the web server, with a session for each page that is let in.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { DetachResult, TabPlace } from "#shared/controller-api/window-messages.ts";
import { examplesDirectoryFrom, findExample } from "./documents/examples.ts";
import { readDocument } from "./documents/read-document.ts";
import { replaceDocument } from "./documents/write-document.ts";
import { startWebServer, type WebServer } from "./web/web-server.ts";
import { attachWindow, type WindowSurroundings } from "./window-session/attach-window.ts";
import { Downloads } from "./window-session/downloads.ts";
import { DetachedTabs } from "./window-session/detached-tabs.ts";
import { RecentFiles } from "./window-session/recent-files.ts";
import { WindowDocuments } from "./window-session/window-documents.ts";
import { WindowStateFile } from "./window-session/window-state-file.ts";

export interface ServeSettings {
  readonly api: ControllerApi;
  readonly stateDirectory: string;
  readonly preferences: WindowSurroundings["preferences"];
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
  const late: { server?: WebServer } = {};
  const surroundings = await windowSurroundings(settings, "browser", {
    chooseFile: async () => null,
    // The page opens it; it lets one page in, and that page shows this tab.
    openTab: async ({ id }) =>
      late.server === undefined
        ? { kind: "refused", message: "the window is not served any more" }
        : { kind: "address", address: late.server.addressOf(id) },
  });
  const server = await startWebServer({
    windowDirectory,
    downloads: surroundings.downloads,
    port,
    log,
    onWindow: (windowPort, tab) => {
      attachWindow(windowPort, surroundings, tab).catch((error: unknown) => {
        log(
          `web: a window cannot be attached: ${error instanceof Error ? (error.stack ?? "") : String(error)}`,
        );
        windowPort.close("the controller cannot serve it");
      });
    },
  });
  late.server = server;
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

/** What only the target can open. */
export interface WindowDoors {
  readonly chooseFile: WindowSurroundings["chooseFile"];
  readonly openTab: (place: TabPlace) => Promise<DetachResult>;
}

/** What windows of either target are given; the documents named in `open` are loaded. */
export async function windowSurroundings(
  settings: Omit<ServeSettings, "port">,
  target: "electron" | "browser",
  { chooseFile, openTab }: WindowDoors,
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
    preferences: settings.preferences,
    tabs: new DetachedTabs({
      open: openTab,
      after(delayMs, action) {
        const timer = setTimeout(action, delayMs).unref();
        return () => clearTimeout(timer);
      },
    }),
    chooseFile,
    log,
  };
}

/** Resolves when all that is to be found again is on disk. */
export async function closeSurroundings({ windowState, recent }: WindowSurroundings): Promise<void> {
  await Promise.all([windowState.close(), recent.close()]);
}
