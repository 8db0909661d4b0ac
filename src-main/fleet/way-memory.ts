// What has worked for which host, from one controller to the next, so that the same detour is not waited for twice.
import { readFile, rename, writeFile } from "node:fs/promises";
import { LINK_WAYS, type LinkWay } from "#shared/base/link-way.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";

/** A few hundred kilobytes; those that were not used for the longest time are forgotten. */
const HOSTS_MAX = 10_000;
const BYTES_MAX = 4 * 1024 * 1024;

type RememberedHost = Pick<HostEntry, "address" | "user">;

export class WayMemory {
  readonly #path: string;
  readonly #log: (text: string) => void;
  /** The newest last. */
  #ways: Map<string, LinkWay>;
  readonly #learnt = new Map<string, LinkWay>();

  private constructor(path: string, ways: Map<string, LinkWay>, log: (text: string) => void) {
    this.#path = path;
    this.#ways = ways;
    this.#log = log;
  }

  static async open(path: string, log: (text: string) => void): Promise<WayMemory> {
    return new WayMemory(path, await readWays(path), log);
  }

  wayTo(host: RememberedHost): LinkWay | undefined {
    return this.#ways.get(keyOf(host));
  }

  note(host: RememberedHost, way: LinkWay): void {
    const key = keyOf(host);
    if (this.#ways.get(key) !== way) this.#learnt.set(key, way);
    this.#ways.delete(key);
    this.#ways.set(key, way);
  }

  /** Writes down what was learnt, beside what other controllers have learnt meanwhile. */
  async close(): Promise<void> {
    if (this.#learnt.size === 0) return;
    const all = await readWays(this.#path);
    for (const [key, way] of this.#learnt) {
      all.delete(key);
      all.set(key, way);
    }
    this.#learnt.clear();
    const kept = Object.fromEntries([...all].slice(-HOSTS_MAX));
    const part = `${this.#path}.${String(process.pid)}`;
    try {
      await writeFile(part, `${JSON.stringify(kept, undefined, 1)}\n`, { mode: 0o600 });
      await rename(part, this.#path);
    } catch (error) {
      // The next run waits a few seconds more.
      this.#log(`cannot remember how hosts were reached: ${String(error)}`);
    }
  }
}

/** A missing or damaged file means that nothing is known. */
async function readWays(path: string): Promise<Map<string, LinkWay>> {
  try {
    const bytes = await readFile(path);
    const parsed: unknown = bytes.length > BYTES_MAX ? {} : JSON.parse(bytes.toString("utf8"));
    const entries = typeof parsed === "object" && parsed !== null ? Object.entries(parsed) : [];
    return new Map(entries.flatMap(([key, value]) => entryOf(key, value)));
  } catch {
    return new Map();
  }
}

function entryOf(key: string, value: unknown): [string, LinkWay][] {
  const way = LINK_WAYS.find((known) => known === value);
  return way === undefined ? [] : [[key, way]];
}

/** What a directory calls it may mean another machine in another directory; then it costs a few seconds once. */
function keyOf({ address, user }: RememberedHost): string {
  return user === undefined ? address : `${user}@${address}`;
}
