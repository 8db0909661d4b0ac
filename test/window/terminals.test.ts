// Terminals to a real sshd, in both places: typed into, lost and found again, several at once, and whatever a host may send.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBarriers } from "./find-barriers.ts";
import { parentOf, SshHosts } from "./ssh-hosts.ts";
import { WindowHome } from "./window-home.ts";
import { TARGETS, type ElectronWindow, type OpenWindow } from "./window-targets.ts";

/** On a busy computer. */
const SOON = { timeout: 15_000 };
/** A terminal takes 5 MB a second on a computer that does ten other things, four times as much alone. */
const FLOOD = { timeout: 90_000, interval: 250 };
const FLOOD_TEST = { timeout: 120_000 };
/** Ten thousand lines of a wide terminal, and what waits to be shown. */
const HEAP_MB_MAX = 120;

describe.each(TARGETS)("terminals in %s", (name, open) => {
  const home = new WindowHome();
  let hosts: SshHosts;
  let window: OpenWindow;
  let page: Page;

  beforeAll(async () => {
    hosts = await SshHosts.open(home);
    window = await open({ home, words: [hosts.directory] });
    page = window.page;
    page.setDefaultTimeout(SOON.timeout);
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

  async function clickOpen(host: string): Promise<void> {
    await show("Host View");
    await page.locator(".host-line").filter({ hasText: host }).first().click();
    await page.getByRole("button", { name: "Open terminal", exact: true }).click();
  }

  async function openTerminal(host: string): Promise<void> {
    await clickOpen(host);
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

  // The first of all: what ssh's configuration says of a host that was asked for is believed for 5 s.
  test("asks about an unknown key and for a passphrase, and refuses a changed key until a person has looked", async () => {
    const { farm, knownHosts } = hosts;
    const [, type = "", key = ""] = farm.knownHosts.split(/\s/);
    const known = (number: number, shown: string): string =>
      `[127.1.0.${String(number)}]:${String(farm.port)} ${type} ${shown}\n`;
    const foreign = join(home.work, "foreign");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "open sesame", "-C", "", "-f", foreign]);
    const other = readFileSync(`${foreign}.pub`, "utf8").split(" ")[1]?.trim() ?? "";
    const before = known(1, key) + known(3, other) + known(4, key);
    writeFileSync(knownHosts, before);

    await clickOpen("far3");
    await front()
      .getByText(/shows another key than the known one/)
      .waitFor(SOON);
    await front().getByRole("button", { name: "Review the key..." }).click();
    const review = page.getByRole("dialog", { name: /has changed/ });
    expect(await findBarriers(page, "all", "[role=dialog]")).toEqual([]);
    const fingerprints = (await review.innerText()).match(/SHA256:[\w+/]{43}/g);
    expect(new Set(fingerprints).size).toBe(2);
    expect(await review.innerText()).toContain(`${knownHosts}, line 2`);
    const replace = review.getByRole("button", { name: "Replace the key and connect" });
    expect(await replace.isDisabled()).toBe(true);
    expect(readFileSync(knownHosts, "utf8")).toBe(before);
    await review.getByRole("checkbox").check();
    await replace.click();
    await front().locator(".link-words.open").waitFor(SOON);
    expect(readFileSync(knownHosts, "utf8")).toBe(known(1, key) + known(4, key) + known(3, key));
    const folder = join(home.root, ".ssh");
    const copies = readdirSync(folder).filter((name) => name.includes(".before-"));
    expect(copies.map((name) => readFileSync(join(folder, name), "utf8"))).toEqual([before]);

    // An identity of its own, which is locked; the farm knows it as well.
    appendFileSync(`${farm.keyFile}.pub`, readFileSync(`${foreign}.pub`));
    const config = join(folder, "config");
    const plain = readFileSync(config, "utf8");
    const locked = plain.replace(`IdentityFile ${farm.keyFile}`, `IdentityFile ${foreign}`);
    writeFileSync(config, locked);
    await clickOpen("far2");
    const unknown = page.getByRole("dialog", { name: "Unknown host key" });
    await unknown.getByRole("button", { name: "Accept and remember" }).click(SOON);
    const asked = page.getByRole("dialog", { name: "An answer is needed" });
    await asked.getByLabel("Answer").fill("open sesame");
    await page.keyboard.press("Enter");
    await front().locator(".link-words.open").waitFor(SOON);
    expect(readFileSync(knownHosts, "utf8")).toContain(known(2, key));
    writeFileSync(config, plain);
    writeFileSync(knownHosts, farm.knownHosts);
    await closeTerminals();
  });

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
    await closeTerminals();
  });

  test("is there again after its connection was killed, with one shell and with what was on the screen", async () => {
    await openTerminal("far1");
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
    expect(await findBarriers(page, "all", ".broadcast-picker")).toEqual([]);
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

  test(
    "whatever a host sends shows and does nothing; 100 MB on one line pass within time and memory",
    FLOOD_TEST,
    async () => {
      const odd = Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf8]);
      writeFileSync(join(hosts.homeOf(1), "hostile"), Buffer.concat([Buffer.from(HOSTILE), odd]));
      // The page is the same in both: once with as much as it takes, once for the way.
      const flood = name === "a browser" ? 100_000_000 : 20_000_000;
      const title = await page.title();
      const asked: string[] = [];
      page.on("dialog", (dialog) => {
        asked.push(dialog.message());
        void dialog.dismiss();
      });
      await openTerminal("far1");
      await page.keyboard.type("cat hostile; echo\n");
      await reads(/<img src=x onerror=window\.wasRun=1><script>/);
      await front().locator(".xterm-rows").getByText("link").last().click({ force: true });
      expect(await page.evaluate("typeof wasRun")).toBe("undefined");
      expect([await page.title(), asked, page.context().pages().length]).toEqual([title, [], 1]);
      expect(await tabOf("SSH: far1").count()).toBe(1);
      // What it was asked for it may have answered, as terminals do; the shell takes that for typing.
      await page.keyboard.press("Control+c");
      await page.keyboard.type("clear\n");
      const before = await heapMb(page);
      await page.keyboard.type(`head -c ${String(flood)} /dev/zero | tr '\\0' x; echo; echo e''nd\n`);
      let mostMb = 0;
      await expect
        .poll(async () => {
          mostMb = Math.max(mostMb, await heapMb(page));
          return (await screen().innerText()).includes("end");
        }, FLOOD)
        .toBe(true);
      expect(mostMb - before).toBeLessThan(HEAP_MB_MAX);
      await page.keyboard.type("echo still $((6 * 7))\n");
      await reads(/still 42/);
      await closeTerminals();
    },
  );

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
      expect(await findBarriers(page, "all", ".side-panel")).toEqual([]);

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

      const dragged = await page.evaluateHandle(() => {
        const data = new DataTransfer();
        data.items.add(new File(["from the desktop"], "dragged.txt"));
        return data;
      });
      await panel.locator(".files").dispatchEvent("drop", { dataTransfer: dragged });
      await row("dragged.txt").waitFor(SOON);
      expect(readFileSync(join(folder, "dragged.txt"), "utf8")).toBe("from the desktop");

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
      expect(readdirSync(folder)).toHaveLength(3);

      await panel.getByRole("button", { name: "Directory above" }).click();
      await row("papers").click();
      const getWhole = panel.getByRole("button", { name: "Get as .tar" });
      const archive = await fetchedBy(window, home, () => getWhole.click());
      expect(archive.name).toBe("papers.tar");
      const tar = { input: archive.bytes, maxBuffer: 2 * bytes.byteLength };
      expect(execFileSync("tar", ["-xO", "papers/data.bin"], tar).equals(bytes)).toBe(true);
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
      expect(await findBarriers(page, "all", ".side-panel")).toEqual([]);
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

  // Electron has no WebGL on a display without a card: there the plain way of drawing is what all other tests see.
  if (name === "a browser") {
    test("WebGL draws the terminal in focus and no other, and a lost context goes by without a word", async () => {
      await page.addInitScript(() => {
        // A card that is a program is not used; this one says that it is none.
        const own = WebGL2RenderingContext.prototype.getParameter;
        WebGL2RenderingContext.prototype.getParameter = function (
          this: WebGL2RenderingContext,
          what,
        ): unknown {
          const value: unknown = own.call(this, what);
          return typeof value === "string" ? "a card" : value;
        };
      });
      await page.reload();
      await page.locator(".dv-tab").first().waitFor();
      // What was open a moment ago may be found again.
      await closeTerminals();
      await openTerminal("far1");
      await openTerminal("far2");
      const drawnPlainly = page.locator(".terminal-tab .xterm-rows");
      await expect.poll(() => drawnPlainly.count(), SOON).toBe(1);
      expect(await screen().locator(".xterm-rows").count()).toBe(0);
      await bringForward("far1");
      await expect.poll(() => screen().locator(".xterm-rows").count(), SOON).toBe(0);
      expect(await drawnPlainly.count()).toBe(1);
      await page.keyboard.type("echo dr''awn\n");
      await screen()
        .locator("canvas")
        .evaluateAll((canvases) => {
          for (const canvas of canvases as HTMLCanvasElement[])
            canvas.getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
        });
      await reads(/drawn\s/);
      await page.keyboard.type("echo and o''n\n");
      await reads(/and on\s/);
      await closeTerminals();
    });
  }
});

/** Of the page, as its browser counts it. */
function heapMb(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { memory } = performance as unknown as { readonly memory: { readonly usedJSHeapSize: number } };
    return memory.usedJSHeapSize / 1e6;
  });
}

/** Bytes of a host's that would do something, if anything of them were believed. */
const HOSTILE = [
  "<img src=x onerror=window.wasRun=1><script>window.wasRun=2</script>\n",
  // Clipboard, title, working directory, colours, a notification, a link.
  ...["52;c;aGFjaw==", "2;stolen", "7;file:///etc", "4;1;?", "9;note", "8;;https://evil.example/"].map(
    (text) => `\u001b]${text}\u0007`,
  ),
  "link\u001b]8;;\u0007",
  // Window operations, reports, the mouse, another screen and back; then strings of all kinds.
  "\u001b[3;0;0t\u001b[8;2;2t\u001b[21t\u001b[c\u001b[6n\u001b[?1000h\u001b[?1049h\u001b[?1049l\u001b[?1000l",
  "\u001bP+q544e\u001b\\\u001b_payload\u001b\\\u001b^x\u001b\\",
  "\u202eright\u202c\u0000\u0007\u009b5n\n",
].join("");

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
