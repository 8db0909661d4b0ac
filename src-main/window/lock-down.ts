// What no page may do, whatever it shows: go elsewhere, open windows, ask for devices, load from the network.
import type { App, Session, WebContents } from "electron";
import { PAGE_ADDRESS, PAGE_ORIGIN, PAGE_SCHEME } from "./page-address.ts";

export interface LockDownParts {
  /** An address that the page wants to show elsewhere; not judged yet. */
  readonly openOutside: (address: string) => void;
  readonly log: (text: string) => void;
}

/** Copying is for the window; all else (reading the clipboard, notifications, devices, capture) is for nobody. */
const PERMITTED = "clipboard-sanitized-write";

/** The page's own files, and what it makes in memory. Chromium's tools load their own. */
const LOADED = new Set([`${PAGE_SCHEME}:`, "blob:", "data:", "devtools:"]);

export function lockDownApp(app: App, parts: LockDownParts): void {
  app.on("web-contents-created", (_event, contents) => lockDownContents(contents, parts));
}

export function lockDownSession(session: Session, { log }: LockDownParts): void {
  session.setPermissionRequestHandler((_contents, permission, decide, { requestingUrl }) => {
    decide(isPermitted(permission, requestingUrl));
  });
  session.setPermissionCheckHandler((_contents, permission, origin) => isPermitted(permission, origin));
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, decide) => {
    const isOurs = LOADED.has(new URL(url).protocol);
    if (!isOurs) log(`window: refused to load ${url.slice(0, 200)}`);
    decide({ cancel: !isOurs });
  });
  session.on("will-download", (event, item) => {
    // What the window exports it makes itself, or has been offered for its hosts' files; the person is asked where it goes.
    const url = item.getURL();
    const isOurs = [`blob:${PAGE_ORIGIN}/`, `${PAGE_ORIGIN}/download/`].some((start) =>
      url.startsWith(start),
    );
    if (!isOurs) event.preventDefault();
  });
}

function isPermitted(permission: string, origin: string): boolean {
  return permission === PERMITTED && URL.canParse(origin) && new URL(origin).protocol === `${PAGE_SCHEME}:`;
}

function lockDownContents(contents: WebContents, { openOutside, log }: LockDownParts): void {
  const refuse = (what: string, url: string, event: { preventDefault(): void }): void => {
    event.preventDefault();
    log(`window: refused to ${what} ${url.slice(0, 200)}`);
  };
  contents.on("will-frame-navigate", (event) => {
    // Loading itself anew is the one way that a page may go.
    if (!event.isMainFrame || event.url !== PAGE_ADDRESS) refuse("go to", event.url, event);
  });
  contents.on("will-redirect", (event) => refuse("be led to", event.url, event));
  contents.on("will-attach-webview", (event) => refuse("show", "a page inside of the page", event));
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: "deny" };
  });
}
