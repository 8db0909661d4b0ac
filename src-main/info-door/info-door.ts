// A door of a running controller for other programs of the same person: what it knows, for whoever can read the door's own file.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { lstat, rm, rmdir, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type {
  ControllerApi,
  ControlView,
  HostView,
  MeshView,
  RunView,
} from "#shared/controller-api/controller-api.ts";
import { makeFolders } from "#shared/node/make-folders.ts";

export type InfoSource = Pick<ControllerApi, "control" | "hosts" | "mesh" | "runs">;

/** All of it at one moment. */
export interface ControllerInfo {
  readonly control: ControlView;
  readonly hosts: readonly HostView[];
  readonly mesh: MeshView;
  readonly runs: readonly RunView[];
}

export interface InfoDoorSettings {
  /** The person's runtime directory. */
  readonly directory: string;
  readonly session: string;
  readonly platform: string;
  readonly log: (text: string) => void;
}

/** What stands in the door's file. */
export interface DoorRecord {
  readonly session: string;
  readonly pid: number;
  readonly socket: string;
  readonly token: string;
}

export const DOORS_FOLDER = "controllers";
/** The file and the folder are for nobody else. */
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const OTHERS = 0o077;
const TOKEN_BYTES = 32;
/** A token, and nothing else. */
const ASK_BYTES_MAX = 1024;
/** Whoever comes in asks at once. */
const ASK_MS_MAX = 5000;
const CALLERS_MAX = 32;

/** Resolves with what closes it. Where none can be opened that is logged: runs do not need it. */
export async function openInfoDoor(
  source: InfoSource,
  settings: InfoDoorSettings,
): Promise<() => Promise<void>> {
  const { directory, session, platform, log } = settings;
  const folder = join(directory, DOORS_FOLDER);
  const file = join(folder, `${session}.json`);
  const socket = platform === "win32" ? `\\\\.\\pipe\\nebula-${session}` : join(folder, `${session}.sock`);
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const callers = new Set<Socket>();
  const server = createServer((caller) => {
    callers.add(caller);
    caller.on("close", () => callers.delete(caller));
    // Whoever hangs up wants no answer.
    caller.on("error", () => undefined);
    if (callers.size > CALLERS_MAX) caller.destroy();
    else serve(caller, token, source);
  });
  // A program that is about to end does not stay for it.
  server.unref();
  try {
    await makeFolders(folder, PRIVATE_FOLDER);
    const problem = await notPrivate(folder);
    if (problem !== undefined) throw new Error(problem);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socket, resolve);
    });
    const record: DoorRecord = { session, pid: process.pid, socket, token };
    await writeFile(file, JSON.stringify(record), { mode: PRIVATE_FILE, flag: "wx" });
  } catch (error) {
    log(`plush info cannot ask this controller: ${error instanceof Error ? error.message : String(error)}`);
    server.close();
    return () => Promise.resolve();
  }
  return async () => {
    server.close();
    for (const caller of callers) caller.destroy();
    await rm(file, { force: true });
    // Whoever is the last leaves nothing; where others are, or something else lies, the folders stay.
    await rmdir(folder)
      .then(() => rmdir(directory))
      .catch((error: unknown) => error);
  };
}

/** A folder below a shared one may have been made by somebody else. */
export async function notPrivate(folder: string): Promise<string | undefined> {
  const own = process.getuid?.();
  // Windows: it lies in the person's own profile.
  if (own === undefined) return undefined;
  const found = await lstat(folder);
  return found.isDirectory() && found.uid === own && (found.mode & OTHERS) === 0
    ? undefined
    : `${folder} is not for this user alone`;
}

function serve(caller: Socket, token: string, source: InfoSource): void {
  let asked = "";
  caller.setTimeout(ASK_MS_MAX, () => caller.destroy());
  caller.setEncoding("utf8").on("data", (text: string) => {
    asked += text;
    if (asked.length > ASK_BYTES_MAX) return void caller.destroy();
    const end = asked.indexOf("\n");
    if (end < 0) return undefined;
    if (!isSame(asked.slice(0, end), token)) return void caller.destroy();
    const info: ControllerInfo = {
      control: source.control(),
      hosts: source.hosts(),
      mesh: source.mesh(),
      runs: source.runs(),
    };
    caller.end(JSON.stringify(info));
    return undefined;
  });
}

function isSame(shown: string, token: string): boolean {
  const [left, right] = [Buffer.from(shown), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}
