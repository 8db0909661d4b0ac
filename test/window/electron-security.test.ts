// What the page cannot do in Electron, whatever code has come to run in it.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askRaw, takeRawPort } from "./raw-port.ts";
import { openInElectron, type ElectronWindow } from "./window-targets.ts";

describe("a page in Electron", () => {
  let window: ElectronWindow;
  let outside: Server;
  let address: string;
  let visits = 0;

  beforeAll(async () => {
    outside = createServer((_request, response) => {
      visits += 1;
      response.setHeader("access-control-allow-origin", "*");
      response.end("outside");
    });
    await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${String((outside.address() as AddressInfo).port)}/`;
    window = await openInElectron();
    await window.page.getByText("not running").waitFor();
  });
  afterAll(async () => {
    await window.close();
    outside.close();
  });

  /** In the page's own world. */
  const inPage = <Result>(code: string): Promise<Result> => window.page.evaluate<Result>(code);

  test("has nothing of Node, and of Electron nothing but the port", async () => {
    const names = [
      "require",
      "process",
      "module",
      "Buffer",
      "global",
      "electron",
      "ipcRenderer",
      "__dirname",
    ];
    expect(await inPage(`[${names.map((name) => `typeof ${name}`).join()}]`)).toEqual(
      names.map(() => "undefined"),
    );
    const preferences = await window.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map(({ webContents }) =>
        (webContents as unknown as { getLastWebPreferences(): object }).getLastWebPreferences(),
      ),
    );
    expect(preferences).toMatchObject([
      {
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        webviewTag: false,
      },
    ]);
  });

  test("runs no code that has come as text", async () => {
    // Later, for while it talks to a page the test itself may do so.
    expect(
      await inPage(`new Promise((done) => setTimeout(() => {
        try { done((0, eval)("1 + 1")) } catch (error) { done(error.name) }
      }, 50))`),
    ).toBe("EvalError");
    await inPage(`document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.wasRun = 1'>")`);
    await inPage(`{
      const script = document.createElement("script");
      script.textContent = "window.wasRun = 2";
      document.body.append(script);
    }`);
    await inPage(`new Promise((done) => setTimeout(done, 200))`);
    expect(await inPage("typeof wasRun")).toBe("undefined");
  });

  test("loads nothing from elsewhere", async () => {
    const tries = [
      `fetch("${address}").then(() => "had", () => "refused")`,
      `fetch("${address}", { mode: "no-cors" }).then(() => "had", () => "refused")`,
      `fetch("file:///etc/passwd").then(() => "had", () => "refused")`,
      `import("${address}a.js").then(() => "had", () => "refused")`,
      `new Promise((done) => {
        const image = new Image();
        image.onload = () => done("had");
        image.onerror = () => done("refused");
        image.src = "${address}";
      })`,
      `new Promise((done) => {
        try {
          const socket = new WebSocket("${address.replace("http", "ws")}");
          socket.onopen = () => done("had");
          socket.onerror = () => done("refused");
        } catch { done("refused") }
      })`,
      `(navigator.sendBeacon("${address}"), "refused")`,
    ];
    for (const code of tries) expect(await inPage(code), code).toBe("refused");
    expect(visits).toBe(0);
  });

  test("loads nothing of this computer but its own files", async () => {
    const statusOf = (path: string): Promise<number> =>
      inPage(`fetch(${JSON.stringify(path)}).then(({ status }) => status, () => 0)`);
    expect(await statusOf("app://nebula/index.html")).toBe(200);
    const others = [
      ...["app://nebula/../main.mjs", "app://nebula/%2e%2e/main.mjs", "app://nebula/..%2fmain.mjs"],
      ...[
        "app://nebula/..%5cmain.mjs",
        "app://nebula//etc/passwd",
        "app://nebula/%00",
        "app://other/index.html",
        "app://nebula/download/",
        "app://nebula/download/x",
      ],
    ];
    for (const path of others)
      expect([path, await statusOf(path)]).toEqual([path, expect.toBeOneOf([0, 404])]);
    const policy = await inPage<string>(
      `fetch("/index.html").then(({ headers }) => headers.get("content-security-policy"))`,
    );
    expect(policy).toContain("default-src 'none'; script-src 'self';");
  });

  test("goes nowhere else, and shows no other page inside of itself", async () => {
    for (const target of [address, "file:///etc/passwd", "data:text/html,x", "app://nebula/index.html?x"]) {
      await inPage(`{
        const link = document.createElement("a");
        link.href = ${JSON.stringify(target)};
        document.body.append(link);
        link.click();
        location.href = ${JSON.stringify(target)};
      }`);
      await inPage("new Promise((done) => setTimeout(done, 100))");
      expect(window.page.url()).toBe("app://nebula/");
    }
    await inPage(`{
      const frame = document.createElement("iframe");
      frame.src = ${JSON.stringify(address)};
      document.body.append(frame);
      const view = document.createElement("webview");
      view.src = ${JSON.stringify(address)};
      document.body.append(view);
    }`);
    await inPage("new Promise((done) => setTimeout(done, 200))");
    await inPage(`document.querySelectorAll("iframe, webview").forEach((one) => one.remove())`);
    expect(visits).toBe(0);
    expect(await window.app.evaluate(({ webContents }) => webContents.getAllWebContents().length)).toBe(1);
    expect(window.words()).toContain(`window: refused to go to ${address}`);
  });

  test("opens no window; a link outside only by https, and only when the person agrees", async () => {
    await window.app.evaluate(({ dialog, shell }) => {
      const seen = { asked: [] as string[], opened: [] as string[] };
      Object.assign(globalThis, { seen });
      dialog.showMessageBox = ((_window: unknown, options: { detail: string }) => {
        seen.asked.push(options.detail);
        return Promise.resolve({
          response: options.detail.includes("agreed") ? 0 : 1,
          checkboxChecked: false,
        });
      }) as unknown as typeof dialog.showMessageBox;
      shell.openExternal = (url: string) => {
        seen.opened.push(url);
        return Promise.resolve();
      };
    });
    const targets = [
      ...[
        "https://agreed.example/",
        "https://refused.example/",
        "http://plain.example/",
        "file:///etc/passwd",
      ],
      ...[
        "smb://share.example/x",
        "javascript:alert(1)",
        "https://known.example@elsewhere.example/",
        "about:blank",
      ],
    ];
    for (const target of targets)
      expect(await inPage(`open(${JSON.stringify(target)}) === null`), target).toBe(true);
    await inPage("new Promise((done) => setTimeout(done, 100))");
    expect(await window.app.evaluate(() => (globalThis as unknown as { seen: object }).seen)).toEqual({
      asked: ["https://agreed.example/", "https://refused.example/"],
      opened: ["https://agreed.example/"],
    });
    expect(window.app.windows()).toHaveLength(1);
  });

  test("is permitted nothing but to copy", async () => {
    const stateOf = (name: string): Promise<string> =>
      inPage(`navigator.permissions.query({ name: ${JSON.stringify(name)} }).then(({ state }) => state)`);
    // Asked for, not used: only a window with the focus may use the clipboard, and nobody manages that on this display.
    expect(await stateOf("clipboard-write")).toBe("granted");
    for (const name of ["clipboard-read", "geolocation", "camera", "microphone", "notifications", "midi"])
      expect([name, await stateOf(name)]).toEqual([name, "denied"]);
    expect(await inPage(`Notification.requestPermission()`)).toBe("denied");
    for (const media of ["getUserMedia({ audio: true })", "getDisplayMedia({ video: true })"])
      expect(await inPage(`navigator.mediaDevices.${media}.then(() => "had", () => "denied")`)).toBe(
        "denied",
      );
  });
});

