// A window's files: what is put comes in order and bounded, and goes with the window.
import { beforeEach, describe, expect, test } from "vitest";
import type { FileAnswer, FileSink, HostFiles } from "../../../src-shared/controller-api/host-files.ts";
import type { WindowUpdate } from "../../../src-shared/controller-api/window-messages.ts";
import { Downloads } from "../../../src-main/window-session/downloads.ts";
import { FilePool } from "../../../src-main/window-session/file-pool.ts";

const OK = { kind: "ok", value: null } as const;

describe("FilePool", () => {
  let notes: string[];
  let sent: WindowUpdate[];
  let pool: FilePool;
  /** Of the host that takes a piece when it is told to. */
  let takes: ((answer: FileAnswer<null>) => void)[];
  let lose: (why: string) => void;

  beforeEach(() => {
    [notes, sent, takes] = [[], [], []];
    const sink: FileSink = {
      add: (bytes) => {
        notes.push(`add ${String(bytes[0])}`);
        return new Promise((resolve) => takes.push(resolve));
      },
      finish: () => {
        notes.push("finish");
        return Promise.resolve(OK);
      },
      abandon: () => {
        notes.push("abandon");
        return Promise.resolve();
      },
    };
    const files = {
      start: "/home",
      write: (path: string, replace: boolean) =>
        Promise.resolve(path === "/there" && !replace ? { kind: "exists" } : { kind: "ok", value: sink }),
      closed: new Promise<string>((resolve) => (lose = resolve)),
      close: () => notes.push("close"),
    } as unknown as HostFiles;
    pool = new FilePool(
      () => Promise.resolve({ kind: "opened", files }),
      new Downloads(),
      (update) => sent.push(update),
    );
  });

  async function upload(): Promise<{ readonly id: number; readonly transfer: number }> {
    const opened = await pool.open("node1");
    if (opened.kind !== "opened") throw new Error(opened.reason);
    const started = await pool.startUpload(opened.files, "/new", false);
    if (started.kind !== "ok") throw new Error(started.kind);
    return { id: opened.files, transfer: started.value.transfer };
  }
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test("pieces go one after the other, in order, and the file is finished after the last", async () => {
    const { transfer } = await upload();
    const puts = [1, 2, 3].map((piece) => pool.put(transfer, Uint8Array.of(piece)));
    const end = pool.endUpload(transfer);
    for (let piece = 1; piece <= 3; piece += 1) {
      await settled();
      expect(notes).toEqual([1, 2, 3].slice(0, piece).map((one) => `add ${String(one)}`));
      takes.shift()!(OK);
    }
    expect(await Promise.all([...puts, end])).toEqual([OK, OK, OK, OK]);
    expect(notes.at(-1)).toBe("finish");
    expect(await pool.put(transfer, Uint8Array.of(4))).toMatchObject({ kind: "failed" });
  });

  test("a page that does not wait for answers is refused", async () => {
    const { transfer } = await upload();
    const puts = Array.from({ length: 9 }, () => pool.put(transfer, Uint8Array.of(1)));
    expect(await puts[8]).toEqual({ kind: "failed", reason: "it comes too fast" });
  });

  test("a piece that the host refuses ends it in the host's words", async () => {
    const { transfer } = await upload();
    const put = pool.put(transfer, Uint8Array.of(1));
    await settled();
    takes[0]!({ kind: "failed", reason: "No space left on device" });
    expect(await put).toEqual({ kind: "failed", reason: "No space left on device" });
    await settled();
    expect(notes).toEqual(["add 1", "abandon"]);
  });

  test("what is there is not replaced without a word", async () => {
    const { id } = await upload();
    expect(await pool.startUpload(id, "/there", false)).toEqual({ kind: "exists" });
    expect(await pool.startUpload(id, "/there", true)).toMatchObject({ kind: "ok" });
  });

  test("a window that goes gives up what is half there, and then closes", async () => {
    await upload();
    pool.close();
    await settled();
    expect(notes).toEqual(["abandon", "close"]);
  });

  test("files that are out of reach are told once, and mean nothing any more", async () => {
    const { id } = await upload();
    lose("connection lost");
    await settled();
    expect(sent).toEqual([{ kind: "filesClosed", files: id, reason: "connection lost" }]);
    expect(await pool.list(id, "/")).toMatchObject({ kind: "failed" });
  });

  test("no more than so many at once", async () => {
    const { id } = await upload();
    for (let turn = 0; turn < 15; turn += 1) await pool.startUpload(id, "/new", false);
    expect(await pool.startUpload(id, "/new", false)).toMatchObject({ kind: "failed" });
    const opened = await Promise.all(Array.from({ length: 40 }, () => pool.open("node1")));
    expect(opened.filter(({ kind }) => kind === "opened")).toHaveLength(31);
  });
});
