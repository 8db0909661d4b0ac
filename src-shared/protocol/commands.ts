// What the controller tells clients (down): plain data, carried by the overlay in order and exactly once.
import type { BlockPath, RunId } from "../base/ids.ts";
import type { CollectRule, InstallerKind, ProcessDefinition } from "../application/application.ts";
import type { VariableTable } from "../application/variables.ts";

/** Raised when controller and client of different versions could misunderstand each other. */
export const PROTOCOL_VERSION = 1;

export type Command =
  | PrepareCommand
  | ExecuteCommand
  | { readonly kind: "secrets"; readonly run: RunId; readonly values: Readonly<Record<string, string>> }
  /** For sudo, in answer to `passwordWanted`; undefined = nobody gives one. Kept in memory only. */
  | { readonly kind: "password"; readonly password: string | undefined }
  /** Where the controller is found from now on (`host:port`), the best first. */
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  /** Look at the host so often, for so long; then as before. A later one replaces it. */
  | { readonly kind: "measure"; readonly everyMs: number; readonly forMs: number }
  | { readonly kind: "variables"; readonly run: RunId; readonly table: VariableTable }
  | { readonly kind: "release"; readonly run: RunId; readonly barrier: string }
  /** Process blocks of this name count as done: what runs is stopped, what waits is never started. */
  | { readonly kind: "forceBlock"; readonly run: RunId; readonly block: string }
  | InputCommand
  | { readonly kind: "stop"; readonly run: RunId; readonly reason: string }
  | { readonly kind: "collect"; readonly run: RunId }
  | { readonly kind: "endRun"; readonly run: RunId; readonly keep: boolean }
  | { readonly kind: "leave"; readonly keep: boolean };

/** Fetch and install software; answered by `prepared` or `prepareFailed`. */
export interface PrepareCommand {
  readonly kind: "prepare";
  readonly run: RunId;
  readonly component: string;
  readonly software: readonly SoftwarePlan[];
  /** As whom its processes are to run: whether that may be is found out now. */
  readonly users: readonly string[];
  /** To follow at once, so that the answer is not awaited and may wait for company. */
  readonly execute: ExecuteCommand | undefined;
}

export interface SoftwarePlan {
  readonly name: string;
  readonly installer: InstallerKind;
  readonly packages: readonly PackagePlan[];
  readonly deadlineMs: number;
  /** Digest of all that decides what is installed: equal keys mean it need not be sent or installed again. */
  readonly key: string;
}

export interface PackagePlan {
  readonly name: string;
  readonly destPath: string;
  readonly source:
    | { readonly kind: "web"; readonly url: string; readonly sha256: string | undefined }
    /** Pulled from the controller by digest. `mode`: permission bits. */
    | { readonly kind: "file"; readonly sha256: string; readonly size: number; readonly mode: number };
}

/** Run the blocks of a component; the client walks its graph by itself and reports. */
export interface ExecuteCommand {
  readonly kind: "execute";
  readonly run: RunId;
  readonly component: string;
  readonly componentBlocks: readonly ComponentBlockPlan[];
  readonly variables: VariableTable;
  /** Barriers that were released before this host came (replacements pass them at once). */
  readonly releasedBarriers: readonly string[];
  /** From now on; clients stay connected over several runs. */
  readonly controllerAbsenceMs: number;
  /** Redacted in output; the values travel in a `secrets` command before this one. */
  readonly secretNames: readonly string[];
  /** Processes whose standard input the controller feeds with `input` commands. */
  readonly inputWanted: boolean;
  /** Nothing more will be asked of the host: when its processes have left nothing, it cleans up and says `runEnded`. */
  readonly cleansUp: boolean;
}

export interface ComponentBlockPlan {
  readonly name: string;
  readonly path: BlockPath;
  readonly blocks: readonly BlockPlan[];
  readonly collects: readonly CollectRule[];
}

export type BlockPlan =
  | {
      readonly kind: "process";
      readonly name: string;
      readonly path: BlockPath;
      readonly predecessors: readonly string[];
      readonly process: ProcessDefinition;
    }
  | {
      readonly kind: "barrier";
      readonly name: string;
      readonly path: BlockPath;
      readonly predecessors: readonly string[];
      readonly barrier: string;
    };

/** Bytes for the standard input of every process that wants it. */
export interface InputCommand {
  readonly kind: "input";
  readonly run: RunId;
  readonly bytes: Uint8Array;
  readonly end: boolean;
}
