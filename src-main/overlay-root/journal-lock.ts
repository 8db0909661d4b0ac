// Who has the root's journal: one controller at a time, and what one that was killed has left is taken over.
//
//   overlay.journal.lock-7: JSON, { pid, computer, since, birth }, of whoever has the journal in epoch 7
//
// Node has no locks of the kernel's. A lock is a file that comes to be whole or not at all (a hard link), and its number
// is the epoch that its owner is about to write: of several who find the same dead owner one alone makes the next
// number, so nobody removes a lock that somebody else has just taken. Whoever has made one looks at the journal again:
// when an epoch as high stands there already, its owner has come and gone meanwhile, and it begins anew.
import { randomUUID } from "node:crypto";
import { link, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { isAlive } from "#shared/node/is-alive.ts";

const PRIVATE = 0o600;
/** Each time somebody else was quicker, and has ended since. */
const TRIES_MAX = 20;
/** proc(5), `stat`: behind the name the state comes first; the start, in ticks since the boot, is the 22nd of all. */
const STATE_FIELD = 0;
const START_FIELD = 19;

export interface JournalLock {
  /** Above every lock that there was, and above the epoch. */
  readonly number: number;
  /** The journal carries our epoch now: what others have left goes. */
  removeOlder(): Promise<void>;
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly computer: string;
  /** ISO 8601. */
  readonly since: string;
  /** Of the process: a later one with the same number has another. "" where nobody can tell. */
  readonly birth: string;
}

/** Rejects, with words for people, when a controller that lives has it. `readEpoch`: what stands in the journal now. */
export async function lockJournal(path: string, readEpoch: () => Promise<number>): Promise<JournalLock> {
  const self: Owner = {
    pid: process.pid,
    computer: hostname(),
    since: new Date().toISOString(),
    birth: await birthOf(process.pid),
  };
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const epoch = await readEpoch();
    const there = await numbersOf(path);
    for (const number of there) {
      const owner = await ownerOf(lockPath(path, number));
      if (owner !== undefined && (await hasIt(owner))) throw new Error(refusal(path, number, owner));
    }
    const number = Math.max(epoch, ...there) + 1;
    const own = lockPath(path, number);
    if (!(await make(own, self))) continue;
    const lock: JournalLock = {
      number,
      removeOlder: async () => {
        for (const other of await numbersOf(path))
          if (other < number) await rm(lockPath(path, other), { force: true });
      },
      release: () => rm(own, { force: true }),
    };
    if ((await readEpoch()) < number) return lock;
    await lock.release();
  }
  throw new Error(
    `${path} is in use: other controllers take it as fast as they end. Start one of them only.`,
  );
}

const lockPath = (path: string, number: number): string => `${path}.lock-${String(number)}`;

async function numbersOf(path: string): Promise<readonly number[]> {
  const before = `${basename(path)}.lock-`;
  const names = await readdir(dirname(path));
  return names.flatMap((name) => {
    const digits = name.startsWith(before) ? name.slice(before.length) : "";
    return /^\d{1,15}$/u.test(digits) ? [Number(digits)] : [];
  });
}

/** False when somebody was quicker. */
async function make(path: string, owner: Owner): Promise<boolean> {
  const beside = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    await writeFile(beside, JSON.stringify(owner), { mode: PRIVATE, flag: "wx" });
    await link(beside, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
}

/** Undefined: released in between, or what a computer that lost its power has left; whoever lives has written all of it. */
async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    const { pid, computer, since, birth } = JSON.parse(await readFile(path, "utf8")) as Record<
      string,
      unknown
    >;
    const isWhole =
      Number.isInteger(pid) && [computer, since, birth].every((text) => typeof text === "string");
    return isWhole ? ({ pid, computer, since, birth } as Owner) : undefined;
  } catch {
    return undefined;
  }
}

async function hasIt({ pid, computer, birth }: Owner): Promise<boolean> {
  // Nobody sees from here whether it lives.
  if (computer !== hostname()) return true;
  if (!isAlive(pid)) return false;
  const now = await birthOf(pid);
  return [birth, ""].includes(now) || birth === "";
}

/** The boot and the moment in it; "none" of one that has ended and was not asked about yet; "" where there is no /proc. */
async function birthOf(pid: number): Promise<string> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    const stat = await readFile(`/proc/${String(pid)}/stat`, "latin1");
    // The name may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[STATE_FIELD] === "Z" ? "none" : `${boot.trim()} ${fields[START_FIELD] ?? ""}`;
  } catch {
    return "";
  }
}

function refusal(path: string, number: number, { pid, computer, since }: Owner): string {
  const isHere = computer === hostname();
  const who = `process ${String(pid)}${isHere ? "" : ` on ${computer}`}`;
  const remedy = isHere
    ? "End that controller first"
    : `End that controller first, or, when it does not run any more (which nobody can see from here), remove ${lockPath(path, number)}`;
  return `${path} is in use: ${who} has it since ${since}. ${remedy}; or give this controller a state directory of its own.`;
}
