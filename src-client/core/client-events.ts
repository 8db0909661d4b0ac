// What the client core hears and what it wants done: the whole traffic between the pure core and its shell.
import type { CollectRule, HealthCheck, ResourceLimits } from "#shared/application/application.ts";
import type { BlockPath, RunId } from "#shared/base/ids.ts";
import type { Command, SoftwarePlan } from "#shared/protocol/commands.ts";
import type { CollectableFile, ProcessUsage, Report, SoftwareState } from "#shared/protocol/reports.ts";

/** One start of one process: run, block and attempt in one string. */
export type ProcessId = string;

export interface ProcessRequest {
  readonly id: ProcessId;
  readonly run: RunId;
  readonly block: BlockPath;
  readonly attempt: number;
  readonly path: string;
  readonly args: readonly string[];
  /** Relative to the run's work directory, or absolute. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly limits: ResourceLimits;
  readonly wantsInput: boolean;
  readonly secrets: readonly string[];
  readonly stopGraceMs: number;
}

export type ClientEvent =
  | { readonly kind: "command"; readonly command: Command }
  | {
      readonly kind: "softwareState";
      readonly run: RunId;
      readonly software: string;
      readonly state: SoftwareState;
    }
  | {
      readonly kind: "installed";
      readonly run: RunId;
      readonly software: string;
      readonly directory: string;
      readonly alreadyThere: boolean;
    }
  | {
      readonly kind: "installFailed";
      readonly run: RunId;
      readonly software: string;
      readonly step: string;
      readonly reason: string;
    }
  | { readonly kind: "passwordWanted"; readonly run: RunId; readonly wrong: boolean }
  | { readonly kind: "workReady"; readonly run: RunId; readonly directory: string }
  | { readonly kind: "workFailed"; readonly run: RunId; readonly step: string; readonly reason: string }
  | { readonly kind: "started"; readonly process: ProcessId; readonly pid: number }
  | {
      readonly kind: "notStarted";
      readonly process: ProcessId;
      readonly step: string;
      readonly reason: string;
    }
  | ExitedEvent
  | {
      readonly kind: "probed";
      readonly process: ProcessId;
      readonly healthy: boolean;
      readonly detail: string;
    }
  | { readonly kind: "timer"; readonly name: string }
  /** Before `exited`: all it has printed, which went nowhere else. */
  | {
      readonly kind: "printed";
      readonly process: ProcessId;
      readonly stdout: Uint8Array;
      readonly stderr: Uint8Array;
    }
  /** `printed`: all output went with the ends of its processes; otherwise some of it is still to be asked for. */
  | { readonly kind: "nothingLeft"; readonly run: RunId; readonly printed: boolean }
  | { readonly kind: "runStopped"; readonly run: RunId; readonly leftovers: readonly string[] }
  | {
      readonly kind: "collectable";
      readonly run: RunId;
      readonly files: readonly CollectableFile[];
      readonly problems: readonly string[];
    }
  | { readonly kind: "runCleaned"; readonly run: RunId; readonly problems: readonly string[] }
  | { readonly kind: "abandoned"; readonly reason: string };

export interface ExitedEvent {
  readonly kind: "exited";
  readonly process: ProcessId;
  readonly status: number | undefined;
  readonly signal: string | undefined;
  readonly usage: ProcessUsage;
  readonly outputEnd: { readonly stdout: number; readonly stderr: number };
}

export type ClientEffect =
  /** `patient`: nobody waits for it, it may go with the next one. */
  | { readonly kind: "report"; readonly report: Report; readonly patient?: true }
  | { readonly kind: "install"; readonly run: RunId; readonly software: SoftwarePlan }
  /** Make the run's work directory and let the installed software appear in it. */
  | {
      readonly kind: "makeWork";
      readonly run: RunId;
      readonly software: readonly SoftwarePlan[];
      /** As whom processes are to run: whether that may be is found out first. */
      readonly users: readonly string[];
    }
  | { readonly kind: "password"; readonly password: string | undefined }
  | { readonly kind: "spawn"; readonly request: ProcessRequest }
  | { readonly kind: "stopProcess"; readonly process: ProcessId; readonly graceMs: number }
  | {
      readonly kind: "probe";
      readonly process: ProcessId;
      readonly probe: HealthCheck["probe"];
      readonly timeoutMs: number;
      readonly run: RunId;
    }
  | { readonly kind: "input"; readonly process: ProcessId; readonly bytes: Uint8Array; readonly end: boolean }
  | { readonly kind: "setTimer"; readonly name: string; readonly delayMs: number }
  | { readonly kind: "clearTimer"; readonly name: string }
  /** Cancel installations and end whatever is left of the run's processes; answered by `runStopped`. */
  | { readonly kind: "stopRun"; readonly run: RunId }
  /** All processes of the run have ended; answered by `nothingLeft`, or not at all. */
  | { readonly kind: "seekLeft"; readonly run: RunId }
  | { readonly kind: "collect"; readonly run: RunId; readonly rules: readonly CollectRule[] }
  | { readonly kind: "cleanRun"; readonly run: RunId; readonly keep: boolean }
  /** Say goodbye, remove what is left of the client (but kept software) and exit. */
  | { readonly kind: "leave"; readonly keep: boolean; readonly reason: string }
  | { readonly kind: "allowAbsence"; readonly ms: number }
  /** Dial the controller there from now on. */
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  /** Look at the host so often, for so long. */
  | { readonly kind: "measure"; readonly everyMs: number; readonly forMs: number };

/** What the core knows of the host it is on. */
export interface HostFacts {
  /** As the controller names it, whatever the host calls itself. */
  readonly host: string;
  readonly address: string;
  /** "" when the resource directory names none. */
  readonly site: string;
  readonly user: string;
  /** Of the client's host directory. */
  readonly directory: string;
  /** Of the Node executable that runs the client. */
  readonly node: string;
}
