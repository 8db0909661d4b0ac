// What clients tell the controller (up): numbered by the overlay, kept until the root has them.
import type { BlockPath, RunId } from "../base/ids.ts";

export type Report =
  | FactsReport
  | {
      readonly kind: "prepared";
      readonly run: RunId;
      readonly installed: number;
      readonly alreadyThere: number;
    }
  | {
      readonly kind: "preparing";
      readonly run: RunId;
      readonly software: string;
      readonly state: SoftwareState;
    }
  | ({ readonly kind: "prepareFailed"; readonly run: RunId; readonly software: string } & Failure)
  /** sudo wants the password of this account, under which the client runs; answered by `password`. */
  | {
      readonly kind: "passwordWanted";
      readonly run: RunId;
      readonly account: string;
      readonly wrong: boolean;
    }
  | {
      readonly kind: "processStarted";
      readonly run: RunId;
      readonly block: BlockPath;
      readonly attempt: number;
      readonly pid: number;
    }
  | ({
      readonly kind: "processNotStarted";
      readonly run: RunId;
      readonly block: BlockPath;
      readonly attempt: number;
    } & Failure)
  | ProcessExitedReport
  /** Just before `processExited`: all that it has printed, of which nothing went up in bulk. */
  | {
      readonly kind: "wholeOutput";
      readonly run: RunId;
      readonly block: BlockPath;
      readonly attempt: number;
      readonly stdout: Uint8Array;
      readonly stderr: Uint8Array;
    }
  | {
      readonly kind: "processRestarting";
      readonly run: RunId;
      readonly block: BlockPath;
      readonly attempt: number;
      readonly delayMs: number;
    }
  | {
      readonly kind: "health";
      readonly run: RunId;
      readonly block: BlockPath;
      readonly healthy: boolean;
      readonly detail: string;
    }
  | {
      readonly kind: "barrierReached";
      readonly run: RunId;
      readonly block: BlockPath;
      readonly barrier: string;
    }
  /** This host can reach that barrier no more: a block before it has failed. */
  | { readonly kind: "barrierMissed"; readonly run: RunId; readonly barrier: string; readonly reason: string }
  | {
      readonly kind: "blockEnded";
      readonly run: RunId;
      readonly block: BlockPath;
      readonly outcome: BlockOutcome;
      readonly reason: string;
    }
  /** Every component block of this host has ended; `failed` when one of its blocks failed. */
  | {
      readonly kind: "hostEnded";
      readonly run: RunId;
      readonly outcome: "finished" | "failed";
      readonly reason: string;
    }
  /** An exit policy asks for more than this host can do. */
  | {
      readonly kind: "escalated";
      readonly run: RunId;
      readonly block: BlockPath;
      readonly action: "replace" | "abort";
      readonly reason: string;
    }
  /** Nothing of the run runs here any more: answers `stop`, or comes by itself when that is so already. */
  | { readonly kind: "stopped"; readonly run: RunId; readonly leftovers: readonly string[] }
  | {
      readonly kind: "collectable";
      readonly run: RunId;
      readonly files: readonly CollectableFile[];
      readonly problems: readonly string[];
    }
  | { readonly kind: "runEnded"; readonly run: RunId; readonly problems: readonly string[] }
  /** Reports that the bounded outbox could not keep while the controller was away. */
  | { readonly kind: "reportsDropped"; readonly count: number }
  /** A command that this client does not understand: it will never be carried out. */
  | { readonly kind: "commandDropped"; readonly reason: string }
  /** What a neighbour in the overlay has said cannot be true: this client has left it, and whoever is on the way may lie. */
  | { readonly kind: "distrusted"; readonly neighbour: number; readonly reason: string };

/** Sent once after each join. */
export interface FactsReport {
  readonly kind: "facts";
  readonly hostName: string;
  readonly platform: string;
  readonly architecture: string;
  readonly node: string;
  readonly pid: number;
  readonly user: string;
  readonly directory: string;
  readonly clientVersion: string;
}

export type SoftwareState = "waiting" | "fetching" | "installing" | "installed" | "alreadyThere";
export type BlockOutcome = "succeeded" | "failed" | "stopped";

/** `step` names what was being done; `reason` carries the host's own words. */
export interface Failure {
  readonly step: string;
  readonly reason: string;
}

export interface ProcessExitedReport {
  readonly kind: "processExited";
  readonly run: RunId;
  readonly block: BlockPath;
  readonly attempt: number;
  readonly exit: ProcessExit;
  readonly usage: ProcessUsage;
  /** Bytes it wrote in all, per stream: tells the controller what is still to come. */
  readonly outputEnd: { readonly stdout: number; readonly stderr: number };
}

/** How it ended: status or signal; `cause` says who ended it. */
export interface ProcessExit {
  readonly status: number | undefined;
  readonly signal: string | undefined;
  readonly cause: "itself" | "stopped" | "deadline" | "unhealthy";
}

/** What the operating system says it used; undefined where it does not say. */
export interface ProcessUsage {
  readonly wallMs: number;
  readonly cpuMs: number | undefined;
  readonly memoryBytesMax: number | undefined;
}

/** `path` is relative to the work directory, with "/" between folders. */
export interface CollectableFile {
  readonly index: number;
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}
