// The two places that the window runs in, with the same page to test: the real Electron, and a browser with `plush web`.
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import {
  _electron,
  chromium,
  type Browser,
  type BrowserContext,
  type ElectronApplication,
  type Page,
} from "playwright-core";
import { inject } from "vitest";
import { ROOT, WindowHome } from "./window-home.ts";

export interface OpenWindow {
  readonly page: Page;
  readonly home: WindowHome;
  /** What the page has said on its console, and errors it did not catch. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Words of the command line: files. */
  readonly words?: readonly string[];
  /** One that was used before: then it stays. */
  readonly home?: WindowHome;
}

export type WindowTarget = (options?: OpenOptions) => Promise<OpenWindow>;

/** On a busy computer. */
export const START_MS_MAX = 30_000;
export const CHROMIUM = "/usr/bin/chromium";
/** No word to anybody outside. */
export const QUIET = [
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Root may not use the system's sandbox. */
export const ELECTRON_FLAGS = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

/** That of this worker. */
export function displayHere(): string {
  const displays = inject("displays");
  const display = displays[(Number(process.env["VITEST_POOL_ID"] ?? 1) - 1) % displays.length];
  if (display === undefined) throw new Error("there is no display");
  return display;
}

export interface ElectronWindow extends OpenWindow {
  readonly app: ElectronApplication;
  readonly child: ChildProcess;
  /** All of its processes have ended. */
  readonly closed: Promise<unknown>;
  /** What the program has said on standard error. */
  words(): string;
}

export async function openInElectron(options: OpenOptions = {}): Promise<ElectronWindow> {
  const home = options.home ?? new WindowHome();
  const app = await _electron.launch({
    executablePath: inject("electron").program,
    args: [...ELECTRON_FLAGS, ROOT, ...(options.words ?? [])],
    cwd: home.work,
    env: { ...home.environment, DISPLAY: displayHere() },
    timeout: START_MS_MAX,
  });
  const child = app.process();
  // Not its exit: the processes of its pages write a moment longer.
  const closed = once(child, "close");
  let words = "";
  child.stderr?.on("data", (bytes: Buffer) => (words += bytes.toString()));
  const page = await app.firstWindow({ timeout: START_MS_MAX });
  return {
    app,
    child,
    closed,
    page,
    home,
    complaints: complaintsOf(page),
    words: () => words,
    async close() {
      await app.close();
      await closed;
      if (options.home === undefined) home.remove();
    },
  };
}

export interface WebWindow extends OpenWindow {
  readonly address: string;
  readonly context: BrowserContext;
}

export async function openInBrowser(options: OpenOptions = {}): Promise<WebWindow> {
  const home = options.home ?? new WindowHome();
  const server = await startWeb(home, options.words ?? []);
  const browser = await startBrowser();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(server.address);
  return {
    page,
    home,
    context,
    address: server.address,
    complaints,
    async close() {
      await browser.close();
      await server.close();
      if (options.home === undefined) home.remove();
    },
  };
}

export const TARGETS: readonly (readonly [string, WindowTarget])[] = [
  ["Electron", openInElectron],
  ["a browser", openInBrowser],
];

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET, timeout: START_MS_MAX });
}

export interface RunningWeb {
  readonly address: string;
  close(): Promise<void>;
}

/** The real command. */
export async function startWeb(home: WindowHome, words: readonly string[]): Promise<RunningWeb> {
  const child = spawn(process.execPath, [join(ROOT, "dist", "plush.mjs"), "web", ...words], {
    cwd: home.work,
    env: home.environment,
  });
  return {
    address: await addressOf(child),
    async close() {
      if (child.exitCode !== null) return;
      child.kill("SIGINT");
      await once(child, "exit");
    },
  };
}

async function addressOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8");
  child.stderr.on("data", (text: string) => (said += text));
  for await (const text of child.stdout) {
    said += String(text);
    const address = /http:\/\/\S+/.exec(said)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error(`plush web has ended without an address: ${said}`);
}

function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return complaints;
}
