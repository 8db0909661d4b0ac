// The program with a window: one of it at a time, with its menus, what it was asked to open, and how it is left.
import { join } from "node:path";
import type { BrowserWindow } from "electron";
import { app, dialog, Menu, powerMonitor, session, shell } from "electron";
import type { ControllerApi, RunView } from "#shared/controller-api/controller-api.ts";
import type { DocumentKind } from "#shared/controller-api/window-messages.ts";
import type { ControllerSettings } from "../documents/controller-settings.ts";
import type { Paths } from "../documents/paths.ts";
import { readDocument } from "../documents/read-document.ts";
import type { WindowSurroundings } from "../window-session/attach-window.ts";
import type { Downloads } from "../window-session/downloads.ts";
import { documentKindOf } from "#shared/controller-api/document-kind.ts";
import { WindowStateFile } from "../window-session/window-state-file.ts";
import { LeaveProgram, type LeaveChoice } from "./leave-program.ts";
import { LEAVE_AGAIN, LEAVE_CHOICES, leaveWords } from "./leave-words.ts";
import { lockDownApp, lockDownSession } from "./lock-down.ts";
import { loadPage, makeMainWindow, type MainWindowParts } from "./main-window.ts";
import { filesOfHandover, filesOfWords } from "./opened-files.ts";
import { outsideLinkOf } from "./outside-link.ts";
import { registerPageScheme, servePage } from "./page-protocol.ts";
import { TabWindows } from "./tab-windows.ts";
import { WindowConnections } from "./window-connections.ts";
import { openWindowDesk, type DeskSurroundings, type WindowDesk } from "./window-desk.ts";
import { openWindowLog, type WindowLog } from "./window-log.ts";
import { menuTemplate } from "./window-menu.ts";

export interface WindowProgramParts {
  readonly startController: (settings: ControllerSettings) => Promise<ControllerApi>;
  readonly surroundings: (settings: DeskSurroundings) => Promise<WindowSurroundings>;
  readonly paths: Paths;
  /** Where the bundles are. */
  readonly programDirectory: string;
  readonly version: string;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** To be called while Electron is not ready yet: some things can be set up only then. */
export function startWindowProgram(parts: WindowProgramParts): void {
  const { paths } = parts;
  app.setName("Nebula");
  app.setAppUserModelId("org.nebula.controller");
  // Beside our own files, not in a folder of Chromium's choosing; what it can make again goes into the cache.
  app.setPath("userData", join(paths.state, "chromium"));
  app.setPath("sessionData", join(paths.cache, "chromium"));
  // Whoever says --no-sandbox (root must) has switched off the system's part of it; what Electron does itself stays.
  if (!app.commandLine.hasSwitch("no-sandbox")) app.enableSandbox();
  registerPageScheme();
  const files = filesOfWords(process.argv.slice(1), process.cwd());
  if (!app.requestSingleInstanceLock({ files })) {
    // The other one has been told, and opens them.
    app.exit(0);
    return;
  }
  const program = new WindowProgram(parts);
  program.open(files);
  // macOS says this way what was double-clicked, also before all is ready.
  app.on("open-file", (event, path) => {
    event.preventDefault();
    program.open([path]);
  });
  app.on("second-instance", (_event, _words, _directory, handover) => {
    program.open(filesOfHandover(handover));
    void program.show();
  });
  app.on("activate", () => void program.show());
  // Whether the program goes on without a window is decided elsewhere.
  app.on("window-all-closed", () => undefined);
  app.on("before-quit", (event) => {
    event.preventDefault();
    program.leave();
  });
  void app.whenReady().then(() => {
    // Not sooner: until then Electron puts in handlers of its own, which would ask.
    for (const signal of SIGNALS) process.on(signal, () => program.end());
    return program.start();
  });
}

class WindowProgram {
  readonly #parts: WindowProgramParts;
  readonly #log: WindowLog;
  readonly #connections: WindowConnections;
  readonly #leaving: LeaveProgram;
  readonly #places: WindowStateFile;
  readonly #tabs: TabWindows;
  #window: BrowserWindow | undefined;
  #opening: Promise<void> | undefined;
  #desk: Promise<WindowDesk> | undefined;
  #api: ControllerApi | undefined;
  #signals = 0;

