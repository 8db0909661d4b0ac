// The window opens in both places, is welcomed by its controller, runs an example, and is found again as it was left.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TARGETS, type OpenWindow } from "./window-targets.ts";

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
