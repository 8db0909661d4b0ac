// Who has the journal: a second controller is refused with words, what a dead one has left is taken over by one alone.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { lockJournal } from "../../../src-main/overlay-root/journal-lock.ts";
import { openRootJournal, type RootJournal } from "../../../src-main/overlay-root/root-journal.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const locksOf = (path: string): string[] =>
  readdirSync(dirname(path))
    .filter((name) => name.includes(".lock-"))
    .sort();

/** What the owner of a journal leaves that is killed. */
async function leave(path: string, owner: Readonly<Record<string, unknown>>): Promise<void> {
  const journal = await openRootJournal(path);
  const lock = `${path}.lock-${String(journal.epoch)}`;
  const text = readFileSync(lock, "utf8");
  await journal.close();
  writeFileSync(lock, JSON.stringify({ ...(JSON.parse(text) as object), ...owner }));
}

async function wordsOf(opening: Promise<RootJournal>): Promise<string> {
  const refused = await opening.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(Error);
  return (refused as Error).message;
}

/** One is enough for all tests. */
let dead: number | undefined;
const deadPid = (): number => (dead ??= spawnSync(process.execPath, ["-e", ""]).pid);

test("a second one is refused: who has it, since when, and what to do; the first is not disturbed", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  const journal = await openRootJournal(path);
  const words = await wordsOf(openRootJournal(path));
  const who = `process ${String(process.pid)} has it since 20\\d\\d-[^ ]+Z`;
  expect(words).toMatch(new RegExp(`^${path} is in use: ${who}. End that controller first; or `, "u"));
  expect(await journal.append([{ kind: "dismissed", rank: 1 }])).toBeUndefined();
  await journal.close();
  expect(readdirSync(dirname(path))).toEqual(["overlay.journal"]);
  const next = await openRootJournal(path);
  expect([next.epoch, next.records]).toEqual([2, [{ kind: "dismissed", rank: 1 }]]);
  await next.close();
});

test("a dead one's is taken over, and nothing of it stays", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  await leave(path, { pid: deadPid() });
  const journal = await openRootJournal(path);
  expect(journal.epoch).toBe(2);
  expect(locksOf(path)).toEqual(["overlay.journal.lock-2"]);
  await journal.close();
});

test("one that a computer has not written to the end is nobody's", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  await leave(path, {});
  truncateSync(`${path}.lock-1`);
  await (await openRootJournal(path)).close();
});

test("another process under the number of the dead one does not have it", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  await leave(path, { pid: process.pid, birth: "another boot 17" });
  await (await openRootJournal(path)).close();
});

test("of another computer nobody knows: it is said what to remove", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  await leave(path, { pid: deadPid(), computer: `not-${hostname()}` });
  const words = await wordsOf(openRootJournal(path));
  expect(words).toContain(`on not-${hostname()} has it since`);
  expect(words).toContain(`remove ${path}.lock-1;`);
});

test("a journal that was damaged is not taken from whoever has it, and its epoch does not come again", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  for (let life = 1; life <= 3; life += 1) await (await openRootJournal(path)).close();
  const journal = await openRootJournal(path);
  truncateSync(path);
  expect(await wordsOf(openRootJournal(path))).toContain("is in use");
  const lock = readFileSync(`${path}.lock-4`, "utf8");
  await journal.close();
  writeFileSync(`${path}.lock-4`, lock.replace(`"pid":${String(process.pid)}`, `"pid":${String(deadPid())}`));
  const next = await openRootJournal(path);
  expect(next.epoch).toBe(5);
  await next.close();
});

test("whoever has looked at the journal before another has had it and has gone looks again", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  const seen = [0, 1];
  const lock = await lockJournal(path, () => Promise.resolve(seen.shift() ?? 1));
  expect(lock.number).toBe(2);
  await lock.release();
  expect(locksOf(path)).toEqual([]);
});

test("of many who find a dead one's at once, one has it, and all others hear of whom", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  for (let round = 1; round <= 10; round += 1) {
    await leave(path, { pid: deadPid() });
    const opened = await Promise.allSettled(Array.from({ length: 12 }, () => openRootJournal(path)));
    const journals = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(journals).toHaveLength(1);
    for (const one of opened)
      if (one.status === "rejected") expect(String(one.reason)).toContain("is in use: process");
    await journals[0]!.close();
    expect(readdirSync(dirname(path))).toEqual(["overlay.journal"]);
  }
});

test("two that open and close it again and again never have it at once, and no epoch comes twice", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  let holders = 0;
  const epochs: number[] = [];
  const life = async (): Promise<void> => {
    for (let round = 1; round <= 25; round += 1) {
      const opened = await openRootJournal(path).catch((error: unknown) => error);
      if (opened instanceof Error) continue;
      const journal = opened as RootJournal;
      holders += 1;
      expect(holders).toBe(1);
      epochs.push(journal.epoch);
      await new Promise(setImmediate);
      holders -= 1;
      await journal.close();
    }
  };
  await Promise.all([life(), life(), life()]);
  expect(new Set(epochs).size).toBe(epochs.length);
  expect(epochs.length).toBeGreaterThan(0);
});
