// Where the window's page lives, and the names under which preload and main process speak: known to both.

export const PAGE_SCHEME = "app";
export const PAGE_HOST = "nebula";
export const PAGE_ORIGIN = `${PAGE_SCHEME}://${PAGE_HOST}`;
export const PAGE_ADDRESS = `${PAGE_ORIGIN}/`;

/** From the preload script: the page has loaded and listens. */
export const CONNECT_CHANNEL = "nebula-connect";
/** To the preload script, and on to the page: with the port to the controller. */
export const PORT_CHANNEL = "nebula-port";
/** From the preload script: paths of files that the person has dropped on the page. There is no other message from it. */
export const DROP_CHANNEL = "nebula-drop";
