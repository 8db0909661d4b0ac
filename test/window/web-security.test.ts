// Who is let in by `plush web`: one browser, with the token, under the right name; nobody else on this computer.
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { WindowHome } from "./window-home.ts";
import { startWeb, type RunningWeb } from "./window-targets.ts";

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

describe("the web server", () => {
  const home = new WindowHome();
  let web: RunningWeb;
  let origin: string;
  let token: string;
  let cookie: string;

  beforeAll(async () => {
    web = await startWeb(home, []);
    const address = new URL(web.address);
    origin = address.origin;
    token = address.searchParams.get("token") ?? "";
  });
  afterAll(async () => {
    await web.close();
    home.remove();
  });

  const get = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
    new Promise((resolve, reject) => {
      // Not fetch: it would correct the path, and choose the Host by itself.
      const { hostname, port } = new URL(origin);
      request({ hostname, port, path, headers, method }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      })
        .on("error", reject)
        .end();
    });

  /** `open`, or the status that it was refused with. */
  const connect = (headers: Record<string, string>, from?: string): Promise<number | "open"> =>
    new Promise((resolve, reject) => {
      const options = from === undefined ? { headers } : { headers, origin: from };
      const socket = new WebSocket(origin.replace("http", "ws"), options);
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      socket.on("error", reject);
      socket.on("open", () => {
        socket.close();
        resolve("open");
      });
    });

  test("listens on the loopback only", () => {
    expect(new URL(origin).hostname).toBe("127.0.0.1");
  });

  test("refuses who has no token, or a wrong one", async () => {
    for (const path of ["/", "/index.html", "/?token=", `/?token=${token.slice(1)}`, `/?token=${token}x`]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.text).toContain("works once");
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    expect(await connect({}, origin)).toBe(403);
  });

  test("refuses who asks under another name, as pages elsewhere would make a browser do", async () => {
    const { port } = new URL(origin);
    for (const host of ["evil.example", `evil.example:${port}`, `localhost:${port}`, "127.0.0.1"])
      expect((await get(`/?token=${token}`, { host })).status).toBe(421);
  });

  test("lets in who has the token, once", async () => {
    const first = await get(`/?token=${token}`);
    expect(first).toMatchObject({ status: 303, headers: { location: "/" } });
    const [set = ""] = first.headers["set-cookie"] ?? [];
    expect(set).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    cookie = set.split(";")[0] ?? "";
    expect((await get(`/?token=${token}`)).status).toBe(403);
    const page = await get("/", { cookie });
    expect(page.status).toBe(200);
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self';");
    expect(page.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  });

  test("connects only its own page", async () => {
    expect(await connect({ cookie }, origin)).toBe("open");
    expect(await connect({ cookie }, "http://evil.example")).toBe(403);
    expect(await connect({ cookie }, `${origin}.evil.example`)).toBe(403);
    expect(await connect({ cookie })).toBe(403);
    expect(await connect({ cookie: `${cookie}x` }, origin)).toBe(403);
    expect(await connect({}, origin)).toBe(403);
  });

  test("has nothing but the window's files, and changes nothing", async () => {
    for (const path of ["/../main.mjs", "/%2e%2e/plush.mjs", "/..%2fplush.mjs", "//etc/passwd", "/%00", "/%"])
      expect([path, (await get(path, { cookie })).status]).toEqual([path, expect.toBeOneOf([404])]);
    for (const path of ["/download/", `/download/${token}`])
      expect([path, (await get(path, { cookie })).status, (await get(path)).status]).toEqual([
        path,
        404,
        403,
      ]);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
      expect((await get("/", { cookie }, method)).status).toBe(405);
  });
});
