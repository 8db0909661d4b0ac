// The root's journal: what was kept is there again, in order; a torn or damaged tail is not; the forgotten goes away.
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import type { RootRecord } from "../../../src-shared/overlay/topology.ts";
import { openRootJournal, stillNeeded } from "../../../src-main/overlay-root/root-journal.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const chain = new Uint8Array(16);
const invited = (rank: number, host = `node${String(rank)}`): RootRecord => ({
  kind: "invited",
  host: hostIdOf(host),
  incarnation: 1,
  rank,
  start: 0,
});
const command = (sequence: number): RootRecord => ({
  kind: "command",
  sequence,
  targets: [1, 2],
  payload: new Uint8Array([sequence & 255]),
});
const plain = (records: readonly RootRecord[]): RootRecord[] =>
  records.map((one) => (one.kind === "command" ? { ...one, payload: new Uint8Array(one.payload) } : one));

/** As the next root finds it. */
async function reopened(path: string): Promise<{ epoch: number; records: readonly RootRecord[] }> {
  const journal = await openRootJournal(path);
  await journal.close();
  return journal;
}

async function write(path: string, records: readonly RootRecord[]): Promise<void> {
  const journal = await openRootJournal(path);
  for (const record of records) expect(await journal.append([record])).toBeUndefined();
  await journal.close();
}

describe("a journal", () => {
  test("has what was kept, and raises the epoch with each root", async () => {
    const path = join(temporaryFolder(), "overlay.journal");
    const records = [invited(1), invited(2), command(1), command(2)];
    await write(path, records);
    const second = await openRootJournal(path);
    expect(second.epoch).toBe(2);
    expect(plain(second.records)).toEqual(records);
    await second.close();
    expect((await reopened(path)).epoch).toBe(3);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("has raised the epoch on disk before it says so", async () => {
    const path = join(temporaryFolder(), "overlay.journal");
    // Killed before it has kept anything.
    await reopened(path);
    expect((await reopened(path)).epoch).toBe(2);
  });

  test("does without a tail that was torn at any place, and goes on after it", async () => {
    const path = join(temporaryFolder(), "overlay.journal");
    await write(path, [invited(1), command(1), command(2)]);
    const whole = readFileSync(path);
    for (let size = whole.length; size >= 0; size -= 1) {
      writeFileSync(path, whole.subarray(0, size));
      const journal = await openRootJournal(path);
      const kinds = journal.records.map(({ kind }) => kind);
      expect(["invited", "command", "command"].slice(0, kinds.length)).toEqual(kinds);
      await journal.append([command(9)]);
      await journal.close();
      expect((await reopened(path)).records.at(-1)).toMatchObject({ sequence: 9 });
    }
  });

  test("does not believe damaged or foreign bytes", async () => {
    const path = join(temporaryFolder(), "overlay.journal");
    await write(path, [invited(1), command(1)]);
    const whole = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        writeFileSync(path, damaged);
        const { records } = await reopened(path);
        expect(plain(records)).toEqual([invited(1), command(1)].slice(0, records.length));
      }),
      { numRuns: 60 },
    );
    truncateSync(path);
    appendFileSync(path, Buffer.from("not a journal"));
    expect((await reopened(path)).records).toEqual([]);
  });

  test("says once that it cannot be written any more, and lets the run go on", async () => {
    const folder = join(temporaryFolder(), "state");
    mkdirSync(folder);
    const journal = await openRootJournal(join(folder, "overlay.journal"));
    rmSync(folder, { recursive: true });
    const payload = new Uint8Array(900 * 1024);
    const said: (string | undefined)[] = [];
    for (let sequence = 1; sequence <= 8; sequence += 1)
      said.push(await journal.append([{ kind: "command", sequence, targets: [1, 1], payload }]));
    const failures = said.filter((words) => words !== undefined);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatch(/overlay\.journal cannot be written .*will not find the clients/u);
    await journal.close();
  });

  test("is written anew when most of it is forgotten", async () => {
    const path = join(temporaryFolder(), "overlay.journal");
    const journal = await openRootJournal(path);
    const payload = new Uint8Array(512 * 1024);
    for (let sequence = 1; sequence <= 20; sequence += 1) {
      await journal.append([{ kind: "command", sequence, targets: [1, 1], payload }]);
      await journal.append([{ kind: "stable", sequence: sequence - 1, chain }]);
    }
    expect(statSync(path).size).toBeLessThan(6 * 1024 * 1024);
    await journal.close();
    const { records } = await reopened(path);
    expect(records.map(({ kind }) => kind)).toEqual(["command", "stable"]);
  });
});

test("what is needed still: current clients, commands that some lack, the last counts, the highest rank", () => {
  const records: RootRecord[] = [
    invited(1, "a"),
    invited(2, "b"),
    command(1),
    command(2),
    { kind: "reports", rank: 1, upTo: 3 },
    { kind: "reports", rank: 1, upTo: 5 },
    invited(3, "b"),
    { kind: "stable", sequence: 1, chain },
    { kind: "ended", rank: 1, as: "left" },
    invited(4, "c"),
    { kind: "dismissed", rank: 4 },
    { kind: "reports", rank: 2, upTo: 9 },
  ];
  const needed = stillNeeded(records);
  expect(needed).toEqual([
    invited(1, "a"),
    command(2),
    invited(3, "b"),
    { kind: "ended", rank: 1, as: "left" },
    { kind: "dismissed", rank: 4 },
    { kind: "stable", sequence: 1, chain },
    { kind: "reports", rank: 1, upTo: 5 },
  ]);
  expect(stillNeeded(needed)).toEqual(needed);
});
