// Preferences in both places: what is wrong is said and not written, the rest of the file stays, what wants a restart is said, and is so after it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBarriers } from "./find-barriers.ts";
import { WindowHome } from "./window-home.ts";
import { TARGETS, type OpenWindow } from "./window-targets.ts";

const SOON = { timeout: 15_000 };

describe.each(TARGETS)("preferences in %s", (_name, open) => {
  const home = new WindowHome();
  const file = join(home.root, "config", "nebula", "plush.prefs");
  let window: OpenWindow;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(join(home.root, "config", "nebula"));
    writeFileSync(file, "# mine\nfanout = 8 # slow here\nlater_key = 1\n");
    window = await open({ home });
    page = window.page;
    page.setDefaultTimeout(SOON.timeout);
    await page.getByText("not running").waitFor();
  });
  afterAll(async () => {
    await window.close();
    home.remove();
  });

  test("are read, refused by the parser's words, and written", async () => {
    await page.keyboard.press("Control+,");
    const dialog = page.getByRole("dialog", { name: "Preferences" });
    await dialog.getByText("unknown key 'later_key'").waitFor();
    const section = (name: string) => dialog.getByRole("button", { name, exact: true });
    await section("SSH").click();
    expect(await dialog.getByLabel("Fan-out").inputValue()).toBe("8");
    await dialog.getByLabel("Fan-out").fill("0");
    await section("Controller and overlay").click();
    await dialog.getByLabel("Overlay").selectOption("rand-tree");
    await dialog.getByLabel("Degree").fill("3");
    await section("Save").click();
    // It is about a field of the other section, which comes to the front.
    await dialog.getByText("Fan-out must be a whole number from 1 to 4096.").waitFor();
    expect(readFileSync(file, "utf8")).not.toContain("rand-tree");
    await dialog.getByLabel("Fan-out").fill("16");
    await page.keyboard.press("Enter");
    await page.getByText("Preferences are saved").waitFor();
    expect(readFileSync(file, "utf8")).toBe(
      "# mine\nfanout = 16 # slow here\nlater_key = 1\noverlay = rand-tree\ndegree = 3\n",
    );
    await section("Controller and overlay").click();
    expect(await dialog.getByText("Counts when Nebula is started again.").count()).toBe(2);
    for (const name of ["Appearance", "SSH", "Controller and overlay", "Runs", "Command line"]) {
      await section(name).click();
      expect([name, await findBarriers(page, "all", "[role=dialog]")]).toEqual([name, []]);
    }
    await section("Appearance").click();
    await dialog.getByLabel(/compact/).check();
    await dialog.getByLabel("nothing moves").check();
    await dialog.getByLabel("high contrast").check();
    await section("Close").first().click();
    expect(window.complaints).toEqual([]);
  });

  test("count after a start", async () => {
    const look = (): Promise<unknown> =>
      page.evaluate(() => {
        const { theme, density, motion } = document.documentElement.dataset;
        return { theme, density, motion };
      });
    await expect.poll(look, SOON).toEqual({ theme: "contrast", density: "compact", motion: "reduced" });
    // What is to be kept is written a moment later.
    await page.waitForTimeout(1000);
    await window.close();
    window = await open({ home });
    page = window.page;
    await page.getByText("rand-tree, controller").waitFor();
    await expect.poll(look, SOON).toEqual({ theme: "contrast", density: "compact", motion: "reduced" });
  });
});
