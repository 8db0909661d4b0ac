// The door of a running controller: open to who can read its file, shut to everybody else, and gone when it is closed.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { askController, findControllers } from "../../../src-main/info-door/ask-controller.ts";
import { DOORS_FOLDER, openInfoDoor, type InfoSource } from "../../../src-main/info-door/info-door.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const MESH = {
  overlay: "star",
  address: "127.0.0.1:1",
  members: [],
  problems: [],
  propagation: undefined,
  framesIn: 1,
  framesOut: 2,
  bytesIn: 3,
  bytesOut: 4,
};

function source(session: string): InfoSource {
  return {
    control: () => ({ session, application: undefined, directory: undefined, run: undefined }),
    hosts: () => [],
    mesh: () => MESH,
    runs: () => [],
  };
}

function open(directory: string, session: string, log: string[] = []): Promise<() => Promise<void>> {
  const settings = { directory, session, platform: process.platform, log: (text: string) => log.push(text) };
  return openInfoDoor(source(session), settings);
}

/** What comes back, and "" when it is hung up on. */
function say(socket: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const caller = connect(socket, () => caller.write(text));
    caller.setEncoding("utf8").on("data", (piece: string) => (answer += piece));
    caller.on("error", () => undefined);
    caller.on("close", () => resolve(answer));
  });
}

describe("the door of a controller", () => {
  test("is found and answers with all that it knows at one moment", async () => {
    const directory = temporaryFolder();
    const close = await open(directory, "one");
    const [door] = await findControllers(directory);
    expect(door).toMatchObject({ session: "one", pid: process.pid });
    const info = await askController(door!);
    expect(info).toEqual({ control: { session: "one" }, hosts: [], mesh: MESH, runs: [] });
    await close();
    expect(await findControllers(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    await expect(askController(door!)).rejects.toThrow();
  });

  test("is for the person alone, and each controller has its own", async () => {
    const directory = temporaryFolder();
    const closes = [await open(directory, "one"), await open(directory, "two")];
    const folder = join(directory, DOORS_FOLDER);
    expect(statSync(folder).mode & 0o077).toBe(0);
    expect(statSync(join(folder, "one.json")).mode & 0o077).toBe(0);
    const found = await findControllers(directory);
    expect(found.map(({ session }) => session)).toEqual(["one", "two"]);
    await Promise.all(closes.map((close) => close()));
  });

  test("hangs up on whoever does not know its word", async () => {
    const directory = temporaryFolder();
    const close = await open(directory, "one");
    const { socket, token } = JSON.parse(readFileSync(join(directory, DOORS_FOLDER, "one.json"), "utf8")) as {
      socket: string;
      token: string;
    };
    for (const text of [
      "\n",
      `${token}x\n`,
      `${token.slice(1)}\n`,
      "GET / HTTP/1.1\r\n\r\n",
      "x".repeat(5000),
    ])
      expect([text.slice(0, 20), await say(socket, text)]).toEqual([text.slice(0, 20), ""]);
    expect(await say(socket, `${token}\n`)).toContain('"session":"one"');
    await close();
  });

  test("is not opened in a folder that others can look into; the reason is logged", async () => {
    const directory = temporaryFolder();
    const folder = join(directory, DOORS_FOLDER);
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    const log: string[] = [];
    const close = await open(directory, "one", log);
    expect(log.join()).toContain("not for this user alone");
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(join(folder, "other.json"), "{}");
    await expect(findControllers(directory)).rejects.toThrow("not for this user alone");
    await close();
  });

  test("leaves nothing behind for good when its controller was killed", async () => {
    const directory = temporaryFolder();
    const folder = join(directory, DOORS_FOLDER);
    mkdirSync(folder, { mode: 0o700 });
    // No process has this number: the largest is smaller.
    const dead = { session: "dead", pid: 2 ** 30, socket: join(folder, "dead.sock"), token: "t" };
    writeFileSync(dead.socket, "");
    writeFileSync(join(folder, "dead.json"), JSON.stringify(dead));
    writeFileSync(join(folder, "half.json"), '{"session":');
    expect(await findControllers(directory)).toEqual([]);
    expect(readdirSync(folder)).toEqual(["half.json"]);
  });
});
