// Gives the page of our window its port to the controller, and refuses everybody else who asks for one.
import { ipcMain, MessageChannelMain, type BrowserWindow, type IpcMainEvent } from "electron";
import type { WindowUpdate } from "#shared/controller-api/window-messages.ts";
import type { WindowPort } from "../window-session/window-port.ts";
import { electronPort } from "./message-port.ts";
import { CONNECT_CHANNEL, PAGE_ADDRESS, PORT_CHANNEL } from "./page-address.ts";

export interface ConnectionParts {
  readonly window: () => BrowserWindow | undefined;
  /** Resolves when the page has had its welcome. */
  readonly attach: (port: WindowPort) => Promise<void>;
  readonly log: (text: string) => void;
}

/** What a page is told that is not there yet: more than that is old news. */
const WAITING_MAX = 32;

export class WindowConnections {
  readonly #parts: ConnectionParts;
  /** The page's that is loaded now. */
  #port: WindowPort | undefined;
  #isAttached = false;
  #waiting: WindowUpdate[] = [];

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    ipcMain.on(CONNECT_CHANNEL, (event) => this.#connect(event));
  }

  /** Now, or when the page is there. */
  send(update: WindowUpdate): void {
    if (this.#port !== undefined && this.#isAttached) this.#port.send(update);
    else this.#waiting = [...this.#waiting, update].slice(-WAITING_MAX);
  }

  #connect({ sender, senderFrame }: IpcMainEvent): void {
    const { window, attach, log } = this.#parts;
    const ours = window();
    const isOurs =
      ours !== undefined &&
      senderFrame !== null &&
      sender === ours.webContents &&
      senderFrame.parent === null &&
      senderFrame.url === PAGE_ADDRESS;
    if (!isOurs) {
      log(`window: refused a port to ${(senderFrame?.url ?? "a page that is gone").slice(0, 200)}`);
      return;
    }
    this.#port?.close("the page was loaded anew");
    this.#isAttached = false;
    const { port1, port2 } = new MessageChannelMain();
    const port = electronPort(port1, log);
    this.#port = port;
    port.onClose(() => {
      if (this.#port === port) this.#port = undefined;
    });
    senderFrame.postMessage(PORT_CHANNEL, null, [port2]);
    attach(port).then(
      () => {
        if (this.#port !== port) return;
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
}
