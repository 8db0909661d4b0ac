// Tabs in windows of their own, and files dropped on the window, in both places: a view has its past, a shell goes on, and closing puts it back.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, WindowHome } from "./window-home.ts";
import { TARGETS, type OpenWindow } from "./window-targets.ts";

const RUN_MS = 30_000;
const SOON = { timeout: 15_000 };

describe.each(TARGETS)("tabs of their own and dropped files in %s", (name, open) => {
  const home = new WindowHome();
  let window: OpenWindow;
  let page: Page;

  const begin = async (): Promise<void> => {
    window = await open({ home });
    page = window.page;
    page.setDefaultTimeout(SOON.timeout);
  };
  beforeAll(begin);
  afterAll(async () => {
    await window.close();
    home.remove();
  });

  test("files that are dropped are opened as what they are; what cannot be is told", async () => {
    await page.getByText("not running").waitFor();
    const example = join(ROOT, "assets", "examples", "roundrobin");
    await drop(page, [join(example, "directory.xml"), join(example, "application.xml")]);
    await page.locator(".block").first().waitFor();
    await expect.poll(() => page.title(), SOON).toContain("application.xml");
    await page.getByText("Ready to run on the directory's 11 hosts").waitFor();
    const wrong = join(home.work, "wrong.xml");
    writeFileSync(wrong, "<plush><project");
    await drop(page, [wrong]);
    await page.getByText(/wrong.xml has an error/).waitFor();
    // The page is where it was: a browser would have shown the file.
    await drop(page, [join(example, "directory.xml"), join(example, "application.xml")]);
    await page.getByText("Ready to run on the directory's 11 hosts").waitFor();
  });

  test("a view that is torn off knows what was before it, hears what comes, and comes back", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /Search/ }).fill("roundrobin");
    await page.keyboard.press("Enter");
    await page.getByText("Ready to run on the directory's 11 hosts").waitFor();
    await page.keyboard.press("F5");
    await page.locator(".verdict").filter({ hasText: "finished" }).waitFor({ timeout: RUN_MS });
    const alone = await tearOff(page, "Output");
    await alone.getByText(/distinct outputs? from/).waitFor();
    expect(await alone.title()).toBe("Nebula - Output");
    expect(await tabs(page)).not.toContain("Output");
    // What is chosen in one window is chosen in the other.
    await page.locator(".dv-tab", { hasText: "Host View" }).click();
    await page.getByLabel("Select master").check();
    await expect.poll(() => alone.locator(".selection-bar .set").innerText(), SOON).toBe("master");
    await alone.getByRole("button", { name: "Back into the window" }).click();
    await expect.poll(() => tabs(page), SOON).toContain("Output");
  });

  test("a shell goes on in the other window, and in this one when that is closed", async () => {
    await page.locator(".dv-tab", { hasText: "Host View" }).click();
    await page.locator(".host-line", { has: page.locator(".column-name", { hasText: "client3" }) }).click();
    await page.locator(".host-page").getByRole("button", { name: "Open terminal" }).click();
    const screen = page.locator(".terminal-screen");
    await expect.poll(() => screen.innerText(), SOON).toMatch(/[#$%>]\s*$/);
    await page.keyboard.type("KEPT=$((6 * 7)); echo before\n");
    await expect.poll(() => screen.innerText(), SOON).toMatch(/\nbefore/);
    const alone = await tearOff(page, "SSH: client3");
    const moved = alone.locator(".terminal-screen");
    await expect.poll(() => moved.innerText(), SOON).toMatch(/\nbefore/);
    await moved.click();
    await alone.keyboard.type("echo it is $KEPT\n");
    await expect.poll(() => moved.innerText(), SOON).toContain("it is 42");
    await alone.close();
    await expect.poll(() => tabs(page), SOON).toContain("SSH: client3");
    await expect.poll(() => screen.innerText(), SOON).toContain("it is 42");
    await screen.click();
    await page.keyboard.type("echo still $KEPT\n");
    await expect.poll(() => screen.innerText(), SOON).toContain("still 42");
    expect(window.complaints).toEqual([]);
  });

  test("what was torn off is so after a start, where a window may open by itself", async () => {
    await tearOff(page, "Events");
    // What is to be kept is written a moment later.
    await page.waitForTimeout(1000);
    await window.close();
    await begin();
    await page.getByText("not running").waitFor();
    if (name === "Electron") {
      const others = (): readonly Page[] =>
        page
          .context()
          .pages()
          .filter((one) => one !== page);
      await expect.poll(() => others().length, SOON).toBe(1);
      await others()[0]?.locator(".alone-bar").getByText("Events").waitFor();
      expect(await tabs(page)).not.toContain("Events");
    } else await expect.poll(() => tabs(page), SOON).toContain("Events");
  });
});

function tabs(page: Page): Promise<readonly string[]> {
  return page.locator(".dv-tab").allInnerTexts();
}

async function tearOff(page: Page, title: string): Promise<Page> {
  await page.locator(".dv-tab", { hasText: title }).first().click();
  await page.locator(".dv-tab", { hasText: title }).first().focus();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /Search/ }).fill("move tab");
  const opened = page.context().waitForEvent("page");
  await page.keyboard.press("Enter");
  const alone = await opened;
  alone.setDefaultTimeout(SOON.timeout);
  await alone.locator(".alone-bar").waitFor();
  return alone;
}

/** As the system does it: the page cannot make up files with paths. */
async function drop(page: Page, files: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x: 300, y: 400, data });
  await session.detach();
}