  constructor(parts: WindowProgramParts) {
    this.#parts = parts;
    const { paths } = parts;
    this.#log = openWindowLog(join(paths.state, "logs"), !app.isPackaged);
    const log = this.#log.write;
    this.#places = new WindowStateFile(join(paths.state, "window-place.json"), log);
    this.#tabs = new TabWindows(() => ({ ...this.#pageParts(), log }));
    this.#connections = new WindowConnections({
      window: () => this.#window,
      detached: () => this.#tabs.windows,
      attach: async (port, tab) => (await this.#desk)?.attach(port, tab),
      onDropped: (files) => this.open(files),
      log,
    });
    this.#leaving = new LeaveProgram({
      runs: () => this.#runsGoing(),
      ended: async (run) => this.#api?.ended(run),
      ask: (runs) => this.#askToLeave(runs),
      askAgain: () => this.#askAgain(),
      closeWindows: () => this.#closeWindows(),
      tell: (text) => this.#tell(text),
      quit: () => this.#quit(),
      exit: (code) => this.#exit(code),
      log,
      after: (delayMs, action) => void setTimeout(action, delayMs).unref(),
    });
  }

  async start(): Promise<void> {
    const { programDirectory } = this.#parts;
    const log = this.#log.write;
    const lockDown = { openOutside: (address: string) => void this.#openOutside(address), log };
    lockDownApp(app, lockDown);
    lockDownSession(session.defaultSession, lockDown);
    const downloads = async (): Promise<Downloads | undefined> => (await this.#desk)?.downloads;
    servePage(session.defaultSession.protocol, join(programDirectory, "window"), downloads);
    // A shutdown does not wait for answers.
    powerMonitor.on("shutdown", () => this.end());
    this.#desk = this.#openDesk();
    try {
      // Both at once: the page loads while the controller starts.
      const [desk] = await Promise.all([this.#desk, this.show()]);
      this.#api = desk.api;
      await this.#showMenu(desk);
      desk.recent.onChange(() => void this.#showMenu(desk));
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      log(`the controller cannot be started: ${words}`);
      dialog.showErrorBox("Nebula cannot be started", words);
      this.#exit(1);
    }
  }

  /** Brings the window to the front, or opens one. */
  async show(): Promise<void> {
    if (!app.isReady()) return;
    this.#leaving.comeBack();
    if (this.#window === undefined) return (this.#opening ??= this.#openWindow());
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.focus();
  }

  /** By the window, as soon as it is there. */
  open(files: readonly string[]): void {
    for (const path of files) void this.#openFile(path);
  }

  leave(): void {
    void this.#leaving.leave();
  }

  /** A second signal does not wait any more. */
  end(): void {
    this.#signals += 1;
    if (this.#signals > 1) this.#exit(130);
    else void this.#leaving.end();
  }

  async #openWindow(): Promise<void> {
    const log = this.#log.write;
    const window = await makeMainWindow({
      ...this.#pageParts(),
      places: this.#places,
      mayClose: () => this.#leaving.mayClose || process.platform === "darwin",
      onCloseAsked: () => this.leave(),
      tell: (text) => this.#tell(text),
      log,
    });
    this.#window = window;
    this.#opening = undefined;
    window.on("closed", () => {
      this.#window = undefined;
      // They come again with the docks.
      this.#tabs.closeAll();
    });
    loadPage(window, log);
  }

  #openDesk(): Promise<WindowDesk> {
    return openWindowDesk({
      ...this.#parts,
      log: this.#log.write,
      workingDirectory: process.cwd(),
      environment: process.env,
      chooseFile: (kind) => this.#chooseFile(kind),
      openTab: async (place) => this.#tabs.open(place),
      tell: (text) => this.#tell(text),
    });
  }

  #pageParts(): Pick<MainWindowParts, "session" | "preload" | "isPackaged"> {
    const preload = join(this.#parts.programDirectory, "preload.cjs");
    return { session: session.defaultSession, preload, isPackaged: app.isPackaged };
  }

  #closeWindows(): void {
    this.#tabs.closeAll();
    this.#window?.destroy();
  }

  async #openFile(path: string): Promise<void> {
    const document = await readDocument(path);
    // What cannot be read is told by the window, which tries it, too.
    const kind = document.kind === "ok" ? documentKindOf(document.text) : "application";
    this.#command(`open-${kind}`, path);
  }

  #command(name: string, argument?: string): void {
    this.#connections.send({ kind: "command", name, argument });
  }

  #tell(text: string): void {
    this.#connections.send({ kind: "notice", severity: "warning", text });
  }

  #runsGoing(): readonly RunView[] {
    return this.#api?.runs().filter(({ verdict }) => verdict === undefined) ?? [];
  }

  #exit(code: number): void {
    this.#log.flush();
    app.exit(code);
  }

  async #quit(): Promise<void> {
    await (await this.#desk)?.close();
    await this.#places.close();
  }

  async #showMenu({ recent, examples }: WindowDesk): Promise<void> {
    const { paths } = this.#parts;
    const { isPackaged } = app;
    const content = { platform: process.platform, isPackaged, recent: await recent.files(), examples };
    const template = menuTemplate(content, {
      command: (name, argument) => this.#command(name, argument),
      clearRecent: () => recent.clear(),
      openLogs: () => void shell.openPath(join(paths.state, "logs")),
      openResults: () => void shell.openPath(join(paths.state, "runs")),
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  }

  async #chooseFile(kind: DocumentKind): Promise<string | null> {
    const what = kind === "application" ? "application specification" : "resource directory";
    const { filePaths } = await this.#withWindow((window) =>
      dialog.showOpenDialog(window, {
        title: `Open ${what}`,
        properties: ["openFile"],
        filters: [
          { name: "Documents of Nebula", extensions: ["xml", "nebula"] },
          { name: "All files", extensions: ["*"] },
        ],
      }),
    );
    return filePaths[0] ?? null;
  }

  /** A host's words may contain links: the person sees where one leads before anything is opened. */
  async #openOutside(address: string): Promise<void> {
    const link = outsideLinkOf(address);
    if (link === undefined) {
      this.#log.write(`window: refused to open ${address.slice(0, 200)}`);
      this.#tell("Only links to https:// addresses are opened.");
      return;
    }
    const { response } = await this.#withWindow((window) =>
      dialog.showMessageBox(window, {
        type: "question",
        message: "Open this address in your browser?",
        detail: link,
        buttons: ["Open", "Cancel"],
        defaultId: 1,
        cancelId: 1,
      }),
    );
    if (response === 0) await shell.openExternal(link);
  }

  async #askToLeave(runs: readonly RunView[]): Promise<LeaveChoice> {
    const cancelId = LEAVE_CHOICES.findIndex(({ choice }) => choice === "cancel");
    const { response } = await this.#withWindow((window) =>
      dialog.showMessageBox(window, {
        type: "question",
        ...leaveWords(runs),
        buttons: LEAVE_CHOICES.map(({ label }) => label),
        defaultId: 0,
        cancelId,
        noLink: true,
      }),
    );
    return LEAVE_CHOICES[response]?.choice ?? "cancel";
  }

  async #askAgain(): Promise<boolean> {
    const { message, detail, labels } = LEAVE_AGAIN;
    const { response } = await this.#withWindow((window) =>
      dialog.showMessageBox(window, { type: "question", message, detail, buttons: [...labels], cancelId: 0 }),
    );
    return response === 1;
  }

  /** macOS leaves programs that have no window open. */
  async #withWindow<Result>(show: (window: BrowserWindow) => Promise<Result>): Promise<Result> {
    if (this.#window === undefined) await this.show();
    const window = this.#window;
    if (window === undefined) throw new Error("there is no window to ask in");
    return show(window);
  }
}
