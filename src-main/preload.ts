// Entry of the window's preload script: asks for a port to the controller and hands it to the page. Nothing else is given.
import { ipcRenderer } from "electron";
import { CONNECT_CHANNEL, PAGE_ORIGIN, PORT_CHANNEL } from "./window/page-address.ts";

/** What it needs of the browser; the program's other files have none. */
interface Page {
  readonly location: { readonly origin: string };
  addEventListener(event: "DOMContentLoaded", listener: () => void): void;
  postMessage(message: string, origin: string, ports: readonly unknown[]): void;
}

const page = globalThis as unknown as Page;

ipcRenderer.on(PORT_CHANNEL, (event) => page.postMessage(PORT_CHANNEL, PAGE_ORIGIN, event.ports));
// By then the page's own scripts have run, so that it listens.
page.addEventListener("DOMContentLoaded", () => ipcRenderer.send(CONNECT_CHANNEL));
