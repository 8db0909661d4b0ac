// The files of runs on this host: installs software, makes work directories, finds and serves what is collected.
import { mkdirSync, rmdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { CollectRule } from "#shared/application/application.ts";
import type { RunId } from "#shared/base/ids.ts";
import type { ServedFile } from "#shared/node/serve-files.ts";
import type { FileKey } from "#shared/protocol/bulk.ts";
import type { SoftwarePlan } from "#shared/protocol/commands.ts";
import type { ClientEvent } from "./core/client-events.ts";
import { boundedList, servedFromCollection, type RunFiles } from "./run-files.ts";
import type { SoftwareInstaller } from "./software/install-software.ts";
import { linkSoftware } from "./software/link-software.ts";
import { wordsOf } from "./software/software-failure.ts";

export interface HostSoftwareParts {
  /** Loads what unpacks and fetches when there is something to install: most of the program. */
  readonly installer: () => Promise<SoftwareInstaller>;
  readonly step: (event: ClientEvent) => void;
}

export class HostSoftware {
  readonly #parts: HostSoftwareParts;
  readonly #directory: string;
  readonly #runs = new Map<RunId, RunFiles>();
  readonly #keys = new Set<string>();

  /** `directory`: the host directory. */
  constructor(parts: HostSoftwareParts, directory: string) {
    this.#parts = parts;
    this.#directory = directory;
  }

  filesOf(run: RunId): RunFiles {
    const known = this.#runs.get(run);
    if (known !== undefined) return known;
    const workDirectory = join(this.#directory, "runs", run);
    const installing = new AbortController();
    const files: RunFiles = { workDirectory, installing, software: [], collection: undefined };
    this.#runs.set(run, files);
    return files;
  }

  async install(run: RunId, software: SoftwarePlan): Promise<void> {
    const { installer, step } = this.#parts;
    const files = this.filesOf(run);
    const { name, key } = software;
    const result = await (
      await installer()
    ).install(software, files.installing.signal, (state) => {
      step({ kind: "softwareState", run, software: name, state });
    });
    if (result.kind === "failed") {
      step({ kind: "installFailed", run, software: name, step: result.step, reason: result.reason });
      return;
    }
    const { directory } = result;
    this.#keys.add(key);
    files.software = [...files.software, { name, key, directory }];
    step({ kind: "installed", run, software: name, directory, alreadyThere: result.kind === "alreadyThere" });
  }

  async makeWork(run: RunId, software: readonly SoftwarePlan[]): Promise<void> {
    const { step } = this.#parts;
    const { workDirectory, software: installed } = this.filesOf(run);
    try {
      mkdirSync(workDirectory, { recursive: true });
    } catch (error) {
      step({ kind: "workFailed", run, step: "make the work directory", reason: wordsOf(error) });
      return;
    }
    // In the order of the specification, whatever the order of arrival.
    const trees = software.flatMap(
      (plan) => installed.find((candidate) => candidate.name === plan.name) ?? [],
    );
    const linked = trees.length === 0 ? undefined : await linkSoftware(trees, workDirectory);
    if (linked?.kind === "failed")
      step({ kind: "workFailed", run, step: linked.step, reason: linked.reason });
    else step({ kind: "workReady", run, directory: workDirectory });
  }

  async collect(run: RunId, rules: readonly CollectRule[]): Promise<void> {
    const { step } = this.#parts;
    const files = this.filesOf(run);
    const { workDirectory, software } = files;
    const places = { workDirectory, softwareDirectories: software.map(({ directory }) => directory) };
    try {
      const never = new AbortController().signal;
      const { collectFiles, COLLECT_SETTINGS } = await import("./collect/collect-files.ts");
      files.collection = await collectFiles(rules, places, COLLECT_SETTINGS, never);
      const { listed, problem } = boundedList(files.collection.files);
      const problems = [...files.collection.problems, ...(problem === undefined ? [] : [problem])];
      step({ kind: "collectable", run, files: listed, problems });
    } catch (error) {
      step({ kind: "collectable", run, files: [], problems: [wordsOf(error)] });
    }
  }

  /** A file that was listed by `collect`. */
  served(file: FileKey): ServedFile | undefined {
    const [kind, run = "", index = ""] = file.split(":");
    if (kind !== "collected") return undefined;
    return servedFromCollection(this.#runs.get(run as RunId)?.collection, Number(index));
  }

  /** Returns what could not be removed, in words. */
  async removeRun(run: RunId): Promise<readonly string[]> {
    const { workDirectory } = this.filesOf(run);
    this.#runs.delete(run);
    if (removeEmpty(workDirectory)) return [];
    try {
      await rm(workDirectory, { recursive: true, force: true, maxRetries: 3 });
      return [];
    } catch (error) {
      return [`cannot remove ${workDirectory}: ${wordsOf(error)}`];
    }
  }

  /** Moves all that was installed to where the next client finds it. */
  async keep(): Promise<readonly string[]> {
    if (this.#keys.size === 0) return [];
    const { problems } = await (await this.#parts.installer()).keepSoftware([...this.#keys]);
    return problems;
  }
}

/** Most commands leave nothing: two calls instead of a walk. */
function removeEmpty(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false; // something is in it, or in the way: the thorough way says which
  }
}
