// The desktop program's life: started twice, crashed, left while something runs, found again as it was.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { ElectronApplication } from "playwright-core";
import { afterEach, describe, expect, inject, test } from "vitest";
import { ROOT, WindowHome } from "./window-home.ts";
import {
  displayHere,
  ELECTRON_FLAGS,
  openInElectron,
  type ElectronWindow,
  type OpenOptions,
} from "./window-targets.ts";

const EXAMPLES = join(ROOT, "assets", "examples");
const APPLICATION = join(EXAMPLES, "service", "application.xml");
const DIRECTORY = join(EXAMPLES, "service", "directory.xml");
/** What is asked when the program is left. */
const LEAVE_IT_RUNNING = 0;
const STOP = 1;
const CANCEL = 2;

const opened: ElectronWindow[] = [];
const homes: WindowHome[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map(end));
  for (const home of homes.splice(0)) home.remove();
});

/** However the test has left it. */
async function end({ child, closed }: ElectronWindow): Promise<void> {
  child.kill("SIGKILL");
  await closed;
}

function newHome(): WindowHome {
  const home = new WindowHome();
  homes.push(home);
  return home;
}

async function open(home: WindowHome, options: OpenOptions = {}): Promise<ElectronWindow> {
  const window = await openInElectron({ ...options, home });
  opened.push(window);
  await window.page.locator(".menu-bar").waitFor();
  return window;
}

/** A second start of the same program; resolves with how it ended. */
async function startAgain(home: WindowHome, words: readonly string[]): Promise<number | null> {
  const { program } = inject("electron");
  const env = { ...home.environment, DISPLAY: displayHere() };
  const child = spawn(program, [...ELECTRON_FLAGS, ROOT, ...words], { cwd: home.work, env, stdio: "ignore" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
}

/** Answers what the program asks, from now on, and notes what it was. */
function answerDialogs(app: ElectronApplication, answer: number): Promise<void> {
  return app.evaluate(({ dialog }, response) => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = ((_window: unknown, { message, detail }: { message: string; detail: string }) => {
      asked.push(`${message}\n${detail}`);
      return Promise.resolve({ response, checkboxChecked: false });
    }) as unknown as typeof dialog.showMessageBox;
  }, answer);
}

const askedOf = (app: ElectronApplication): Promise<readonly string[]> =>
  app.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);

/** As a click on the window's cross. */
const closeByHand = (app: ElectronApplication): Promise<void> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());

const windowsOf = (app: ElectronApplication): Promise<number> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);

/** A service on an embedded host, which goes on until it is stopped. */
async function startService({ page }: ElectronWindow): Promise<void> {
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByText("1 serving").first().waitFor();
}

/** Folders of embedded hosts that are left. */
function hostsLeft(home: WindowHome): readonly string[] {
  const folder = join(home.state, "hosts");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== "kept") : [];
}

