// Finds the controllers of this person that run on this computer, and asks one what it knows.
import { readdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { isAlive } from "#shared/node/is-alive.ts";
import { DOORS_FOLDER, notPrivate, type ControllerInfo, type DoorRecord } from "./info-door.ts";

/** A controller with ten thousand hosts needs a second for its answer. */
const ANSWER_MS_MAX = 10_000;
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/** The newest last; files of controllers that were killed are removed. */
export async function findControllers(directory: string): Promise<readonly DoorRecord[]> {
  const folder = join(directory, DOORS_FOLDER);
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) return [];
  const problem = await notPrivate(folder);
  if (problem !== undefined) throw new Error(problem);
  const found: DoorRecord[] = [];
  for (const name of names.filter((one) => one.endsWith(".json")).sort()) {
    const path = join(folder, name);
    const door = await readRecord(path);
    if (door === undefined) continue;
    if (isAlive(door.pid)) found.push(door);
    else await Promise.all([path, door.socket].map((left) => rm(left, { force: true })));
  }
  return found;
}

/** Rejects when nobody answers. */
export function askController({ socket, token }: DoorRecord): Promise<ControllerInfo> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const caller = connect(socket, () => caller.write(`${token}\n`));
    caller.setTimeout(ANSWER_MS_MAX, () => caller.destroy(new Error("it does not answer")));
    caller.on("error", reject);
    caller.on("data", (piece) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > ANSWER_BYTES_MAX) caller.destroy(new Error("its answer does not end"));
    });
    caller.on("close", () => {
      try {
        // Of our own program, which this person runs: not checked field by field.
        resolve(JSON.parse(Buffer.concat(pieces).toString()) as ControllerInfo);
      } catch {
        reject(new Error("it has ended, or does not let us in"));
      }
    });
  });
}

async function readRecord(path: string): Promise<DoorRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
    const { session, pid, socket, token } = record;
    const isOurs = [session, socket, token].every((text) => typeof text === "string");
    return isOurs && Number.isInteger(pid) ? (record as unknown as DoorRecord) : undefined;
  } catch {
    return undefined; // Being written, just removed, or none of ours.
  }
}
