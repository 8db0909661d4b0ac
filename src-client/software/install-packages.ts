// Brings the packages of one software into the store: fetch all, verify, install in order, then appear at once.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { InstallerKind } from "#shared/application/application.ts";
import type { PackagePlan, SoftwarePlan } from "#shared/protocol/commands.ts";
import type { SoftwareState } from "#shared/protocol/reports.ts";
import type { FetchedFile, WebFetcher } from "./fetch-web.ts";
import { removeTree } from "./remove-tree.ts";
import { runScript } from "./run-script.ts";
import { naming, SoftwareFailure, wordsOf, type SoftwareStep } from "./software-failure.ts";
import type { SoftwareStore, StagedSoftware } from "./software-store.ts";
import { createTreeWriter, type TreeWriter, type TreeWriterSettings } from "./tree-writer.ts";
import { unpackTar } from "./unpack-tar.ts";
import { unpackZip } from "./unpack-zip.ts";

/** Bytes of a package from the controller, in order; rejects when they cannot be had. */
export type PullFile = (
  sha256: string,
  size: number,
  sink: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal,
) => Promise<void>;

export interface PackageInstallerParts {
  readonly store: SoftwareStore;
  readonly fetcher: WebFetcher;
  readonly pullFile: PullFile;
}

export interface PackageInstallerSettings extends TreeWriterSettings {
  /** What scripts see, and where unpacking programs are looked up. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Returns the tree of the committed key; throws a SoftwareFailure and leaves nothing. */
export type InstallPackages = (
  plan: SoftwarePlan,
  signal: AbortSignal,
  tell: (state: SoftwareState) => void,
) => Promise<string>;

export const STOPPED_REASON = "stopped before it was done";
/** Timers of Node take no more. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;
const INSTALL_STEP: Readonly<Record<InstallerKind, SoftwareStep>> = {
  none: "place",
  tar: "unpack",
  zip: "unpack",
  script: "run",
};

export function createPackageInstaller(
  parts: PackageInstallerParts,
  settings: PackageInstallerSettings,
): InstallPackages {
  const { store } = parts;

  return async (plan, signal, tell) => {
    const staged = await store.stage(plan.key);
    const deadline = AbortSignal.timeout(Math.min(plan.deadlineMs, TIMEOUT_MS_MAX));
    const either = AbortSignal.any([signal, deadline]);
    let step: SoftwareStep = "fetch";
    try {
      const archives = join(staged.directory, "packages");
      await naming("store", archives, mkdir(archives));
      tell("fetching");
      for (const [index, packagePlan] of plan.packages.entries()) {
        await fetchPackage(packagePlan, join(archives, String(index)), parts, either);
      }
      step = INSTALL_STEP[plan.installer];
      tell("installing");
      const writer = createTreeWriter(staged.tree, settings);
      for (const [index, packagePlan] of plan.packages.entries()) {
        either.throwIfAborted();
        const order = {
          installer: plan.installer,
          plan: packagePlan,
          archive: join(archives, String(index)),
          staged,
        };
        await installPackage(order, writer, settings, either);
      }
      await naming("store", archives, removeTree(archives));
      either.throwIfAborted();
      step = "store";
      return await store.commit(plan.key, plan.name, staged);
    } catch (error) {
      await naming("store", staged.directory, store.discard(staged));
      if (signal.aborted) throw new SoftwareFailure(step, STOPPED_REASON);
      if (deadline.aborted) {
        const last = error instanceof SoftwareFailure ? `; last: ${error.reason}` : "";
        throw new SoftwareFailure(
          step,
          `not done within ${String(plan.deadlineMs / 1000)} s, its deadline${last}`,
        );
      }
      throw error instanceof SoftwareFailure ? error : new SoftwareFailure(step, wordsOf(error));
    }
  };
}

async function fetchPackage(
  plan: PackagePlan,
  path: string,
  parts: PackageInstallerParts,
  signal: AbortSignal,
): Promise<void> {
  const { source } = plan;
  const fetched = await (source.kind === "web"
    ? parts.fetcher.fetch(source.url, path, signal)
    : pullInto(path, plan.name, source, parts.pullFile, signal));
  if (source.sha256 === undefined || fetched.sha256 === source.sha256.toLowerCase()) return;
  throw new SoftwareFailure(
    "verify",
    `${plan.name}: sha256 is ${fetched.sha256} and should be ${source.sha256}`,
  );
}

async function pullInto(
  path: string,
  name: string,
  source: { readonly sha256: string; readonly size: number },
  pullFile: PullFile,
  signal: AbortSignal,
): Promise<FetchedFile> {
  const file = await naming("fetch", path, open(path, "wx"));
  const hash = createHash("sha256");
  let size = 0;
  const sink = async (bytes: Uint8Array): Promise<void> => {
    signal.throwIfAborted();
    hash.update(bytes);
    size += bytes.length;
    await naming("fetch", path, file.writeFile(bytes));
  };
  try {
    await pullFile(source.sha256, source.size, sink, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SoftwareFailure) throw error;
    throw new SoftwareFailure("fetch", `${name}: ${wordsOf(error)}`);
  } finally {
    await file.close();
  }
  if (size === source.size) return { sha256: hash.digest("hex"), size };
  throw new SoftwareFailure(
    "verify",
    `${name}: has ${String(size)} bytes and should have ${String(source.size)}`,
  );
}

interface PackageOrder {
  readonly installer: InstallerKind;
  readonly plan: PackagePlan;
  readonly archive: string;
  readonly staged: StagedSoftware;
}

async function installPackage(
  order: PackageOrder,
  writer: TreeWriter,
  settings: PackageInstallerSettings,
  signal: AbortSignal,
): Promise<void> {
  const { plan, archive } = order;
  const unpack = { archive, folder: plan.destPath, limits: settings.limits };
  switch (order.installer) {
    case "none":
      await place(order, writer, signal);
      return;
    case "tar":
      await unpackTar(unpack, writer, settings, signal);
      return;
    case "zip":
      await unpackZip(unpack, writer, signal);
      return;
    case "script":
      await runScript(
        {
          name: plan.name,
          script: archive,
          destination: order.staged.tree,
          environment: settings.environment,
        },
        signal,
      );
  }
}

async function place(order: PackageOrder, writer: TreeWriter, signal: AbortSignal): Promise<void> {
  const { plan, archive } = order;
  const mode = plan.source.kind === "file" ? plan.source.mode : undefined;
  const modified = (await naming("place", archive, stat(archive))).mtime;
  const chunks = createReadStream(archive, { signal }) as AsyncIterable<Uint8Array>;
  try {
    await writer.file({ name: plan.destPath, folder: "", mode, modified }, chunks);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof SoftwareFailure
      ? new SoftwareFailure("place", `${plan.name}: ${error.reason}`)
      : error;
  }
}
