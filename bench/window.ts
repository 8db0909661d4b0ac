// The window in a browser with simulated hosts: start, switches, keystrokes, frames at 1000 and 10,000, memory, event loop.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Browser, type Page } from "playwright-core";
import { browserCost } from "./window/browser-processes.ts";
import { frameTimes, keystrokes, switchView } from "./window/measure-page.ts";
import { ServedController } from "./window/served.ts";

const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000,10000" },
    /** Of memory, at the largest size that has a goal for it. */
    minutes: { type: "string", default: "1" },
    seconds: { type: "string", default: "8" },
    browser: { type: "string", default: "/usr/bin/chromium" },
    skip: { type: "string", default: "" },
  },
});

const ROOT = join(import.meta.dirname, "..");
const CHANGES_PER_SECOND = 1000;
const VIEW = { world: 1, host: 4, overlay: 5, output: 6 };
const GOALS = { usableMs: 3000, switchMs: 150, keystrokeMs: 100, rendererMb: 600, lagMs: 50 };
const FRAME_GOAL_MS = (hosts: number): number => (hosts <= 1000 ? 33 : 66);
const MEMORY_EVERY_MS = 5000;
/** More between the first and the last third of the time is growth, less is the collector's. */
const GROWTH_MB_MAX = 40;

interface Row {
  readonly what: string;
  readonly value: string;
  readonly goal: string;
  readonly ok: boolean | undefined;
}

const rows: Row[] = [];
const skip = options.skip.split(",");
const sizes = options.sizes.split(",").map(Number);

if (!skip.includes("start")) await withBrowser(measureStart);
for (const hosts of skip.includes("frames") ? [] : sizes)
  await withBrowser((browser, pid) => measureRestless(browser, pid, hosts));
if (!skip.includes("loop")) await withBrowser(measureLoop);
print();
process.exitCode = rows.some(({ ok }) => ok === false) ? 1 : 0;

async function withBrowser(measure: (browser: Browser, pid: number) => Promise<void>): Promise<void> {
  const server = await chromium.launchServer({
    executablePath: options.browser,
    args: ["--disable-background-networking", "--no-first-run"],
  });
  try {
    await measure(await chromium.connect(server.wsEndpoint()), server.process().pid ?? 0);
  } finally {
    await server.close();
  }
}

