// The main path in both places: an example is chosen and run, watched in every view, a client killed, a shell typed into.
import { expect, test, describe, beforeAll, afterAll } from "vitest";
import type { Page } from "playwright-core";
import { WindowHome } from "./window-home.ts";
import { TARGETS, type OpenWindow } from "./window-targets.ts";

/** On a busy computer: eleven clients are started on it. */
const RUN_MS = 60_000;
/** What comes at once, and on a busy computer a little later. */
const SOON = { timeout: 15_000 };

describe.each(TARGETS)("the main path in %s", (_name, open) => {
  const home = new WindowHome();
  let window: OpenWindow;
  let page: Page;

  beforeAll(async () => {
    window = await open({ home });
    page = window.page;
  });
  afterAll(async () => {
    await window.close();
    home.remove();
  });

  test("runs an example to its end, and every view says the same of it", async () => {
    await page.getByRole("radio", { name: /roundrobin/ }).check();
    await page.getByRole("button", { name: "Run roundrobin" }).click();
    await page.locator(".verdict").filter({ hasText: "finished" }).waitFor({ timeout: RUN_MS });
    // Application View: ten clients and one master are done.
    const blocks = await page.locator(".block .numbers").allInnerTexts();
    expect(blocks.toSorted()).toEqual(["1/1", "10/10"]);
    await page.getByRole("button", { name: "Matrix" }).click();
    await expect.poll(() => page.locator(".matrix-line .cell.succeeded").count(), SOON).toBe(11);
    await page.getByLabel("fold equal hosts").check();
    await expect.poll(() => page.locator(".matrix-line .cell.succeeded").count(), SOON).toBe(2);
    await page.getByRole("grid", { name: "Hosts and blocks" }).press("ArrowDown");
    await page
      .locator(".matrix-words")
      .getByText(/on \d+ hosts? of Cluster/)
      .waitFor();
    await page.getByRole("button", { name: "Waterfall" }).click();
    expect(await page.locator(".waterfall .bar").count()).toBe(11);
    await page.getByRole("button", { name: "Diagram" }).click();
    // Overlay and run bar: eleven.
    await page.getByRole("definition").filter({ hasText: /^11$/ }).first().waitFor();
    expect(await page.locator(".run-counts").innerText()).toContain("11 finished");
    await show(page, "Host View");
    await page.getByText("11 of 11 hosts").waitFor();
    await page.getByLabel("Filter hosts").first().fill("component:Cluster1");
    await page.getByText("1 of 11 hosts").waitFor();
    expect(await page.locator(".host-line:not(.head)").allInnerTexts()).toEqual([
      expect.stringContaining("master"),
    ]);
    await page.getByLabel("Filter hosts").first().fill("nonsense:x");
    await page.getByRole("alert").filter({ hasText: "hosts have no 'nonsense'" }).waitFor();
    await page.getByLabel("Filter hosts").first().fill("");
    await show(page, "Resource View");
    await page.getByRole("button", { name: "Cluster2" }).waitFor();
    expect(await page.locator(".host-chips button").count()).toBe(11);
  });

  test("hosts have a menu, by keyboard too; chosen ones become a group that can be used at once", async () => {
    await show(page, "Host View");
    await page.locator(".host-line").filter({ hasText: "client2" }).click();
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menuitem", { name: "Copy names" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("grid");
    await page
      .locator(".host-line")
      .filter({ hasText: "client5" })
      .click({ modifiers: ["Control"] });
    await page.locator(".host-line").filter({ hasText: "client5" }).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Save as group..." }).click();
    await page.getByLabel("Name of the group").fill("odd");
    await page.getByRole("button", { name: "Save for now" }).click();
    await page.getByLabel("Filter hosts").first().fill("@odd");
    await page.getByText("2 of 11 hosts").waitFor();
    await page.getByLabel("Filter hosts").first().fill("");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Clear Esc" }).click();
  });

  test("a client that is killed leaves the overlay, and its host gets another one for the next run", async () => {
    await show(page, "Host View");
    await page.locator(".host-line").filter({ hasText: "client7" }).click();
    const facts = await page.locator(".host-page").innerText();
    const pid = Number(/pid (\d+), Node/.exec(facts)?.[1]);
    expect(pid).toBeGreaterThan(1);
    process.kill(pid, "SIGKILL");
    await page.locator(".host-page").getByText("It is not in the overlay.").waitFor();
    const runName = page.locator(".status-bar .mono");
    const before = await runName.innerText();
    await page.getByRole("button", { name: "Run again" }).click();
    await expect.poll(() => runName.innerText(), SOON).not.toBe(before);
    await show(page, "Waiting");
    await page.getByRole("heading", { name: "The run's end" }).waitFor();
    await show(page, "Output");
    await page.locator(".verdict").filter({ hasText: "finished" }).waitFor({ timeout: RUN_MS });
    const strip = page.getByRole("slider", { name: /The overlay over time/ });
    await strip.press("Home");
    await page.locator(".past-mark").getByText("Past").waitFor();
    expect(await strip.getAttribute("aria-valuetext")).toContain("past");
    await strip.press("Escape");
    await page.locator(".past-mark").waitFor({ state: "detached" });
    await page.getByText("11 of 11 hosts").waitFor();
    expect(await page.locator(".host-page").innerText()).not.toContain("It is not in the overlay.");
    expect(Number(/pid (\d+), Node/.exec(await page.locator(".host-page").innerText())?.[1])).not.toBe(pid);
  });

  test("opens a shell on a host and types in it", async () => {
    await page.locator(".host-line").filter({ hasText: "client3" }).click();
    await page.getByRole("button", { name: "Open terminal" }).click();
    const screen = page.locator(".terminal-screen");
    await expect.poll(() => screen.innerText(), SOON).toMatch(/[#$%>]\s*$/);
    await page.keyboard.type("echo $((6 * 7)) from here\n");
    await expect.poll(() => screen.innerText(), SOON).toContain("42 from here");
    await page.keyboard.type("exit\n");
    await page.getByRole("button", { name: "Connect again" }).waitFor();
  });

  test("is worked by the keyboard: palette, views, themes", async () => {
    await page.getByText("Host View").click();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("theme: light");
    await page.keyboard.press("Enter");
    await expect
      .poll(() => page.evaluate(() => document.documentElement.dataset["theme"]), SOON)
      .toBe("light");
    await page.keyboard.press("Control+6");
    await page.getByText(/distinct outputs? from/).waitFor();
    await page.getByRole("button", { name: "By time" }).click();
    await page.getByText(/\d+ lines of 11 hosts, in the order/).waitFor();
    await page.getByRole("button", { name: "Folded" }).click();
    await page.keyboard.press("Control+3");
    await page.getByRole("region", { name: "Resources" }).waitFor();
  });

  test("finds its theme again, and complains of nothing", async () => {
    expect(window.complaints).toEqual([]);
    // What is to be kept is written a moment later.
    await page.waitForTimeout(1000);
    await window.close();
    window = await open({ home });
    page = window.page;
    await expect
      .poll(() => page.evaluate(() => document.documentElement.dataset["theme"]), SOON)
      .toBe("light");
  });
});

async function show(page: Page, title: string): Promise<void> {
  await page.locator(".dv-tab").filter({ hasText: title }).first().click();
}