describe("the controller's end of a page's port", () => {
  let window: ElectronWindow;

  beforeAll(async () => {
    window = await openInElectron();
    await takeRawPort(window.page);
  });
  afterAll(() => window.close());

  test("does nothing that the contract does not offer", async () => {
    const kind = "request";
    const wrong = [
      { kind, id: 900_001, name: "quit", arguments: {} },
      { kind, id: 900_002, name: "constructor", arguments: {} },
      { kind, id: 900_003, name: "__proto__", arguments: {} },
      { kind, id: 900_004, name: "openExample", arguments: { name: 1 } },
      { kind, id: 900_005, name: "openExample", arguments: { name: "hello", more: true } },
      { kind, id: 900_006, name: "failHosts", arguments: "all" },
      { kind: "answer", id: 900_007, name: "openExample", arguments: { name: "hello" } },
      { kind, id: 900_008, name: "writeTerminal", arguments: { terminal: 1, bytes: [1, 2] } },
    ];
    for (const message of wrong)
      expect(await askRaw(window.page, message)).toMatchObject({ kind: "refusal" });
    const right = { kind, id: 900_100, name: "openExample", arguments: { name: "hello" } };
    expect(await askRaw(window.page, right)).toMatchObject({ kind: "answer", value: { kind: "opened" } });
  });

  test("closes when it is sent more than fits", async () => {
    await window.page.evaluate(() => {
      const here = globalThis as unknown as { rawPort: MessagePort; wasClosed: boolean };
      here.rawPort.addEventListener("close", () => (here.wasClosed = true));
      here.rawPort.postMessage({ kind: "request", id: 1, text: "x".repeat(30_000_000) });
    });
    await expect.poll(() => window.words()).toContain("a message is too large");
  });

  test("is given to no page but that of our window", async () => {
    const ports = await window.app.evaluate(async ({ BrowserWindow, app }) => {
      const path = process.getBuiltinModule("node:path");
      const preload = path.join(app.getAppPath(), "dist", "preload.cjs");
      const found: boolean[] = [];
      for (const url of ["app://nebula/", "data:text/html,<p>x"]) {
        const other = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
        await other.loadURL(url);
        found.push(
          (await other.webContents.executeJavaScript(
            `new Promise((done) => setTimeout(() => done(document.body.innerText.includes("127.0.0.1")), 500))`,
          )) as boolean,
        );
        other.destroy();
      }
      return found;
    });
    expect(ports).toEqual([false, false]);
    const words = window.words();
    expect(words).toContain("refused a port to app://nebula/");
    expect(words).toContain("refused a port to data:text/html,<p>x");
  });
});
