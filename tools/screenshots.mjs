// `npm run screenshots`: pictures of the window's views into docs/screenshots/, from a real run on embedded hosts.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const FOLDER = join(ROOT, "docs", "screenshots");
const SIZE = { width: 1280, height: 800 };
/** Until every crawler is at work. */
const RUNNING_MS = 6000;
const SETTLE_MS = 500;

/** @typedef {import("playwright-core").Page} Page */

/**
 * @param {readonly string[]} words
 * @param {"dark" | "light"} theme
 * @param {(page: Page) => Promise<void>} look
 */
async function withWindow(words, theme, look) {
  const state = mkdtempSync(join(tmpdir(), "nebula-screenshots-"));
  const folders = { XDG_STATE_HOME: state, XDG_CONFIG_HOME: state, XDG_CACHE_HOME: state };
  const environment = { ...process.env, ...folders, PLUSH_OVERLAY: "rand-tree", PLUSH_DEGREE: "3" };
  const plush = spawn(process.execPath, [join(ROOT, "dist", "plush.mjs"), "web", ...words], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await new Promise((found) => {
    plush.stdout.on("data", (/** @type {Buffer} */ data) => {
      const match = /http:\S+/.exec(String(data));
      if (match !== null) found(match[0]);
    });
  });
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium" });
  try {
    const page = await browser.newPage({ viewport: SIZE, colorScheme: theme });
    await page.goto(address);
    await page.locator(".menu-bar").waitFor();
    await page.waitForTimeout(SETTLE_MS);
    await look(page);
  } finally {
    await browser.close();
    const ended = new Promise((done) => plush.on("exit", done));
    plush.kill("SIGINT");
    await ended;
    rmSync(state, { recursive: true, force: true });
  }
}

/**
 * @param {Page} page
 * @param {string} name
 */
async function shoot(page, name) {
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  console.log(`docs/screenshots/${name}.png`);
}

/**
 * @param {Page} page
 * @param {string} title
 */
async function show(page, title) {
  await page.locator(".dv-tab").filter({ hasText: title }).first().click();
}

mkdirSync(FOLDER, { recursive: true });
for (const theme of /** @type {const} */ (["dark", "light"])) {
  await withWindow([], theme, (page) => shoot(page, `start-${theme}`));
  await withWindow(["--example", "wide-area"], theme, async (page) => {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForTimeout(RUNNING_MS);
    await page.locator(".block").filter({ hasText: "crawl" }).first().click();
    await shoot(page, `application-running-${theme}`);
    await page.getByRole("button", { name: "Matrix", exact: true }).click();
    await page.locator(".cell.running").first().hover();
    await show(page, "Waiting");
    await shoot(page, `matrix-and-waiting-${theme}`);
    await page.getByRole("button", { name: "Waterfall", exact: true }).click();
    await show(page, "Output");
    await page.getByRole("button", { name: "By time", exact: true }).click();
    await shoot(page, `waterfall-and-output-by-time-${theme}`);
    await page.getByRole("button", { name: "Folded", exact: true }).click();
    await show(page, "World View");
    await shoot(page, `world-running-${theme}`);
    await show(page, "Resource View");
    await shoot(page, `resource-running-${theme}`);
    await show(page, "Host View");
    await page.locator(".host-line").filter({ hasText: "zurich1" }).first().click();
    await page.getByRole("button", { name: "Open terminal" }).click();
    await page.waitForTimeout(RUNNING_MS / 4);
    await page.keyboard.type("ls -l\n");
    await shoot(page, `host-and-terminal-${theme}`);
    await page.getByRole("button", { name: "Files of the host" }).click();
    await page.locator(".file-row").first().click();
    await shoot(page, `terminal-files-${theme}`);
  });
  await withWindow(["--example", "failing"], theme, async (page) => {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("Run again").waitFor();
    await show(page, "Problems");
    await shoot(page, `failed-${theme}`);
  });
}
