// The folder of a run's results: what was run, where, what happened, what was printed, what was collected.
import { createWriteStream, type WriteStream } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { once } from "node:events";
import { makeFolders } from "#shared/node/make-folders.ts";
import type { RunEvent } from "#shared/controller-api/run-events.ts";

export interface RunResultsSettings {
  /** An absolute path; made when missing. */
  readonly directory: string;
  /** Also written to it, so that a run can be understood and done again. */
  readonly documents: Readonly<Record<string, string>>;
}

export class RunResults {
  readonly directory: string;
  readonly #log: WriteStream;
  #problem: string | undefined;

  private constructor(directory: string, log: WriteStream) {
    this.directory = directory;
    this.#log = log;
    log.on("error", (error) => {
      this.#problem ??= `cannot write the results in ${directory}: ${error.message}`;
    });
  }

  static async open(settings: RunResultsSettings): Promise<RunResults> {
    const { directory, documents } = settings;
    await makeFolders(directory);
    for (const [name, text] of Object.entries(documents)) await writeFile(join(directory, name), text);
    const log = createWriteStream(join(directory, "events.jsonl"), { flags: "a" });
    await once(log, "open");
    return new RunResults(directory, log);
  }

  /** The first thing that could not be written, for people; the run goes on without. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Output is not in it: it has files of its own, and would make the log as large as itself. */
  event(event: RunEvent): void {
    if (event.event !== "output") this.#log.write(`${JSON.stringify(event)}\n`);
  }

  async write(name: string, text: string): Promise<void> {
    try {
      await writeFile(join(this.directory, name), text);
    } catch (error) {
      this.#problem ??= `cannot write ${name}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** Where the output of one start of a process goes; the first start has no number. */
  outputPath(host: string, block: string, attempt: number, stream: string): string {
    const name = [...block.split("/").reverse().slice(1)].map(safeName).join(".");
    const numbered = attempt === 1 ? name : `${name}.${String(attempt)}`;
    return join(this.directory, "output", safeName(host), `${numbered}.${stream}`);
  }

  /** Where a collected file goes; undefined when its path, which a host has chosen, leads out of the folder. */
  collectedPath(host: string, path: string): string | undefined {
    const base = join(this.directory, "files", safeName(host));
    const full = resolve(base, path);
    return full.startsWith(base + sep) && !path.includes("\0") ? full : undefined;
  }

  async close(): Promise<void> {
    if (this.#log.closed || this.#log.destroyed) return;
    await new Promise<void>((done) => {
      this.#log.once("close", done);
      this.#log.end();
    });
  }
}

/** Host and block names as file names: separators and leading dots are written as %XX. */
export function safeName(name: string): string {
  const escaped = name.replace(/[/\\:*?"<>|%\p{Cc}]/gu, (character) => encodeByte(character));
  return escaped.startsWith(".") ? `%2E${escaped.slice(1)}` : escaped;
}

function encodeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** Keeps the newest `keep` folders of earlier runs; names begin with the time, so order is age. */
export async function removeOldRuns(runsDirectory: string, keep: number): Promise<void> {
  const entries = await readdir(runsDirectory, { withFileTypes: true }).catch(() => []);
  const runs = entries
    .filter((entry) => entry.isDirectory() && RUN_FOLDER.test(entry.name))
    .map((entry) => entry.name);
  const old = runs.sort().slice(0, Math.max(0, runs.length - keep));
  await Promise.all(old.map((name) => rm(join(runsDirectory, name), { recursive: true, force: true })));
}

/** Only what we have made ourselves is ever removed. */
const RUN_FOLDER = /^\d{8}-\d{6}-[a-z0-9]+$/;

export async function makeParent(path: string): Promise<void> {
  await makeFolders(dirname(path));
}
