// The output of a run as it arrives: gaps only where the source says so, lost pieces asked for again, bounded credit.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { blockPathOf, hostIdOf, runIdOf } from "../../../src-shared/base/ids.ts";
import { PULL_WINDOW_BYTES } from "../../../src-shared/protocol/bulk.ts";
import type { BulkMessage, StreamKey } from "../../../src-shared/protocol/bulk.ts";
import {
  GRANTED_BYTES_MAX,
  OutputStore,
  SILENCE_MS,
  WINDOW_BYTES_FIRST,
  WINDOW_BYTES_MIN,
} from "../../../src-main/results/output-store.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

type Credit = Extract<BulkMessage, { kind: "credit" }>;
type Output = Extract<BulkMessage, { kind: "output" }>;

const HOST = hostIdOf("node1");
const KEY = { run: runIdOf("run-1"), block: blockPathOf("p/cb"), attempt: 1 };
const OUT: StreamKey = { ...KEY, stream: "stdout" };
const LIMIT = 100 * 1024 * 1024;

let folder: string;
let store: OutputStore;
let credits: Credit[];
let output: { offset: number; text: string; missing: number }[];

function start(): void {
  folder = temporaryFolder();
  credits = [];
  output = [];
  store = new OutputStore({
    pathOf: (host, key) => join(folder, host, `${key.block}.${key.stream}`),
    sendCredit: (_host, credit) => credits.push(credit),
    onOutput: (_host, _key, offset, bytes, missing) =>
      output.push({ offset, text: new TextDecoder().decode(bytes), missing }),
    onProblem: (_host, message) => expect.unreachable(message),
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  start();
});
afterEach(() => {
  store.close();
  vi.useRealTimers();
});

function piece(offset: number, text: string, more: Partial<Output> = {}): void {
  const bytes = new TextEncoder().encode(text);
  store.message(HOST, { kind: "output", ...OUT, gone: 0, offset, bytes, ageMs: 0, end: false, ...more });
}

function opened(host: typeof HOST, key: typeof KEY, limit: number): void {
  store.open(host, key, limit);
  store.grant(host, key);
}

const lastOut = (): Credit | undefined => credits.filter(({ stream }) => stream === "stdout").at(-1);

describe("what is not there", () => {
  test("is a gap where the source says that it is gone", () => {
    opened(HOST, KEY, LIMIT);
    piece(0, "ab");
    piece(12, "cd", { gone: 10 });
    expect(output).toEqual([
      { offset: 0, text: "ab", missing: 0 },
      { offset: 12, text: "cd", missing: 10 },
    ]);
    store.close();
    const text = readFileSync(join(folder, HOST, "p/cb.stdout"), "utf8");
    expect(text).toBe("ab\n[10 bytes are not here: more was printed than is kept]\ncd");
  });

  test("was lost where it does not, and is asked for again, once for all that was under way behind it", () => {
    opened(HOST, KEY, LIMIT);
    piece(0, "ab");
    const before = credits.length;
    piece(4, "ef");
    piece(6, "gh");
    expect(credits.slice(before)).toMatchObject([{ have: 2, again: true }]);
    expect(output).toHaveLength(1);
    piece(2, "cd");
    piece(4, "ef");
    expect(output.map(({ text, missing }) => [text, missing])).toEqual([
      ["ab", 0],
      ["cd", 0],
      ["ef", 0],
    ]);
    piece(8, "ij");
    expect(credits.at(-1)).toMatchObject({ have: 6, again: true });
  });

  test("is asked for again when what was asked for was lost, too, and the source wonders", () => {
    opened(HOST, KEY, LIMIT);
    piece(4, "ef");
    const before = credits.length;
    piece(6, "", {});
    expect(credits.slice(before)).toMatchObject([{ have: 0, again: true }]);
  });

  test("and what comes twice is taken once", () => {
    opened(HOST, KEY, LIMIT);
    piece(0, "abcd");
    piece(2, "cdef");
    piece(0, "ab");
    expect(output.map(({ text }) => text).join("")).toBe("abcdef");
  });
});

test("a question is answered with what has come", () => {
  opened(HOST, KEY, LIMIT);
  piece(0, "ab");
  const before = credits.length;
  piece(2, "");
  expect(credits.slice(before)).toMatchObject([{ have: 2, again: false }]);
});

test("the end of a process that has exited is missed, until it comes", () => {
  opened(HOST, KEY, LIMIT);
  piece(0, "ab");
  vi.advanceTimersByTime(3 * SILENCE_MS);
  const before = credits.length;
  store.expect(HOST, KEY, { stdout: 5, stderr: 0 });
  vi.advanceTimersByTime(2 * SILENCE_MS);
  expect(credits.slice(before)[0]).toMatchObject({ stream: "stdout", have: 2, again: true });
  piece(2, "cde", { end: true });
  const after = credits.length;
  vi.advanceTimersByTime(3 * SILENCE_MS);
  expect(credits).toHaveLength(after);
  expect(store.pending()).toEqual([]);
});

test("a new link goes on from what is here", () => {
  opened(HOST, KEY, LIMIT);
  piece(0, "ab");
  const before = credits.length;
  store.resume(HOST);
  expect(credits.slice(before)).toMatchObject([
    { stream: "stdout", have: 2, again: true },
    { stream: "stderr", have: 0, again: true },
  ]);
});

test("a short output comes whole, and needs no credit", () => {
  const [stdout, stderr] = ["all\n", ""].map((text) => new TextEncoder().encode(text)) as [
    Uint8Array,
    Uint8Array,
  ];
  store.open(HOST, KEY, LIMIT);
  expect(store.pending()).toEqual([HOST]);
  store.whole(HOST, { ...KEY, stdout, stderr });
  store.grant(HOST, KEY);
  expect(output).toEqual([{ offset: 0, text: "all\n", missing: 0 }]);
  expect(credits).toEqual([]);
  expect(store.pending()).toEqual([]);
  expect(store.outstanding).toBe(0);
  expect(readFileSync(join(folder, HOST, "p/cb.stdout"), "utf8")).toBe("all\n");
});

describe("credit", () => {
  /** Takes all that is granted, in pieces of one chunk. */
  function drink(bytesMax: number): void {
    const chunk = "x".repeat(16 * 1024);
    let have = lastOut()!.have;
    while (have < bytesMax) {
      expect(have).toBeLessThan(lastOut()!.upTo);
      const text = chunk.slice(0, lastOut()!.upTo - have);
      piece(have, text);
      have += text.length;
    }
  }

  test("is small at first, and grows with use", () => {
    opened(HOST, KEY, LIMIT);
    expect(lastOut()).toMatchObject({ have: 0, upTo: WINDOW_BYTES_FIRST });
    drink(4 * 1024 * 1024);
    const { have, upTo } = lastOut()!;
    expect(upTo - have).toBe(PULL_WINDOW_BYTES);
  });

  test("ends at the limit, and then says so", () => {
    opened(HOST, KEY, 100_000);
    drink(100_000);
    expect(lastOut()).toMatchObject({ have: 100_000, upTo: 100_000 });
  });

  test("of very many streams together is bounded, and each has some", () => {
    const hosts = Array.from({ length: 20_000 }, (_, place) => hostIdOf(`node${String(place)}`));
    for (const host of hosts) opened(host, KEY, LIMIT);
    const least = Math.min(...credits.map(({ upTo }) => upTo));
    expect(least).toBe(WINDOW_BYTES_MIN);
    expect(store.outstanding).toBeLessThan(hosts.length * 2 * WINDOW_BYTES_MIN + 2 * GRANTED_BYTES_MAX);
    for (const host of hosts) store.abandon(host);
    expect(store.outstanding).toBe(0);
  });

  test("of busy streams together stays within the bound", () => {
    const hosts = Array.from({ length: 150 }, (_, place) => hostIdOf(`node${String(place)}`));
    for (const host of hosts) opened(host, KEY, LIMIT);
    // Mostly gaps, so that little is written.
    const step = 32 * 1024;
    const bytes = new Uint8Array([65]);
    for (let round = 1; round <= 40; round += 1) {
      for (const host of hosts) {
        const offset = round * step - 1;
        store.message(host, { kind: "output", ...OUT, gone: step - 1, offset, bytes, ageMs: 0, end: false });
        expect(store.outstanding).toBeLessThanOrEqual(GRANTED_BYTES_MAX);
      }
    }
    expect(store.outstanding).toBeGreaterThan(GRANTED_BYTES_MAX / 2);
  });
});
