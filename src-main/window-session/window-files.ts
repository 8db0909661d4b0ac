// The window's own files, for Electron's protocol and for the web server alike, with the policy they run under.
import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";

/** No address but our own, no code but our own; xterm and the docks write styles, which cannot run anything. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export const WINDOW_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()",
  "cache-control": "no-store",
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".ico": "image/x-icon",
};

export interface WindowFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `path` as in an address. Undefined: no such file, or none of the window's. */
export async function readWindowFile(directory: string, path: string): Promise<WindowFile | undefined> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // Not a path at all.
    return undefined;
  }
  if (decoded.includes("\0")) return undefined;
  const name = decoded === "/" ? "/index.html" : decoded;
  const full = normalize(join(directory, name));
  if (!full.startsWith(`${normalize(directory)}${sep}`)) return undefined;
  const type = TYPES[extname(full)];
  if (type === undefined) return undefined;
  try {
    return { type, bytes: new Uint8Array(await readFile(full)) };
  } catch {
    // Not there, or a folder: the same for who asks.
    return undefined;
  }
}
