// The packaged program: keeps the fuses of production, runs an example, and lets nobody into its main process.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { getCurrentFuseWire, FuseV1Options } from "@electron/fuses";
import { chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ROOT, WindowHome } from "./window-home.ts";
import { displayHere, ELECTRON_FLAGS, START_MS_MAX } from "./window-targets.ts";

/** As they are written into the program: the digits 0 and 1. */
const DISABLE = 48;
const ENABLE = 49;

describe("the packaged program", () => {
  const output = mkdtempSync(join(tmpdir(), "nebula-package-"));
  const folder = join(output, "linux-unpacked");
  const program = join(folder, "nebula");
  const home = new WindowHome();
  let child: ChildProcess | undefined;

  beforeAll(async () => {
    const electron = inject("electron");
    await promisify(execFile)(
      join(ROOT, "node_modules", ".bin", "electron-builder"),
      [
        ...["--linux", "dir", `-c.directories.output=${output}`],
        ...[`-c.electronDist=${electron.folder}`, `-c.electronVersion=${electron.version}`],
      ],
      { cwd: ROOT },
    );
  });
  afterAll(async () => {
    if (child !== undefined && child.exitCode === null) {
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    }
    home.remove();
    rmSync(output, { recursive: true, force: true });
  });

  /** Starts it with a port for tools, which is Chromium's own and no way into the main process. */
  async function start(words: readonly string[], environment: Record<string, string>): Promise<string> {
    const env = { ...home.environment, DISPLAY: displayHere(), ...environment };
    const running = spawn(program, [...ELECTRON_FLAGS, "--remote-debugging-port=0", ...words], {
      cwd: home.work,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = running;
    let said = "";
    running.stdout.on("data", (bytes: Buffer) => (said += bytes.toString()));
    running.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
    await expect.poll(() => said, { timeout: START_MS_MAX }).toContain("DevTools listening on ws://");
    return said;
  }

  /** Whoever attaches while the page is still being made may wait for it for ever: its title comes with its files. */
  async function pageAt(endpoint: string): Promise<Page> {
    const { host } = new URL(endpoint);
    const titles = async (): Promise<readonly string[]> => {
      const answer = await fetch(`http://${host}/json/list`);
      return ((await answer.json()) as readonly { readonly title: string }[]).map(({ title }) => title);
    };
    await expect.poll(titles, { timeout: START_MS_MAX }).toEqual([expect.stringContaining("Nebula")]);
    const browser = await chromium.connectOverCDP(endpoint, { timeout: START_MS_MAX });
    const [page] = browser.contexts().flatMap((context) => context.pages());
    expect(page?.url()).toBe("app://nebula/");
    return page!;
  }

  test("has the fuses of production", async () => {
    expect(await getCurrentFuseWire(program)).toMatchObject({
      [FuseV1Options.RunAsNode]: DISABLE,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: DISABLE,
      [FuseV1Options.EnableNodeCliInspectArguments]: DISABLE,
      [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: ENABLE,
      [FuseV1Options.OnlyLoadAppFromAsar]: ENABLE,
      [FuseV1Options.EnableCookieEncryption]: ENABLE,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: DISABLE,
      [FuseV1Options.GrantFileProtocolExtraPrivileges]: DISABLE,
    });
    expect(existsSync(join(folder, "resources", "default_app.asar"))).toBe(false);
  });

  test("runs an example, and nothing that its environment and its command line smuggle in", async () => {
    const trap = join(home.work, "trap.cjs");
    const sprung = join(home.work, "sprung");
    writeFileSync(trap, `require("node:fs").writeFileSync(${JSON.stringify(sprung)}, "")`);
    const said = await start(["--inspect=0"], {
      NODE_OPTIONS: `--require=${trap}`,
      ELECTRON_RUN_AS_NODE: "1",
    });
    const page = await pageAt(/ws:\/\/\S+/.exec(said)?.[0] ?? "");
    await page.getByText("not running").waitFor();
    expect(said).not.toContain("Debugger listening");
    expect(existsSync(sprung)).toBe(false);
    await page.getByRole("radio", { name: /^hello/u }).check();
    await page.getByRole("button", { name: "Run hello" }).click();
    await page.getByText("Hello World").first().waitFor({ timeout: START_MS_MAX });
    const exited = once(child!, "exit");
    child?.kill("SIGTERM");
    expect((await exited)[0]).toBe(0);
  });
});
