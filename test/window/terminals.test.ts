// Terminals to a real sshd, in both places: typed into, lost and found again, several at once, and whatever a host may send.
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parentOf, SshHosts } from "./ssh-hosts.ts";
import { WindowHome } from "./window-home.ts";
import { TARGETS, type ElectronWindow, type OpenWindow } from "./window-targets.ts";

/** On a busy computer. */
const SOON = { timeout: 15_000 };

describe.each(TARGETS)("terminals in %s", (_name, open) => {
  const home = new WindowHome();
  let hosts: SshHosts;
  let window: OpenWindow;
  let page: Page;

  beforeAll(async () => {
    hosts = await SshHosts.open(home);
    window = await open({ home, words: [hosts.directory] });
    page = window.page;
    await show("Host View");
    await page.locator(".host-line").filter({ hasText: "far1" }).waitFor();
  });
  afterAll(async () => {
    await window.close();
    await hosts.farm.close();
    home.remove();
  });

  const tabOf = (title: string): Locator => page.locator(".dv-tab").filter({ hasText: title });
  async function show(title: string): Promise<void> {
    await tabOf(title).first().click();
  }
  /** The terminal that is in front. */
  const front = (): Locator => page.locator(".terminal-tab:visible");
  const screen = (): Locator => front().locator(".terminal-screen");
  const reads = (pattern: RegExp): Promise<void> =>
    expect.poll(async () => (await screen().innerText()).replaceAll("\u00a0", " "), SOON).toMatch(pattern);

  async function openTerminal(host: string): Promise<void> {
    await show("Host View");
    await page.locator(".host-line").filter({ hasText: host }).first().click();
    await page.getByRole("button", { name: "Open terminal" }).click();
    await front().locator(".link-words.open").waitFor(SOON);
    await screen().click();
  }

  async function bringForward(host: string): Promise<void> {
    await show(`SSH: ${host}`);
    await front().locator(".terminal-bar").getByText(host).waitFor();
    await screen().click();
  }

  async function closeTerminals(): Promise<void> {
    while ((await tabOf("SSH:").count()) > 0) {
      await show("SSH:");
      await tabOf("SSH:").first().locator(".dock-tab-close").click();
    }
  }

  test("shows what is typed there, lists as long as they are, and pages", async () => {
    const folder = join(hosts.homeOf(1), "records");
    mkdirSync(folder);
    for (const [at, name] of ["old.log", "new.log"].entries()) {
      writeFileSync(join(folder, name), "x".repeat(1000 * (at + 1)));
      utimesSync(join(folder, name), 1e9 + at * 1e6, 1e9 + at * 1e6);
    }
    writeFileSync(
      join(folder, "long"),
      Array.from({ length: 300 }, (_, at) => `row ${String(at)}\n`).join(""),
    );
    await openTerminal("far1");
    await page.keyboard.type("cd records; TZ=UTC ls -ltr *.log; echo $((6 * 7)) there\n");
    await reads(/1000 Sep\s+9\s+2001 old\.log\s+-rw\S* 1 root root 2000 Sep 20\s+2001 new\.log\s+42 there/);
    await page.keyboard.type("less long\n");
    await reads(/^\s*row 0\s+row 1\s[^]*long/);
    await page.keyboard.type("G");
    await reads(/row 299\s+\(END\)/);
    await page.keyboard.type("q");
    await reads(/42 there[^]*less long\s+[#$]\s*$/);
  });

  test("is there again after its connection was killed, with one shell and with what was on the screen", async () => {
    await page.keyboard.type("clear; echo pid=$$\n");
    await reads(/pid=\d+\s/);
    const pid = Number(/pid=(\d+)\s/.exec(await screen().innerText())?.[1]);
    process.kill(parentOf(pid), "SIGKILL");
    await front().getByText("any key tries at once").waitFor(SOON);
    await tabOf("SSH: far1 (lost)").waitFor();
    await page.keyboard.press("x");
    await front().locator(".link-words.open").waitFor(SOON);
    await page.keyboard.type("echo again=$$\n");
    await reads(/pid=\d+[^]*connection lost[^]*connected again[^]*again=\d+\s/);
    expect(await screen().innerText()).not.toContain(`again=${String(pid)}`);
    // The key that said so is not the host's.
    expect(await screen().innerText()).not.toContain("xecho");
    await page.keyboard.type("exit\n");
    await front().getByText("Closed: exit status 0").waitFor(SOON);
    await closeTerminals();
  });

  test("types to two of three, with a frame on both, and asks once before it pastes several lines", async () => {
    for (const host of ["far1", "far2", "far3"]) await openTerminal(host);
    await front().getByRole("button", { name: "Type to several terminals" }).click();
    await front().getByRole("checkbox", { name: /far1/ }).check();
    await page.getByRole("button", { name: "Type to 2 terminals" }).click();
    await front().getByText("Typing goes to 2 of 2 chosen terminals").waitFor();
    expect(await page.locator(".terminal-tab.broadcasting").count()).toBe(2);
    await screen().click();
    await page.keyboard.type("echo heard\n");
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData("text", "echo one\necho two\n");
      document.activeElement?.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
      );
    });
    await page.getByText("Paste 2 lines into 2 terminals?").waitFor();
    await page.getByRole("button", { name: "Paste", exact: true }).click();
    for (const host of ["far3", "far1"]) {
      await bringForward(host);
      await reads(/heard\s[^]*\sone\s[^]*\stwo\s/);
    }
    await bringForward("far2");
    await page.keyboard.type("echo alone\n");
    await reads(/alone\s[^]*alone/);
    expect(await screen().innerText()).not.toContain("heard");
    await bringForward("far1");
    await front().getByRole("button", { name: "Stop", exact: true }).click();
    expect(await page.locator(".terminal-tab.broadcasting").count()).toBe(0);
    await closeTerminals();
  });

  test.each(["far1", "far4"])(
    "looks through the files of %s, fetches, puts, renames and deletes them",
    async (host) => {
      const number = Number(host.slice(3));
      const folder = join(hosts.homeOf(number), "papers");
      mkdirSync(folder, { recursive: true });
      // Larger than what is under way at once, and no multiple of anything.
      const bytes = randomBytes(3_000_001);
      writeFileSync(join(folder, "data.bin"), bytes);
      writeFileSync(join(folder, "evil\u001b]0;x\u0007\u202etxt.\n"), "");
      await openTerminal(host);
      await front().getByRole("button", { name: "Files of the host" }).click();
      const panel = front().locator(".side-panel");
      const row = (name: string): Locator => panel.getByRole("option").filter({ hasText: name });
      await row("papers").dblclick(SOON);
      await row("data.bin").waitFor(SOON);
      expect(await row("evil").innerText()).toContain("evil\u241b]0;x\u2407\ufffdtxt.\u240a");

      await row("data.bin").click();
      const fetched = await fetchedBy(window, home, () =>
        panel.getByRole("button", { name: "Get", exact: true }).click(),
      );
      expect(fetched.name).toBe("data.bin");
      expect(fetched.bytes.equals(bytes)).toBe(true);
      await panel.getByText("done, 3.0 MB").waitFor(SOON);

      const own = join(home.work, "own.txt");
      writeFileSync(own, bytes.subarray(0, 700_001));
      await panel.getByLabel("Files to put").setInputFiles(own);
      await row("own.txt").waitFor(SOON);
      expect(readFileSync(join(folder, "own.txt")).equals(bytes.subarray(0, 700_001))).toBe(true);
      writeFileSync(own, "newer");
      await panel.getByLabel("Files to put").setInputFiles(own);
      await panel.getByText("Replace own.txt?").waitFor(SOON);
      await panel.getByRole("button", { name: "Replace", exact: true }).click();
      await expect.poll(() => readFileSync(join(folder, "own.txt"), "utf8"), SOON).toBe("newer");

      await row("own.txt").click();
      await panel.getByRole("button", { name: "Rename..." }).click();
      await panel.getByLabel("Name", { exact: true }).fill("data.bin");
      await page.keyboard.press("Enter");
      await panel.getByRole("alert").waitFor(SOON);
      expect(readFileSync(join(folder, "data.bin")).equals(bytes)).toBe(true);
      await row("own.txt").click();
      await panel.getByRole("button", { name: "Delete..." }).click();
      await panel.getByRole("button", { name: "Delete", exact: true }).click();
      await row("own.txt").waitFor({ state: "detached" });
      expect(readdirSync(folder)).toHaveLength(2);
      await closeTerminals();
    },
  );

  test.each(["far2", "far4"])(
    "shows a web page of %s on a port of the loopback, until it is closed",
    async (host) => {
      const server = createServer((_request, response) => response.end(`page of ${host}`));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      await openTerminal(host);
      await front().getByRole("button", { name: "Ports of the host" }).click();
      const panel = front().locator(".side-panel");
      await panel.getByLabel("Port", { exact: true }).fill(String(port));
      await panel.getByRole("button", { name: "Open", exact: true }).click();
      const shown = panel.locator(".forward-head .mono");
      await shown.waitFor(SOON);
      const address = await shown.innerText();
      expect(address).not.toContain(String(port));
      expect(await (await fetch(address)).text()).toBe(`page of ${host}`);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await expect(fetch(address)).rejects.toThrow();
      await panel
        .getByText(/refused/i)
        .first()
        .waitFor(SOON);
      await panel.getByRole("button", { name: /^Close the port/ }).click();
      await expect
        .poll(
          () =>
            fetch(address).then(
              () => "open",
              (error: Error & { cause?: { code?: string } }) => error.cause?.code,
            ),
          SOON,
        )
        .toBe("ECONNREFUSED");
      await closeTerminals();
    },
  );
});

/** What the page has fetched, as it lies on the person's disk. */
async function fetchedBy(
  window: OpenWindow,
  home: WindowHome,
  act: () => Promise<void>,
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const path = join(home.work, "fetched");
  if ("app" in window) {
    const { app } = window as ElectronWindow;
    const fetched = app.evaluate(
      ({ session }, to) =>
        new Promise<string>((resolve) => {
          session.defaultSession.once("will-download", (_event, item) => {
            item.setSavePath(to);
            item.once("done", (_done, state) => resolve(`${state} ${item.getFilename()}`));
          });
        }),
      path,
    );
    await act();
    const [state, name = ""] = (await fetched).split(" ");
    expect(state).toBe("completed");
    return { name, bytes: readFileSync(path) };
  }
  const [download] = await Promise.all([window.page.waitForEvent("download"), act()]);
  await download.saveAs(path);
  return { name: download.suggestedFilename(), bytes: readFileSync(path) };
}
