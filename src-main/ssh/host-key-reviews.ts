// Changed host keys that wait for a person's word; with it the known ones are replaced, and the files as they were are kept.
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import {
  access,
  appendFile,
  chmod,
  copyFile,
  readFile,
  realpath,
  rename,
  stat,
  writeFile,
} from "node:fs/promises";
import type { ChangedHostKey } from "#shared/controller-api/changed-host-key.ts";
import type { ActionResult } from "#shared/controller-api/controller-api.ts";
import { forgetKeys } from "./edit-known-hosts.ts";
import { HostKeySightings } from "./host-key-sightings.ts";
import { knownHostName, writeKnownHostsLine, type KnownHost } from "./known-hosts.ts";
import { wordsOf } from "./ssh-failures.ts";

/** The oldest are forgotten: who looks at that many connects again. */
const REVIEWS_MAX = 200;

export interface KeyChange {
  readonly host: string;
  readonly port: number;
  /** What the host shows now. */
  readonly key: Uint8Array;
  readonly lines: readonly KnownHost[];
  /** Where the new one is written down. */
  readonly userFile: string | undefined;
  /** Of a hashed name; undefined: plain. */
  readonly salt: Uint8Array | undefined;
}

interface Edit {
  readonly path: string;
  readonly text: string;
}

export class HostKeyReviews {
  /** All keys that were seen, for who looks through them. */
  readonly sightings = new HostKeySightings();
  readonly #open = new Map<string, KeyChange>();
  readonly #now: () => Date;

  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  /** The same change is the same review. */
  add(change: KeyChange): ChangedHostKey["review"] {
    const same = [...this.#open].find(([, open]) => isSame(open, change));
    const review = same?.[0] ?? randomUUID();
    this.#open.delete(review);
    this.#open.set(review, change);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= REVIEWS_MAX) break;
      this.#open.delete(oldest);
    }
    return review;
  }

  /** To be called when a person has seen both keys and wants the new one. */
  async replace(review: string): Promise<ActionResult> {
    const change = this.#open.get(review);
    if (change === undefined) {
      return { kind: "refused", message: "this is not waiting any more: connect again, and look again" };
    }
    try {
      const edits = await editsOf(change);
      if (!Array.isArray(edits)) return { kind: "refused", message: edits.reason };
      const stamp = this.#now().toISOString().replace(/[-:]/g, "").slice(0, 15);
      const copies: string[] = [];
      for (const edit of edits) copies.push(await putInPlace(edit, stamp));
      this.#open.delete(review);
      await remember(change);
      const name = knownHostName(change.host, change.port);
      return { kind: "done", message: `the key of ${name} is replaced; before it was ${copies.join(", ")}` };
    } catch (error) {
      return { kind: "refused", message: `known_hosts cannot be changed: ${wordsOf(error)}` };
    }
  }
}

function isSame(left: KeyChange, right: KeyChange): boolean {
  return (
    left.host === right.host &&
    left.port === right.port &&
    Buffer.from(left.key).equals(Buffer.from(right.key))
  );
}

/** All of them are made before any is written. */
async function editsOf({ host, port, lines }: KeyChange): Promise<Edit[] | { readonly reason: string }> {
  const edits: Edit[] = [];
  for (const file of new Set(lines.map((line) => line.file))) {
    // What a link points at is changed, not the link.
    const path = await realpath(file);
    await access(path, constants.W_OK);
    const own = lines.filter((line) => line.file === file);
    const edited = forgetKeys(await readFile(path, "utf8"), own, host, port);
    if (edited.kind === "refused") return { reason: edited.reason };
    edits.push({ path, text: edited.text });
  }
  return edits;
}

/** Returns where it is kept as it was. */
async function putInPlace({ path, text }: Edit, stamp: string): Promise<string> {
  const copy = `${path}.before-${stamp}`;
  const { mode } = await stat(path);
  await copyFile(path, copy, constants.COPYFILE_EXCL);
  await chmod(copy, mode);
  const part = `${path}.part-${randomUUID().slice(0, 8)}`;
  await writeFile(part, text, { flag: "wx", mode: 0o600 });
  await chmod(part, mode);
  await rename(part, path);
  return copy;
}

async function remember({ userFile, host, port, key, salt }: KeyChange): Promise<void> {
  if (userFile === undefined) return;
  const before = await readFile(userFile, "utf8").catch(nothing);
  const start = before === "" || before.endsWith("\n") ? "" : "\n";
  await appendFile(userFile, `${start}${writeKnownHostsLine(host, port, key, salt)}\n`, { mode: 0o600 });
}

/** A file that is not there yet is made. */
function nothing(_missing: unknown): string {
  return "";
}
