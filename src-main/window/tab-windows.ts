// Windows that show one tab alone: opened by the main process when the docks' page asks for it, closed by the person.
import { BrowserWindow } from "electron";
import type { DetachResult, TabPlace } from "#shared/controller-api/window-messages.ts";
import { BACKGROUND, loadPage, pagePreferences, type MainWindowParts } from "./main-window.ts";
import { SIZE_MIN } from "./window-place.ts";

type PageParts = Pick<MainWindowParts, "session" | "preload" | "isPackaged" | "log">;

const SIZE = { width: 900, height: 640 };

export class TabWindows {
  /** Some of it is there only once Electron is ready. */
  readonly #parts: () => PageParts;
  readonly #windows = new Map<string, BrowserWindow>();

  constructor(parts: () => PageParts) {
    this.#parts = parts;
  }

  /** By the number of their tab. */
  get windows(): ReadonlyMap<string, BrowserWindow> {
    return this.#windows;
  }

  open({ id, title }: TabPlace): DetachResult {
    const parts = this.#parts();
    const { log } = parts;
    const window = new BrowserWindow({
      ...SIZE,
      minWidth: SIZE_MIN.width / 2,
      minHeight: SIZE_MIN.height / 2,
      title: `Nebula - ${title}`,
      show: false,
      backgroundColor: BACKGROUND,
      webPreferences: pagePreferences(parts),
    });
    this.#windows.set(id, window);
    window.setMenuBarVisibility(false);
    window.once("ready-to-show", () => window.show());
    window.on("closed", () => this.#windows.delete(id));
    // Its tab goes back into the docks: nothing is lost, and it is not tried for ever.
    window.webContents.on("render-process-gone", (_event, { reason, exitCode }) => {
      if (reason === "clean-exit") return;
      log(`window: the page of a tab has ended: ${reason} (${String(exitCode)})`);
      window.destroy();
    });
    loadPage(window, log);
    return { kind: "opened" };
  }

  closeAll(): void {
    for (const window of [...this.#windows.values()]) window.destroy();
  }
}
