// Putting a file piece by piece: in order, a few pieces at a time, and ended by whoever ends it.
import { beforeEach, describe, expect, test } from "vitest";
import type { FileAnswer } from "../../../src-shared/controller-api/host-files.ts";
import type { StartedUpload } from "../../../src-shared/controller-api/window-messages.ts";
import {
  upload,
  type UploadedFile,
  type UploadParts,
} from "../../../src-renderer/terminal-tab/upload-file.ts";

const PIECE = 256 * 1024;
const STARTED: StartedUpload = { kind: "ok", value: { transfer: 5 } };

describe("upload", () => {
  let put: number[];
  let waiting: number;
  let most: number;
  let answer: FileAnswer<null>;
  let isCancelled: boolean;
  let parts: UploadParts;
  let starts: boolean[];

  beforeEach(() => {
    [put, waiting, most, isCancelled, starts] = [[], 0, 0, false, []];
    answer = { kind: "ok", value: null };
    parts = {
      start(replace) {
        starts.push(replace);
        return Promise.resolve(STARTED);
      },
      async put(_transfer, bytes) {
        put.push(bytes.byteLength);
        waiting += 1;
        most = Math.max(most, waiting);
        await new Promise((resolve) => setImmediate(resolve));
        waiting -= 1;
        return answer;
      },
      finish: () => Promise.resolve({ kind: "ok", value: null }),
      isCancelled: () => isCancelled,
      mayReplace: () => Promise.resolve(false),
    };
  });

  const file = (size: number): UploadedFile => ({
    name: "a",
    size,
    slice: (from, to) => ({ arrayBuffer: () => Promise.resolve(new ArrayBuffer(to - from)) }),
  });

  test("all of it goes, in pieces, with few under way", async () => {
    const progress: number[] = [];
    expect(await upload(file(10 * PIECE + 1), parts, (_transfer, bytes) => progress.push(bytes))).toEqual({
      kind: "done",
    });
    expect(put).toEqual([...Array.from({ length: 10 }, () => PIECE), 1]);
    expect(most).toBeLessThanOrEqual(3);
    expect(progress[0]).toBe(0);
    expect(progress.at(-1)).toBe(10 * PIECE + 1);
  });

  test("an empty file is one, too", async () => {
    expect(await upload(file(0), parts, () => undefined)).toEqual({ kind: "done" });
    expect(put).toEqual([]);
  });

  test("the host's refusal ends it soon, in its words", async () => {
    answer = { kind: "failed", reason: "No space left on device" };
    expect(await upload(file(100 * PIECE), parts, () => undefined)).toEqual(answer);
    expect(put.length).toBeLessThanOrEqual(4);
  });

  test("cancelling ends it soon", async () => {
    const end = await upload(file(100 * PIECE), parts, (_transfer, bytes) => (isCancelled = bytes > PIECE));
    expect(end).toEqual({ kind: "cancelled" });
    expect(put.length).toBeLessThanOrEqual(6);
  });

  test("what is there is replaced only when that is agreed to", async () => {
    parts = {
      ...parts,
      start(replace) {
        starts.push(replace);
        return Promise.resolve(replace ? STARTED : { kind: "exists" });
      },
    };
    expect(await upload(file(1), parts, () => undefined)).toEqual({ kind: "cancelled" });
    expect(starts).toEqual([false]);
    expect(
      await upload(file(1), { ...parts, mayReplace: () => Promise.resolve(true) }, () => undefined),
    ).toEqual({
      kind: "done",
    });
    expect(starts).toEqual([false, false, true]);
  });

  test("a file that changes under the hand is not put in pieces of both", async () => {
    const shrinking = {
      ...file(2 * PIECE),
      slice: () => ({ arrayBuffer: () => Promise.resolve(new ArrayBuffer(1)) }),
    };
    expect(await upload(shrinking, parts, () => undefined)).toMatchObject({ kind: "failed" });
  });

  test("a controller that is gone ends it", async () => {
    const gone = { ...parts, put: () => Promise.reject(new Error("the controller does not answer")) };
    expect(await upload(file(9 * PIECE), gone, () => undefined)).toEqual({
      kind: "failed",
      reason: "the controller does not answer",
    });
  });
});