/** What the processes of embedded hosts hold open: their keepers name the host's folder. */
function heldOpen(home: WindowHome): readonly string[] {
  const isOurs = (pid: string): boolean => {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return words.includes("plush-keeper") && words.includes(home.state);
  };
  const readable = <Result>(read: () => Result, otherwise: Result): Result => {
    try {
      return read();
    } catch {
      return otherwise; // it has ended meanwhile
    }
  };
  const pids = readdirSync("/proc").filter((name) => /^\d+$/u.test(name));
  const keepers = pids.filter((pid) => readable(() => isOurs(pid), false));
  return keepers.flatMap((pid) =>
    readable(() => readdirSync(`/proc/${pid}/fd`), []).map((descriptor) =>
      readable(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`), ""),
    ),
  );
}

describe("the desktop program", () => {
  test("opens the files that it is started with, now and when it is started again, and keeps one window", async () => {
    const home = newHome();
    const { app, page } = await open(home, { words: [DIRECTORY] });
    expect(await startAgain(home, [APPLICATION])).toBe(0);
    await page.getByText("Nebula - application.xml").waitFor();
    await page.getByRole("button", { name: "Run", exact: true, disabled: false }).waitFor();
    expect(await windowsOf(app)).toBe(1);
    const recent = await app.evaluate(({ Menu }) => {
      const menu = Menu.getApplicationMenu();
      const file = menu?.items.find(({ label }) => label === "&File")?.submenu;
      const list = file?.items.find(({ label }) => label === "Open recent")?.submenu;
      return { menus: menu?.items.map(({ label }) => label), recent: list?.items.map(({ label }) => label) };
    });
    expect(recent.menus).toEqual(["&File", "&Edit", "&View", "&Plush", "&Window", "&Help"]);
    expect(recent.recent).toEqual([APPLICATION, DIRECTORY, "", "Clear this list"]);
  });

  test("stands where it stood, and closes at once when nothing runs", async () => {
    const home = newHome();
    const first = await open(home);
    const place = { x: 90, y: 70, width: 1100, height: 700 };
    await first.app.evaluate(({ BrowserWindow }, bounds) => {
      BrowserWindow.getAllWindows()[0]?.setBounds(bounds);
    }, place);
    await expect.poll(() => readPlace(home)).toMatchObject(place);
    const exited = once(first.child, "exit");
    await closeByHand(first.app).catch(() => "gone before it answers");
    expect((await exited)[0]).toBe(0);
    const second = await open(home);
    const bounds = await second.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.getNormalBounds(),
    );
    expect(bounds).toEqual(place);
  });

  test("does what is chosen in its menus, and opens the file that is chosen in a dialog", async () => {
    const { app, page } = await open(newHome());
    await app.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
    }, APPLICATION);
    await app.evaluate(({ Menu }) => {
      const items = Menu.getApplicationMenu()?.items.flatMap(({ submenu }) => submenu?.items ?? []);
      items?.find(({ label }) => label === "About Nebula")?.click();
    });
    await page.getByRole("dialog").waitFor();
  });

  test("loads its page anew when that has crashed, and says so", async () => {
    const window = await open(newHome());
    const crashed = window.page.waitForEvent("crash");
    // Not awaited: the answer gets lost with the page.
    void window.app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
    });
    await crashed;
    const text = (): Promise<string> =>
      window.app.evaluate(async ({ BrowserWindow }) => {
        const code = "document.body?.innerText ?? ''";
        const contents = BrowserWindow.getAllWindows()[0]?.webContents;
        return contents?.isLoading() === false ? String(await contents.executeJavaScript(code)) : "";
      });
    await expect.poll(text, { timeout: 10_000 }).toContain("The window has ended unexpectedly");
    expect(window.words()).toContain("window: its page has ended");
  });

  test("asks before it is left while a run is going on, stops it and cleans up", async () => {
    const home = newHome();
    const window = await open(home, { words: [DIRECTORY, APPLICATION] });
    await startService(window);
    expect(hostsLeft(home)).not.toEqual([]);
    await answerDialogs(window.app, CANCEL);
    await closeByHand(window.app);
    await expect.poll(() => askedOf(window.app)).toHaveLength(1);
    expect((await askedOf(window.app))[0]).toContain("controller_absence");
    expect(await windowsOf(window.app)).toBe(1);
    await answerDialogs(window.app, STOP);
    const exited = once(window.child, "exit");
    await closeByHand(window.app).catch(() => "perhaps gone before it answers");
    expect((await exited)[0]).toBe(0);
    expect(hostsLeft(home)).toEqual([]);
  });

  test("leaves a run running without a window, and is there again when it is started again", async () => {
    const home = newHome();
    const window = await open(home, { words: [DIRECTORY, APPLICATION] });
    await startService(window);
    await answerDialogs(window.app, LEAVE_IT_RUNNING);
    await closeByHand(window.app);
    await expect.poll(() => windowsOf(window.app)).toBe(0);
    expect(hostsLeft(home)).not.toEqual([]);
    // Hosts outlive a program that is killed: what is Electron's must not be theirs.
    const held = heldOpen(home).filter((path) => !/^(socket|pipe):|^$/u.test(path));
    expect([...new Set(held)]).toEqual(["/dev/null"]);
    const again = window.app.waitForEvent("window");
    expect(await startAgain(home, [])).toBe(0);
    const page = await again;
    await page.getByRole("button", { name: "Stop", exact: true }).click();
    await page.getByText("finished").first().waitFor();
    // Its hosts are kept for the next run: they are let go with the program.
    const exited = once(window.child, "exit");
    window.child.kill("SIGTERM");
    expect((await exited)[0]).toBe(0);
    expect(hostsLeft(home)).toEqual([]);
  });

  test("ends what runs when it is told to by a signal, without asking", async () => {
    const home = newHome();
    const window = await open(home, { words: [DIRECTORY, APPLICATION] });
    await startService(window);
    const exited = once(window.child, "exit");
    window.child.kill("SIGTERM");
    expect((await exited)[0]).toBe(0);
    expect(hostsLeft(home)).toEqual([]);
  });
});

function readPlace(home: WindowHome): unknown {
  const path = join(home.state, "window-place.json");
  if (!existsSync(path)) return undefined;
  return Object.values(JSON.parse(readFileSync(path, "utf8")) as object).at(-1);
}
