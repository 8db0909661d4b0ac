// Entry of the window's preload script: hands the page a port to the controller, and says which files were dropped. Nothing else is given.
import { ipcRenderer, webUtils } from "electron";
import { CONNECT_CHANNEL, DROP_CHANNEL, PAGE_ORIGIN, PORT_CHANNEL } from "./window/page-address.ts";

/** What it needs of the browser; the program's other files have none. */
interface Page {
  readonly location: { readonly origin: string };
  addEventListener(event: "DOMContentLoaded", listener: () => void): void;
  addEventListener(event: "drop", listener: (event: Drop) => void): void;
  postMessage(message: string, origin: string, ports: readonly unknown[]): void;
}

interface Drop {
  /** False: a script of the page has made it up. */
  readonly isTrusted: boolean;
  readonly target: { closest?(selector: string): unknown } | null;
  readonly dataTransfer: { readonly files: Iterable<Parameters<typeof webUtils.getPathForFile>[0]> } | null;
}

const page = globalThis as unknown as Page;

ipcRenderer.on(PORT_CHANNEL, (event) => page.postMessage(PORT_CHANNEL, PAGE_ORIGIN, event.ports));
// By then the page's own scripts have run, so that it listens.
page.addEventListener("DOMContentLoaded", () => ipcRenderer.send(CONNECT_CHANNEL));
// A page never learns where a file lies: the paths go to the main process only, which opens them as from the desktop.
page.addEventListener("drop", ({ isTrusted, target, dataTransfer }) => {
  const files = [...(dataTransfer?.files ?? [])];
  // Parts of the window that take files themselves are marked so.
  const isTaken = (target?.closest?.("[data-takes-files]") ?? null) !== null;
  if (!isTrusted || isTaken || files.length === 0) return;
  ipcRenderer.send(
    DROP_CHANNEL,
    files.map((file) => webUtils.getPathForFile(file)),
  );
});
