// Has software installed on this host, each key once, however many runs ask for it.
import type { Random } from "#shared/base/random.ts";
import type { SoftwarePlan } from "#shared/protocol/commands.ts";
import type { Failure, SoftwareState } from "#shared/protocol/reports.ts";
import { createWebFetcher, FETCH_SETTINGS, type FetchSettings } from "./fetch-web.ts";
import {
  createPackageInstaller,
  STOPPED_REASON,
  type PackageInstallerSettings,
  type PullFile,
} from "./install-packages.ts";
import { createSharedWorks } from "./shared-work.ts";
import { failureOf, wordsOf } from "./software-failure.ts";
import { createSoftwareStore, STALE_STAGING_MS } from "./software-store.ts";
import { UNPACK_LIMITS } from "./unpack-limits.ts";

export interface SoftwareInstallerParts {
  /** This client's own; the installer alone writes below it. */
  readonly storeDirectory: string;
  /** Shared by the clients of this host, from `--keep`; only read until `keepSoftware`. */
  readonly keptStoreDirectory?: string | undefined;
  readonly pullFile: PullFile;
  readonly random: Random;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface SoftwareInstallerSettings extends PackageInstallerSettings {
  readonly fetch: Omit<FetchSettings, "environment">;
}

export type InstallResult =
  /** `directory` mirrors the host's work directory: it goes to linkSoftware. */
  | { readonly kind: "installed" | "alreadyThere"; readonly directory: string; readonly ms: number }
  | ({ readonly kind: "failed" } & Failure);

export interface SoftwareInstaller {
  /** Never rejects. When `signal` is aborted it fails, and nothing half-installed is left when it returns. */
  install(
    plan: SoftwarePlan,
    signal: AbortSignal,
    onState?: (state: SoftwareState) => void,
  ): Promise<InstallResult>;
  /** Moves installed keys to the kept store; keys that were there already count as kept. */
  keepSoftware(keys: readonly string[]): Promise<KeepResult>;
}

export interface KeepResult {
  readonly kept: readonly string[];
  readonly problems: readonly string[];
}

export function softwareSettings(
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): SoftwareInstallerSettings {
  return { fetch: FETCH_SETTINGS, limits: UNPACK_LIMITS, environment, platform };
}

export function createSoftwareInstaller(
  parts: SoftwareInstallerParts,
  settings: SoftwareInstallerSettings,
): SoftwareInstaller {
  const storeParts = { now: parts.now, pid: process.pid };
  const store = createSoftwareStore(parts.storeDirectory, storeParts);
  const kept =
    parts.keptStoreDirectory === undefined
      ? undefined
      : createSoftwareStore(parts.keptStoreDirectory, storeParts);
  const fetcher = createWebFetcher(parts, { ...settings.fetch, environment: settings.environment });
  const installPackages = createPackageInstaller({ store, fetcher, pullFile: parts.pullFile }, settings);
  const works = createSharedWorks<SoftwareState, InstallResult>();
  /** Once, before the first installation: what a client that was killed has left. */
  let swept: Promise<void> | undefined;

  const installNow = async (
    plan: SoftwarePlan,
    signal: AbortSignal,
    tell: (state: SoftwareState) => void,
  ): Promise<InstallResult> => {
    const startedAt = parts.now();
    try {
      tell("waiting");
      await (swept ??= store.sweep(0));
      const there = (await kept?.find(plan.key)) ?? (await store.find(plan.key));
      const directory = there ?? (await installPackages(plan, signal, tell));
      const kind = there === undefined ? "installed" : "alreadyThere";
      tell(kind);
      return { kind, directory, ms: parts.now() - startedAt };
    } catch (error) {
      const { step, reason } = failureOf("store", error);
      return { kind: "failed", step, reason };
    }
  };

  return {
    async install(plan, signal, onState = () => undefined) {
      const begin = (stop: AbortSignal, tell: (state: SoftwareState) => void): Promise<InstallResult> =>
        installNow(plan, stop, tell);
      const result = await works.join(plan.key, begin, signal, onState);
      return result ?? { kind: "failed", step: "store", reason: STOPPED_REASON };
    },

    async keepSoftware(keys) {
      const problems: string[] = [];
      if (kept === undefined) return { kept: [], problems: ["no folder for kept software was given"] };
      const done: string[] = [];
      for (const key of new Set(keys)) {
        try {
          await kept.sweep(STALE_STAGING_MS);
          await kept.adopt(key, store);
          done.push(key);
        } catch (error) {
          problems.push(`${key}: ${wordsOf(error)}`);
        }
      }
      return { kept: done, problems };
    },
  };
}
