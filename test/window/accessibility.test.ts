// Nobody is kept out: axe-core looks at every view, dialog, menu and the palette in both places, and at their colours in all themes.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBarriers } from "./find-barriers.ts";
import { TARGETS, type OpenWindow } from "./window-targets.ts";

const RUN_MS = 60_000;
const SOON_MS = 15_000;
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
const PARTS = [
  ["Application View", "Matrix"],
  ["Application View", "Waterfall"],
  ["Output", "By time"],
] as const;
const MENUS = ["File", "Edit", "View", "Plush", "Window", "Help"];
const DIALOGS = [
  "Open application",
  "Open example",
  "Preferences",
  "Keyboard shortcuts",
  "About Nebula",
  "Run command on selected",
  "Fail selected",
  "Save selected hosts",
];

describe.each(TARGETS)("axe-core in %s", (name, open) => {
  /** What a theme changes is style sheets alone, which are the same in both places: colours are looked at in one. */
  const otherThemes = name === "a browser" ? ["light", "high contrast"] : [];
  let window: OpenWindow;
  let page: Page;

  beforeAll(async () => {
    window = await open();
    page = window.page;
    page.setDefaultTimeout(SOON_MS);
  });
  afterAll(async () => {
    await window.close();
  });

  test("finds nothing where a person begins", async () => {
    await page.getByRole("radio", { name: /failing/ }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
  });

  test("finds nothing in any view", async () => {
    // One that fails has problems, events and output to show.
    await page.getByRole("radio", { name: /failing/ }).check();
    await page.getByRole("button", { name: "Run failing" }).click();
    await page.locator(".verdict").filter({ hasText: "failed" }).waitFor({ timeout: RUN_MS });
    const found: string[] = [];
    for (const theme of ["dark", ...otherThemes]) {
      await command(page, `theme: ${theme}`);
      for (const view of VIEWS) {
        await page.locator(".dv-tab").filter({ hasText: view }).first().click();
        await prepare(page, view);
        const barriers = await findBarriers(page, theme === "dark" ? "all" : "colours");
        found.push(...barriers.map((barrier) => `${theme}, ${view}: ${barrier}`));
      }
    }
    for (const [view, part] of PARTS) {
      await page.locator(".dv-tab").filter({ hasText: view }).first().click();
      await page.getByRole("button", { name: part, exact: true }).click();
      const barriers = await findBarriers(page);
      found.push(...barriers.map((barrier) => `${view}, ${part}: ${barrier}`));
    }
    expect([...new Set(found)]).toEqual([]);
  });

  test("finds nothing in terminals, dialogs, menus and the palette", async () => {
    const found: string[] = [];
    await page.locator(".dv-tab").filter({ hasText: "Host View" }).first().click();
    await page.getByRole("button", { name: "Open terminal", exact: true }).click();
    await page.locator(".terminal-screen .xterm-rows").waitFor();
    await page.locator(".dv-tab").filter({ hasText: "World View" }).first().click();
    for (const theme of [...otherThemes, "dark"]) {
      await command(page, `theme: ${theme}`);
      const look = async (what: string, within: string): Promise<void> => {
        const barriers = await findBarriers(page, theme === "dark" ? "all" : "colours", within);
        found.push(...barriers.map((barrier) => `${theme}, ${what}: ${barrier}`));
      };
      await look("terminal", ".terminal-tab");
      for (const dialog of DIALOGS) {
        await command(page, dialog);
        // Its title is tied to it a moment after it is there.
        await page.getByRole("dialog", { name: /./ }).waitFor();
        await look(dialog, "[role=dialog]");
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
      }
      for (const menu of MENUS) {
        await page.getByRole("menuitem", { name: menu, exact: true }).click();
        await page.getByRole("menu").waitFor();
        await look(`menu ${menu}`, "[role=menu]");
        await page.keyboard.press("Escape");
        await page.getByRole("menu").waitFor({ state: "detached" });
      }
      await page.locator(".tray button").first().click({ button: "right" });
      await page.getByRole("menu").waitFor();
      await look("menu of hosts", "[role=menu]");
      await page.keyboard.press("Escape");
      await page.getByRole("menu").waitFor({ state: "detached" });
      await page.keyboard.press("Control+k");
      await page.getByRole("listbox").waitFor();
      await look("palette", "[role=dialog]");
      await page.keyboard.press("Escape");
      await page.getByRole("listbox").waitFor({ state: "detached" });
    }
    expect([...new Set(found)]).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});

async function command(page: Page, words: string): Promise<void> {
  // A terminal keeps Ctrl+K for its host.
  await page.locator(".status-bar button").first().focus();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /Search/ }).fill(words);
  await page.keyboard.press("Enter");
}

/** What is only there once something was chosen. */
async function prepare(page: Page, view: string): Promise<void> {
  if (view === "Application View") await page.locator(".block").first().click();
  if (view === "Host View") {
    await page.locator(".host-line:not(.head)").first().click();
    await page.locator(".host-line:not(.head) input").nth(1).check();
  }
}
