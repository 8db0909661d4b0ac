// The window opens in both places and is welcomed by its controller; who is quicker than the controller loses nothing.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openInBrowser, TARGETS, type OpenWindow } from "./window-targets.ts";

describe.each(TARGETS)("the window in %s", (_name, open) => {
  let window: OpenWindow;

  beforeAll(async () => {
    window = await open();
  });
  afterAll(async () => {
    await window.close();
  });

  test("opens, and is welcomed", async () => {
    await window.page.getByText("not running").waitFor();
    expect(await window.page.title()).toContain("Nebula");
    expect(window.complaints).toEqual([]);
  });
});

test("what is asked while the controller is being connected to is answered then", async () => {
  const { page, ...window } = await openInBrowser();
  try {
    await page.getByText("not running").waitFor();
    await page.routeWebSocket(/./, async (socket) => {
      await sleep(1500);
      socket.connectToServer();
    });
    await page.reload();
    await page.getByText("connecting", { exact: true }).waitFor();
    await page.keyboard.press("Control+,");
    await page.getByRole("dialog", { name: "Preferences" }).getByText("plush.prefs").waitFor();
  } finally {
    await window.close();
  }
});
