// app://nebula: serves the window's own files to its page, and nothing to anybody else.
import { protocol, type Protocol } from "electron";
import { isDownload, type Downloads } from "../window-session/downloads.ts";
import { readWindowFile, WINDOW_HEADERS } from "../window-session/window-files.ts";
import { PAGE_HOST, PAGE_SCHEME } from "./page-address.ts";

/** Before Electron is ready, or never. A scheme of our own has an origin, and none of the rights of file://. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

export function servePage(
  where: Protocol,
  windowDirectory: string,
  downloads: () => Promise<Downloads | undefined>,
): void {
  where.handle(PAGE_SCHEME, (request) => answerPage(request, windowDirectory, downloads));
}

async function answerPage(
  request: Request,
  windowDirectory: string,
  downloads: () => Promise<Downloads | undefined>,
): Promise<Response> {
  const { host, pathname } = new URL(request.url);
  if (host !== PAGE_HOST) return refusal(404);
  if (request.method !== "GET" && request.method !== "HEAD") return refusal(405);
  if (isDownload(pathname)) {
    const download = request.method === "GET" ? (await downloads())?.take(pathname) : undefined;
    return download === undefined ? refusal(404) : new Response(download.body, { headers: download.headers });
  }
  const file = await readWindowFile(windowDirectory, pathname);
  if (file === undefined) return refusal(404);
  return new Response(request.method === "HEAD" ? null : file.bytes, {
    headers: { ...WINDOW_HEADERS, "content-type": file.type },
  });
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: WINDOW_HEADERS });
}
