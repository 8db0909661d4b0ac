// `npm run screenshots`: pictures of the window's views into docs/screenshots/, from a real run on embedded hosts; with
// `-- --all FOLDER` every view, empty, running and failed, in all themes and two sizes, to be looked at.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
const VIEWS = [
  "World View",
  "Application View",
  "Resource View",
  "Host View",
  "Overlay",
  "Output",
  "Problems",
  "Waiting",
  "Events",
];
/** As the system would say it: the window's own choice stays "as the system has it". */
const THEMES = /** @type {const} */ ({
  dark: { colorScheme: "dark", contrast: null },
  light: { colorScheme: "light", contrast: null },
  contrast: { colorScheme: "dark", contrast: "more" },
});
const SIZES = [SIZE, { width: 1920, height: 1080 }];

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

/** @param {string} folder */
async function shootAll(folder) {
  mkdirSync(folder, { recursive: true });
  await withWindow([], "dark", (page) => shootViews(page, folder, "empty"));
  await withWindow(slowExample(), "dark", async (page) => {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForTimeout(RUNNING_MS * 2);
    await shootViews(page, folder, "running");
  });
  await withWindow(["--example", "failing"], "dark", async (page) => {
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("Run again").waitFor();
    await shootViews(page, folder, "failed");
  });
}

/** `wide-area`, with time enough for all pictures. */
function slowExample() {
  const example = join(ROOT, "assets", "examples", "wide-area");
  const copy = mkdtempSync(join(tmpdir(), "nebula-wide-area-"));
  process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
  cpSync(example, copy, { recursive: true });
  const script = join(copy, "crawl.sh");
  writeFileSync(script, readFileSync(script, "utf8").replace(/sleep 15|sleep 0[.]\d/g, "sleep 60"));
  return [join(copy, "application.xml"), "-d", join(copy, "directory.xml")];
}

/**
 * @param {Page} page
 * @param {string} folder
 * @param {string} state
 */
async function shootViews(page, folder, state) {
  const looks = Object.entries(THEMES).flatMap(([theme, media]) =>
    SIZES.map((size) => ({ theme, media, size })),
  );
  for (const { theme, media, size } of looks) {
    await page.emulateMedia(media);
    await page.setViewportSize(size);
    const name = `${theme}-${String(size.width)}`;
    for (const view of VIEWS)
      await shootView(page, view, join(folder, `${state}-${viewName(view)}-${name}.png`));
    console.log(`${state}, ${theme}, ${String(size.width)}x${String(size.height)}`);
  }
}

/** @param {string} view */
const viewName = (view) => view.toLowerCase().replace(" ", "-");

/**
 * @param {Page} page
 * @param {string} view
 * @param {string} path
 */
async function shootView(page, view, path) {
  await show(page, view);
  const host = page.locator(".host-line:not(.head) .column-name").first();
  if (view === "Host View" && (await host.count()) > 0) await host.click();
  await page.waitForTimeout(SETTLE_MS / 2);
  await page.screenshot({ path });
}

async function shootForReadme() {
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
}

const [flag, folder] = process.argv.slice(2);
if (flag === "--all" && folder !== undefined) await shootAll(resolve(folder));
else await shootForReadme();