async function pageAt(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  // What compiles this file names functions by a helper that the page does not have.
  await context.addInitScript("globalThis.__name = (named) => named;");
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

/** The real program, from its start until its hosts are counted on the screen. */
async function measureStart(browser: Browser): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "nebula-bench-"));
  const example = join(ROOT, "assets", "examples", "simulated");
  const files = [join(example, "application.xml"), "-d", join(example, "directory.xml")];
  const began = performance.now();
  const child = spawn(process.execPath, [join(ROOT, "dist", "plush.mjs"), "web", ...files], {
    env: { ...process.env, HOME: home, XDG_STATE_HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  let address: string | undefined;
  for await (const text of child.stdout.setEncoding("utf8")) {
    said += String(text);
    address = /http:\/\/\S+/.exec(said)?.[0];
    if (address !== undefined) break;
  }
  if (address === undefined) throw new Error(`plush web has ended without an address: ${said}`);
  const served = performance.now() - began;
  const page = await pageAt(browser, address);
  await page.locator(".status-bar").getByText("1000 hosts").waitFor();
  const usable = performance.now() - began;
  const paint = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
  );
  note("program served after", served, "", undefined);
  note("first paint after the page was asked for", paint, "", undefined);
  note(
    "usable after (program, page, 1000 hosts listed)",
    usable,
    `< ${String(GOALS.usableMs)} ms`,
    usable < GOALS.usableMs,
  );
  child.kill("SIGINT");
  await once(child, "exit");
  rmSync(home, { recursive: true, force: true });
}

/** Hosts that seem to change, told through the window's real session: 10,000 attached ones would need the machine themselves. */
async function measureRestless(browser: Browser, pid: number, hosts: number): Promise<void> {
  const controller = new ServedController({ hosts, changesPerSecond: CHANGES_PER_SECOND, overlay: "star" });
  const { address } = await controller.word("address");
  const page = await pageAt(browser, address);
  await page.locator(".status-bar").getByText(attachedWords(hosts)).waitFor();
  const seconds = Number(options.seconds);
  const goal = FRAME_GOAL_MS(hosts);
  for (const [name, key] of [
    ["tree", VIEW.overlay],
    ["map", VIEW.world],
  ] as const) {
    await switchView(page, key);
    const before = browserCost(pid).cpuMs;
    const began = performance.now();
    const frames = await frameTimes(page, seconds);
    const share = (browserCost(pid).cpuMs - before) / (performance.now() - began);
    rows.push({
      what: `browser's processor time meanwhile`,
      value: `${(share * 100).toFixed(0)} % of a core`,
      goal: "",
      ok: undefined,
    });
    const words = `p95 ${frames.p95.toFixed(0)}, median ${frames.median.toFixed(0)}, worst ${frames.max.toFixed(0)} ms`;
    rows.push({
      what: `frames of the ${name}, ${String(hosts)} hosts`,
      value: words,
      goal: `p95 <= ${String(goal)} ms`,
      ok: frames.p95 <= goal,
    });
  }
  const switches: number[] = [];
  for (let round = 0; round < 3; round += 1)
    for (const key of [1, 2, 3, 4, 5, 6]) switches.push(await switchView(page, key));
  const worst = Math.max(...switches);
  const typical = [...switches].sort((left, right) => left - right)[Math.floor(switches.length / 2)] ?? 0;
  rows.push({
    what: `view switch, ${String(hosts)} hosts`,
    value: `median ${typical.toFixed(0)}, worst ${worst.toFixed(0)} ms`,
    goal: `< ${String(GOALS.switchMs)} ms`,
    ok: typical < GOALS.switchMs,
  });
  await switchView(page, VIEW.host);
  const keys = await keystrokes(page, "state:failed AND depth>1");
  rows.push({
    what: `filter keystroke, ${String(hosts)} hosts`,
    value: `median ${keys.median.toFixed(0)}, p95 ${keys.p95.toFixed(0)} ms`,
    goal: `< ${String(GOALS.keystrokeMs)} ms`,
    ok: keys.p95 < GOALS.keystrokeMs,
  });
  const lag = await controller.lag();
  rows.push({
    what: `controller's event loop meanwhile, ${String(hosts)} hosts`,
    value: lagWords(lag),
    goal: "",
    ok: undefined,
  });
  await measureMemory(page, pid, hosts);
  await page.close();
  await controller.close();
}

async function measureMemory(page: Page, pid: number, hosts: number): Promise<void> {
  await switchView(page, VIEW.overlay);
  const samples: number[] = [];
  const until = performance.now() + Number(options.minutes) * 60_000;
  while (performance.now() < until) {
    samples.push(browserCost(pid).rendererMb);
    await page.waitForTimeout(MEMORY_EVERY_MS);
  }
  const third = Math.max(1, Math.floor(samples.length / 3));
  const mean = (some: readonly number[]): number => some.reduce((sum, one) => sum + one, 0) / some.length;
  const growth = mean(samples.slice(-third)) - mean(samples.slice(0, third));
  const peak = Math.max(...samples);
  rows.push({
    what: `renderer over ${options.minutes} min, ${String(hosts)} hosts`,
    value: `peak ${peak.toFixed(0)} MB, last third ${growth >= 0 ? "+" : ""}${growth.toFixed(0)} MB`,
    goal: `< ${String(GOALS.rendererMb)} MB, not growing`,
    ok: peak < GOALS.rendererMb && growth < GROWTH_MB_MAX,
  });
}

/** A thousand simulated hosts attach and run, with a window that looks: what the controller's own thread is kept from. */
async function measureLoop(browser: Browser): Promise<void> {
  const hosts = 1000;
  const controller = new ServedController({ hosts, changesPerSecond: 0, overlay: "star" });
  const { address } = await controller.word("address");
  const page = await pageAt(browser, address);
  await page.locator(".status-bar").getByText("1000 hosts").waitFor();
  await controller.lag();
  const [attached, ran] = [controller.word("attached"), controller.word("ran")];
  controller.order({ kind: "attach", command: "sleep 10; hostname" });
  const { ms } = await attached;
  note(`${String(hosts)} simulated hosts attached after`, ms, "", undefined);
  const end = await ran;
  rows.push({
    what: "they ran sleep 10; hostname, exit code",
    value: `${String(end.exitCode)} after ${(end.ms / 1000).toFixed(1)} s`,
    goal: "0",
    ok: end.exitCode === 0,
  });
  const busy = await controller.lag();
  rows.push({
    what: "event loop while they attach and run",
    value: lagWords(busy),
    goal: `p99 <= ${String(GOALS.lagMs)} ms`,
    ok: busy.p99 <= GOALS.lagMs,
  });
  await page.waitForTimeout(10_000);
  const idle = await controller.lag();
  rows.push({
    what: "event loop with 1000 that stand",
    value: lagWords(idle),
    goal: `p99 <= ${String(GOALS.lagMs)} ms`,
    ok: idle.p99 <= GOALS.lagMs,
  });
  await page.close();
  await controller.close();
}

/** As the status bar writes it: thousands apart from 10 000 on. */
function attachedWords(hosts: number): RegExp {
  return new RegExp(`${String(hosts).replace(/(\d)(\d{3})$/, "$1.?$2")} attached`);
}

function lagWords({
  p50,
  p99,
  max,
}: {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}): string {
  return `p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)}, worst ${max.toFixed(0)} ms`;
}

function note(what: string, ms: number, goal: string, ok: boolean | undefined): void {
  rows.push({ what, value: `${ms.toFixed(0)} ms`, goal, ok });
}

function print(): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const middle = Math.max(...rows.map(({ value }) => value.length));
  for (const { what, value, goal, ok } of rows) {
    const verdict = ok === undefined ? "" : ok ? "ok" : "MISSED";
    console.log(`${what.padEnd(width)}  ${value.padEnd(middle)}  ${goal.padEnd(22)} ${verdict}`);
  }
  const load = loadavg().map((one) => one.toFixed(1));
  console.log(
    `\n1000 state changes a second, five moves in the tree; ${String(cpus().length)} cores, load ${load.join(" ")}`,
  );
  console.log(
    "10,000 hosts are told through the window's session, not attached; the 1000 of the event loop are simulated hosts that attach.",
  );
}
