// The review of host keys, with a real sshd, in both places: what hosts show is listed without a question, and decided about in the list.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBarriers } from "./find-barriers.ts";
import { SshHosts } from "./ssh-hosts.ts";
import { WindowHome } from "./window-home.ts";
import { TARGETS, type OpenWindow } from "./window-targets.ts";

const SOON = { timeout: 20_000 };

describe.each(TARGETS)("host keys in %s", (_name, open) => {
  const home = new WindowHome();
  let hosts: SshHosts;
  let window: OpenWindow;
  let page: Page;

  beforeAll(async () => {
    hosts = await SshHosts.open(home);
    window = await open({ home, words: [hosts.directory] });
    page = window.page;
    page.setDefaultTimeout(SOON.timeout);
  });
  afterAll(async () => {
    await window.close();
    await hosts.farm.close();
    home.remove();
  });

  test("are listed by a test of the hosts, accepted together, and replaced one by one", async () => {
    const { farm, knownHosts } = hosts;
    const [, type = "", key = ""] = farm.knownHosts.split(/\s/);
    const known = (number: number, shown: string): string =>
      `[127.1.0.${String(number)}]:${String(farm.port)} ${type} ${shown}\n`;
    const foreign = join(home.work, "foreign");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", foreign]);
    const other = readFileSync(`${foreign}.pub`, "utf8").split(" ")[1]?.trim() ?? "";
    const fingerprint = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64");
    // far4 is reached by the system's ssh, which asks by itself.
    const before = known(3, other) + known(4, key);
    writeFileSync(knownHosts, before);

    await page.locator(".dv-tab", { hasText: "Resource View" }).click();
    await page.getByRole("button", { name: "Test connectivity" }).click();
    const list = page.getByRole("region", { name: "Host keys" });
    const rows = async (): Promise<readonly string[]> =>
      (await list.getByRole("listitem").allInnerTexts()).map((text) => text.replace(/\s+/g, " "));
    await expect.poll(async () => (await rows()).length, SOON).toBe(3);
    await page.getByRole("button", { name: "Test connectivity" }).waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
    const [first, ...fresh] = await rows();
    expect(first).toMatch(/^changed .*127\.1\.0\.3.*known is ED25519 SHA256:.*line 1/);
    for (const row of fresh) {
      expect(row).toMatch(/^new .*127\.1\.0\.[12]/);
      expect(row).toContain(`SHA256:${fingerprint.replace(/=+$/, "")}`);
    }
    expect(await findBarriers(page)).toEqual([]);
    expect(readFileSync(knownHosts, "utf8")).toBe(before);

    await list.getByRole("button", { name: "Accept all..." }).click();
    await list.getByRole("button", { name: "Accept 2 keys" }).click();
    await expect
      .poll(async () => (await rows()).filter((row) => row.startsWith("known")).length, SOON)
      .toBe(2);
    for (const number of [1, 2]) expect(readFileSync(knownHosts, "utf8")).toContain(known(number, key));

    await list.getByRole("button", { name: "Look at both..." }).click();
    const review = page.getByRole("dialog", { name: /has changed/ });
    await review.getByRole("checkbox").check();
    await review.getByRole("button", { name: "Replace the key" }).click();
    await expect.poll(() => readFileSync(knownHosts, "utf8"), SOON).toContain(known(3, key));
    expect(readFileSync(knownHosts, "utf8")).not.toContain(other);
    await page.getByRole("button", { name: "Test connectivity" }).click();
    await expect
      .poll(async () => (await rows()).filter((row) => row.startsWith("known")).length, SOON)
      .toBe(3);
    expect(window.complaints).toEqual([]);
  });
});
