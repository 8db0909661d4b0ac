// The window itself: made with everything off that a page does not need, put where it stood, brought back when it crashes.
import { BrowserWindow, dialog, screen, type Session, type WebPreferences } from "electron";
import type { WindowStateFile } from "../window-session/window-state-file.ts";
import { PAGE_ADDRESS } from "./page-address.ts";
import { parsePlaces, placeFor, SIZE_MIN, withPlace, type WindowPlace } from "./window-place.ts";

export interface MainWindowParts {
  readonly session: Session;
  readonly preload: string;
  readonly isPackaged: boolean;
  readonly places: WindowStateFile;
  /** False: it stays open, and the person is asked. */
  readonly mayClose: () => boolean;
  readonly onCloseAsked: () => void;
  /** For the page, once it is there again. */
  readonly tell: (text: string) => void;
  readonly log: (text: string) => void;
}

/** A page that crashes again and again is not loaded for ever. */
const CRASHES_MAX = 3;
const CRASHES_WITHIN_MS = 60_000;
/** In both themes, until the page is drawn. */
export const BACKGROUND = "#16161d";

/** Its page is loaded by `loadPage`, when whoever has it is ready to be asked for a port. */
export async function makeMainWindow(parts: MainWindowParts): Promise<BrowserWindow> {
  const { places } = parts;
  const kept = parsePlaces(await places.read());
  const screens = screen.getAllDisplays().map(({ workArea }) => workArea);
  const { x, y, width, height, isMaximised, isFullScreen } = placeFor(kept, screens);
  const window = new BrowserWindow({
    ...{ x, y, width, height, minWidth: SIZE_MIN.width, minHeight: SIZE_MIN.height },
    title: "Nebula",
    show: false,
    backgroundColor: BACKGROUND,
    webPreferences: pagePreferences(parts),
  });
  // The page has menus of its own where the system has none at the top of the screen; keys of this one work all the same.
  window.setMenuBarVisibility(false);
  if (isMaximised) window.maximize();
  if (isFullScreen) window.setFullScreen(true);
  window.once("ready-to-show", () => window.show());
  keepPlace(window, parts);
  comeBackFromCrashes(window, parts);
  window.on("close", (event) => {
    if (parts.mayClose()) return;
    event.preventDefault();
    parts.onCloseAsked();
  });
  return window;
}

/** Of every page of ours: everything off that it does not need. */
export function pagePreferences({
  session,
  preload,
  isPackaged,
}: Pick<MainWindowParts, "session" | "preload" | "isPackaged">): WebPreferences {
  return {
    session,
    preload,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    safeDialogs: true,
    // Would fetch dictionaries.
    spellcheck: false,
    devTools: !isPackaged,
  };
}

export function loadPage(window: BrowserWindow, log: (text: string) => void): void {
  window.loadURL(PAGE_ADDRESS).catch((error: unknown) => {
    log(`window: its page cannot be loaded: ${String(error)}`);
  });
}

function keepPlace(window: BrowserWindow, { places }: MainWindowParts): void {
  const keep = async (): Promise<void> => {
    if (window.isDestroyed() || window.isMinimized()) return;
    const place: WindowPlace = {
      ...window.getNormalBounds(),
      isMaximised: window.isMaximized(),
      isFullScreen: window.isFullScreen(),
    };
    const screens = screen.getAllDisplays().map(({ workArea }) => workArea);
    places.keep(JSON.stringify(withPlace(parsePlaces(await places.read()), screens, place)));
  };
  const listener = (): void => void keep();
  window.on("resize", listener);
  window.on("move", listener);
  window.on("maximize", listener);
  window.on("unmaximize", listener);
  window.on("enter-full-screen", listener);
  window.on("leave-full-screen", listener);
}

function comeBackFromCrashes(window: BrowserWindow, { tell, log }: MainWindowParts): void {
  const contents = window.webContents;
  let crashesMs: number[] = [];
  const offerReload = async (message: string): Promise<void> => {
    const { response } = await dialog.showMessageBox(window, {
      type: "warning",
      message,
      detail: "Runs and hosts are not affected. What it was about is in the log (Help, Show logs).",
      buttons: ["Load it anew", "Wait"],
      cancelId: 1,
    });
    if (response !== 0 || window.isDestroyed()) return;
    crashesMs = [];
    // One that hangs does not let itself be loaded anew: ended this way, it comes back as from a crash.
    if (contents.isCrashed()) contents.reload();
    else contents.forcefullyCrashRenderer();
  };
  contents.on("render-process-gone", (_event, { reason, exitCode }) => {
    if (reason === "clean-exit") return;
    log(`window: its page has ended: ${reason} (${String(exitCode)})`);
    const nowMs = Date.now();
    crashesMs = [...crashesMs.filter((crashMs) => nowMs - crashMs < CRASHES_WITHIN_MS), nowMs];
    if (crashesMs.length > CRASHES_MAX) {
      void offerReload(`The window has ended ${String(crashesMs.length)} times within a minute (${reason}).`);
      return;
    }
    tell(
      `The window has ended unexpectedly (${reason}) and was loaded anew. Runs and hosts were not affected.`,
    );
    contents.reload();
  });
  window.on("unresponsive", () => {
    log("window: its page does not answer");
    void offerReload("The window does not answer.");
  });
}
