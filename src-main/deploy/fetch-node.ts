// Gets Node's archive or program from where a person or the registry has it, as a file in a folder of ours.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { NodePin } from "./node-pins.ts";
import { digestOf } from "./pack-node.ts";
import { wordsOf } from "./words-of.ts";

/** 50 MB over 200 kB/s, and a registry that is slow to answer. */
const FETCH_MS = 300_000;
/** Of what npm says: its first lines tell why, the rest where its log is. */
const NPM_LINES = 3;
const NPM_CHARACTERS_MAX = 4000;

export interface FetchParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** By the npm client, which knows registry, proxy and credentials. Throws in words for people. */
export async function fetchPackage(
  pin: NodePin,
  folder: string,
  { environment }: FetchParts,
  signal: AbortSignal,
): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]);
  await mkdir(join(folder, "home"));
  // Without scripts, and without a second copy in npm's own cache.
  const args = ["pack", `${pin.packageName}@${pin.version}`, "--ignore-scripts", "--fetch-retries=1"];
  const own = { npm_config_cache: join(folder, "home"), npm_config_update_notifier: "false" };
  await runNpm(args, { cwd: folder, environment: { ...environment, ...own } }, limit);
  const name = (await readdir(folder)).find((file) => file.endsWith(".tgz"));
  if (name === undefined) throw new Error("npm brought nothing");
  const path = join(folder, name);
  const found = `sha512-${(await digestOf(path, "sha512", limit)).toString("base64")}`;
  if (found !== pin.integrity)
    throw new Error(`${pin.packageName}@${pin.version} is not what it should be: its digest is ${found}`);
  return path;
}

/** Throws in words for people. */
export async function fetchUrl(url: string, folder: string, signal: AbortSignal): Promise<string> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]);
  const response = await fetch(url, { signal: limit }).catch((error: unknown) => {
    throw error instanceof Error && error.cause !== undefined ? error.cause : error;
  });
  if (!response.ok || response.body === null)
    throw new Error(`HTTP status ${String(response.status)} ${response.statusText}`.trimEnd());
  const path = join(folder, "node.download");
  const body = Readable.fromWeb(response.body);
  await pipeline(body, createWriteStream(path), { signal: limit });
  return path;
}

interface NpmSettings {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

function runNpm(args: readonly string[], settings: NpmSettings, signal: AbortSignal): Promise<void> {
  // On Windows npm is a batch file, which only a shell starts; the words have nothing in them that a shell minds.
  const shell = process.platform === "win32";
  const { cwd, environment: env } = settings;
  const child = spawn("npm", args, { cwd, env, shell, signal, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(0, NPM_CHARACTERS_MAX);
  });
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      const isMissing = "code" in error && error.code === "ENOENT";
      reject(new Error(isMissing ? "npm is not there" : timeWords(error, signal)));
    });
    child.once("close", (status) => {
      if (status === 0) resolve();
      else reject(new Error(npmWords(said) || `npm ended with status ${String(status)}`));
    });
  });
}

function timeWords(error: unknown, signal: AbortSignal): string {
  const isLate = signal.reason instanceof Error && signal.reason.name === "TimeoutError";
  return isLate ? `not done within ${String(FETCH_MS / 1000)} s` : wordsOf(error);
}

function npmWords(said: string): string {
  const errors = said.split("\n").filter((line) => /^npm (?:error|ERR!) /iu.test(line));
  const words = errors.map((line) => line.replace(/^npm (?:error|ERR!) /iu, "").trim());
  return words
    .filter((line) => line !== "" && !/complete log/iu.test(line))
    .slice(0, NPM_LINES)
    .join("; ");
}
