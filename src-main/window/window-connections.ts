// Gives the pages of our windows their ports to the controller, takes the files dropped on them, and refuses everybody else.
import { isAbsolute } from "node:path";
import { ipcMain, MessageChannelMain, type BrowserWindow, type IpcMainEvent } from "electron";
import type { WindowUpdate } from "#shared/controller-api/window-messages.ts";
import type { WindowPort } from "../window-session/window-port.ts";
import { electronPort } from "./message-port.ts";
import { filesOfHandover } from "./opened-files.ts";
import { CONNECT_CHANNEL, DROP_CHANNEL, PAGE_ADDRESS, PORT_CHANNEL } from "./page-address.ts";

export interface ConnectionParts {
  /** The main one, and those that show a tab that was torn off, by its number. */
  readonly window: () => BrowserWindow | undefined;
  readonly detached: () => ReadonlyMap<string, BrowserWindow>;
  /** Resolves when the page has had its welcome. `tab`: the number of the one that it shows alone. */
  readonly attach: (port: WindowPort, tab: string | undefined) => Promise<void>;
  /** Absolute paths of files that a person has dropped on a page; nothing else of them is checked. */
  readonly onDropped: (files: readonly string[]) => void;
  readonly log: (text: string) => void;
}

/** What a page is told that is not there yet: more than that is old news. */
const WAITING_MAX = 32;

export class WindowConnections {
  readonly #parts: ConnectionParts;
  /** Of the pages that are loaded now; undefined is the main one. */
  readonly #ports = new Map<string | undefined, WindowPort>();
  #isAttached = false;
  #waiting: WindowUpdate[] = [];

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    ipcMain.on(CONNECT_CHANNEL, (event) => this.#connect(event));
    ipcMain.on(DROP_CHANNEL, (event, files: unknown) => this.#drop(event, files));
  }

  /** To the main window: now, or when its page is there. */
  send(update: WindowUpdate): void {
    const port = this.#ports.get(undefined);
    if (port !== undefined && this.#isAttached) port.send(update);
    else this.#waiting = [...this.#waiting, update].slice(-WAITING_MAX);
  }

  /** Which of our windows it is whose own page speaks; undefined: none of them. */
  #speakerOf({ sender, senderFrame }: IpcMainEvent): { readonly tab: string | undefined } | undefined {
    const { window, detached } = this.#parts;
    if (senderFrame === null || senderFrame.parent !== null || senderFrame.url !== PAGE_ADDRESS)
      return undefined;
    if (sender === window()?.webContents) return { tab: undefined };
    const found = [...detached()].find(([, one]) => !one.isDestroyed() && one.webContents === sender);
    return found === undefined ? undefined : { tab: found[0] };
  }

  #drop(event: IpcMainEvent, dropped: unknown): void {
    if (this.#speakerOf(event) === undefined) return this.#refuse(event, "files");
    const files = filesOfHandover({ files: dropped }).filter((file) => isAbsolute(file));
    if (files.length > 0) return this.#parts.onDropped(files);
    this.send({
      kind: "notice",
      severity: "warning",
      text: "What was dropped cannot be opened: at most eight files.",
    });
  }

  #connect(event: IpcMainEvent): void {
    const { attach, log } = this.#parts;
    const speaker = this.#speakerOf(event);
    const { senderFrame } = event;
    if (speaker === undefined || senderFrame === null) return this.#refuse(event, "a port");
    const { tab } = speaker;
    this.#ports.get(tab)?.close("the page was loaded anew");
    if (tab === undefined) this.#isAttached = false;
    const { port1, port2 } = new MessageChannelMain();
    const port = electronPort(port1, log);
    this.#ports.set(tab, port);
    port.onClose(() => {
      if (this.#ports.get(tab) === port) this.#ports.delete(tab);
    });
    senderFrame.postMessage(PORT_CHANNEL, null, [port2]);
    attach(port, tab).then(
      () => {
        if (tab !== undefined || this.#ports.get(tab) !== port) return;
        this.#isAttached = true;
        for (const update of this.#waiting.splice(0)) port.send(update);
      },
      (error: unknown) => {
        log(
          `window: cannot be attached: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      },
    );
  }

  #refuse({ senderFrame }: IpcMainEvent, what: string): void {
    const where = senderFrame?.url ?? "a page that is gone";
    this.#parts.log(`window: refused ${what} to ${where.slice(0, 200)}`);
  }
}
