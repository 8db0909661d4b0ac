// The whole main path without a mouse: an example opened, run, watched, typed into, a host failed, the run stopped, hosts filtered.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TARGETS, type OpenWindow } from "./window-targets.ts";

/** On a busy computer: ten clients are started on it. */
const RUN_MS = 25_000;
const SOON = { timeout: 15_000 };

describe.each(TARGETS)("the keyboard alone in %s", (_name, open) => {
  let window: OpenWindow;
  let page: Page;

  beforeAll(async () => {
    window = await open();
    page = window.page;
    page.setDefaultTimeout(SOON.timeout);
  });
  afterAll(async () => {
    await window.close();
  });

  test("goes the main path from its start to its end", async () => {
    await page.getByRole("radio", { name: /wide-area/ }).waitFor();
    await fromPalette(page, "wide-area");
    await page.locator(".block").first().waitFor();
    await page.keyboard.press("F5");
    const counts = page.locator(".run-counts");
    await expect.poll(() => counts.innerText(), { timeout: RUN_MS }).toContain("10 executing");

    // A host, in the table.
    await page.keyboard.press("Control+4");
    await expect.poll(() => focused(page), SOON).toBe("Hosts");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    const chosen = await page.locator(".selection-bar .set").innerText();
    expect(await page.locator(".host-line.chosen .column-name").innerText()).toBe(chosen);

    // A shell on it.
    await fromPalette(page, "open terminals");
    const screen = page.locator(".terminal-screen");
    await expect.poll(() => screen.innerText(), SOON).toMatch(/[#$%>]\s*$/);
    await page.keyboard.type("echo $((6 * 7)) without a mouse\n");
    await expect.poll(() => screen.innerText(), SOON).toContain("42 without a mouse");

    // It fails; the first button of the question is the safe one.
    await page.keyboard.press("Control+4");
    await expect.poll(() => focused(page), SOON).toBe("Hosts");
    await fromPalette(page, "fail selected");
    await expect.poll(() => focused(page), SOON).toBe("Cancel");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Fail 1 host");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator(".status-bar").innerText(), SOON).toContain("1 failed");

    await page.keyboard.press("Shift+F5");
    await page.locator(".verdict").waitFor({ timeout: RUN_MS });

    // Filtered, and looked at elsewhere.
    await page.keyboard.press("/");
    await page.keyboard.type(`host:${chosen}`);
    await page.getByText("1 of 12 hosts").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("12 of 12 hosts").waitFor();
    await page.keyboard.press("Control+1");
    await expect.poll(() => page.locator(".dv-active-tab").allInnerTexts(), SOON).toContain("World View");
    expect(window.complaints).toEqual([]);
  });

  test("opens menus, goes through them, and closes tabs", async () => {
    await page.evaluate("document.querySelector('.menu-name').focus()");
    await page.keyboard.press("Enter");
    await expect.poll(() => focused(page), SOON).toContain("Open application...");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Open example" }).waitFor();
    await page.keyboard.press("Escape");
    await page.evaluate("document.querySelector('.dv-tab[data-tab-panel-id=world]').focus()");
    await page.keyboard.press("Delete");
    await expect.poll(() => page.locator(".dv-tab").allInnerTexts(), SOON).not.toContain("World View");
    await page.keyboard.press("Control+1");
    await expect.poll(() => page.locator(".dv-tab").allInnerTexts(), SOON).toContain("World View");
  });
});

async function fromPalette(page: Page, words: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /Search/ }).waitFor();
  await page.keyboard.type(words);
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: /Search/ }).waitFor({ state: "detached" });
}

/** What has the focus, by its name or its words. */
function focused(page: Page): Promise<string> {
  return page.evaluate(
    "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? ''",
  );
}
