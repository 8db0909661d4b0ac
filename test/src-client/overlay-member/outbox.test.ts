// The outbox: what is appended is read again, over restarts, torn tails and damage; what is dropped is counted.
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openOutbox } from "../../../src-client/overlay-member/outbox.ts";
import type { Outbox, OutboxSettings } from "../../../src-client/overlay-member/outbox.ts";
import { createPayloadCodec } from "../../../src-shared/protocol/wire.ts";

const codec = createPayloadCodec();
/** Three segments of at most 100 bytes or 4 records. */
const SMALL = { segmentBytes: 100, segmentRecords: 4, segments: 3 };

let directory: string;
let open: Outbox[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "nebula-outbox-"));
});
afterEach(() => {
  for (const outbox of open) outbox.close();
  open = [];
  rmSync(directory, { recursive: true, force: true });
});

function opened(settings: Partial<OutboxSettings> = {}): Outbox {
  const outbox = openOutbox({ directory, incarnation: 1, ...settings });
  open.push(outbox);
  return outbox;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const segments = (): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith(".log"))
    .sort();

function append(outbox: Outbox, count: number): void {
  for (let each = 0; each < count; each += 1) outbox.append(bytes(`report ${outbox.last + 1}`));
}

/** `n` for a report as it was appended, `-n(count)` for a dropped range that ends with n. */
function allOf(outbox: Outbox, from = 1, to = outbox.last): string[] {
  const found: string[] = [];
  let next = from;
  while (next <= to) {
    const batch = outbox.read(next, to);
    expect(batch.length).toBeGreaterThan(0);
    for (const { sequence, skips, payload } of batch) {
      expect(sequence - skips).toBe(next);
      const text = new TextDecoder().decode(payload);
      if (text === `report ${sequence}`) found.push(String(sequence));
      else
        expect(codec.decodePayload(payload)).toEqual({
          ok: true,
          value: { kind: "reportsDropped", count: skips + 1 },
        });
      if (text !== `report ${sequence}`) found.push(`-${sequence}(${skips + 1})`);
      next = sequence + 1;
    }
  }
  return found;
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, place) => String(from + place));

describe("reports", () => {
  test("are numbered from 1 and read in order", () => {
    const outbox = opened();
    expect(outbox.last).toBe(0);
    append(outbox, 10);
    expect(allOf(outbox)).toEqual(numbers(1, 10));
    expect(allOf(outbox, 4, 6)).toEqual(numbers(4, 6));
  });

  test("are read piece by piece", () => {
    const outbox = opened({ limits: { readBytes: 20 } });
    append(outbox, 10);
    expect(outbox.read(1, 10)).toHaveLength(3);
    expect(allOf(outbox)).toEqual(numbers(1, 10));
  });

  test("are only for this account to read", () => {
    append(opened(), 1);
    expect(statSync(join(directory, "1.log")).mode & 0o777).toBe(0o600);
  });

  test("are forgotten by whole segments", () => {
    const outbox = opened({ limits: SMALL });
    append(outbox, 10);
    expect(segments()).toEqual(["1.log", "5.log", "9.log"]);
    outbox.forget(3);
    expect(segments()).toEqual(["1.log", "5.log", "9.log"]);
    outbox.forget(10);
    expect(segments()).toEqual(["9.log"]);
    append(outbox, 1);
    expect(allOf(outbox, 11)).toEqual(["11"]);
  });
});

describe("too many", () => {
  test("drop the oldest, counted", () => {
    const outbox = opened({ limits: SMALL });
    append(outbox, 14);
    expect(segments()).toEqual(["13.log", "5.log", "9.log"]);
    expect(allOf(outbox)).toEqual(["-4(4)", ...numbers(5, 14)]);
    expect(allOf(outbox, 3)).toEqual(["-4(2)", ...numbers(5, 14)]);
    expect(allOf(outbox, 1, 2)).toEqual(["-2(2)"]);
  });

  test("by bytes as by number", () => {
    const outbox = opened({ limits: SMALL });
    for (let each = 0; each < 5; each += 1) outbox.append(new Uint8Array(80));
    expect(segments()).toEqual(["3.log", "4.log", "5.log"]);
    expect(outbox.read(1, 5)[0]).toMatchObject({ sequence: 2, skips: 1 });
  });
});

describe("opened again", () => {
  test("goes on where it was", () => {
    const first = opened({ limits: SMALL });
    append(first, 6);
    first.close();
    const second = opened({ limits: SMALL });
    expect(second.last).toBe(6);
    append(second, 4);
    expect(allOf(second)).toEqual(numbers(1, 10));
  });

  test("by another incarnation, is empty", () => {
    const first = opened();
    append(first, 6);
    first.close();
    expect(opened({ incarnation: 2 }).last).toBe(0);
    expect(segments()).toEqual([]);
  });

  test("cuts a torn tail off, wherever it was torn", () => {
    const first = opened();
    append(first, 3);
    first.close();
    const whole = readFileSync(join(directory, "1.log"));
    fc.assert(
      fc.property(fc.nat(whole.length), fc.uint8Array({ maxLength: 30 }), (length, noise) => {
        // Noise that happens to go on as the file did is no damage.
        if (noise[0] === whole[length]) noise[0] = (whole[length] ?? 0) ^ 1;
        writeFileSync(join(directory, "1.log"), whole.subarray(0, length));
        appendFileSync(join(directory, "1.log"), noise);
        const outbox = openOutbox({ directory, incarnation: 1 });
        const kept = Math.floor(length / (whole.length / 3));
        expect(outbox.last).toBe(kept);
        append(outbox, 1);
        expect(allOf(outbox)).toEqual(numbers(1, kept + 1));
        outbox.close();
      }),
      { numRuns: 300 },
    );
  });

  test("counts what a damaged segment lost, and keeps what follows", () => {
    const first = opened({ limits: SMALL });
    append(first, 10);
    first.close();
    const damaged = readFileSync(join(directory, "5.log"));
    damaged[Math.floor(damaged.length / 2) + 5]! ^= 1;
    writeFileSync(join(directory, "5.log"), damaged);
    const second = opened({ limits: SMALL });
    expect(allOf(second)).toEqual([...numbers(1, 6), "-8(2)", "9", "10"]);
  });

  test("leaves other files alone", () => {
    writeFileSync(join(directory, "notes.txt"), "mine");
    append(opened({ incarnation: 5 }), 1);
    expect(existsSync(join(directory, "notes.txt"))).toBe(true);
  });
});

describe("a disk that takes nothing", () => {
  test("is worked around in memory, within limits, and used again", () => {
    const outbox = opened({ limits: SMALL });
    append(outbox, 4);
    rmSync(directory, { recursive: true });
    append(outbox, 3);
    expect(outbox.problem).toContain("ENOENT");
    expect(allOf(outbox)).toEqual(numbers(1, 7));
    for (let each = 0; each < 3000; each += 1) outbox.append(bytes(`report ${outbox.last + 1}`));
    expect(allOf(outbox)).toEqual([...numbers(1, 4), "-1007(1003)", ...numbers(1008, 3007)]);
    directory = mkdtempSync(directory);
  });
});
