// The events of a run: all that any face shows is a fold of these; documented in docs/run-events.md.
import type { ProcessExit, ProcessUsage, SoftwareState } from "../protocol/reports.ts";
import type { StreamName } from "../protocol/bulk.ts";

/** Raised when a field changes its meaning; new fields and new events do not raise it. */
export const RUN_EVENTS_VERSION = 1;

/** Plush's own words for a host (plush.md 3.2), in lower case. */
export type HostState =
  | "disconnected"
  | "connecting"
  | "exchanging experiment data"
  | "idle"
  | "preparing node"
  | "executing"
  | "finished"
  | "failed";

export type RunState =
  | "matching"
  | "connecting"
  | "preparing"
  | "running"
  | "stopping"
  | "collecting"
  | "cleaning up"
  | RunEnd;
export type RunEnd = "finished" | "failed" | "aborted";

/** What kept a run from plain success; decides the exit code (docs/run-events.md). */
export interface RunVerdict {
  /** 0 ok, 1 aborted, 3 some failed, 4 some unreachable, 5 timed out, 6 invalid, 7 refused, 130 interrupted. */
  readonly exitCode: number;
  /** One sentence for people. */
  readonly reason: string;
}

/** `time`: ISO 8601 in UTC with milliseconds, put in by the controller. Host sets are folded node sets. */
export type RunEvent = { readonly time: string; readonly run: string } & RunEventBody;

export type RunEventBody =
  | RunStateEvent
  | {
      readonly event: "matching";
      readonly component: string;
      readonly hosts: string;
      readonly count: number;
      readonly wanted: { readonly min: number; readonly max: number };
    }
  | HostEvent
  | DeployingEvent
  | {
      readonly event: "software";
      readonly host: string;
      readonly component: string;
      readonly software: string;
      readonly state: SoftwareState | "failed";
      readonly step?: string;
      readonly reason?: string;
    }
  | {
      readonly event: "stage";
      readonly component: string;
      readonly stage: ComponentStage;
      /** Hosts on which nothing runs any more (while it is set up: those that are ready). */
      readonly done: number;
      readonly total: number;
      /** Of `done`, those where something failed; left out for none. */
      readonly failed?: number;
      /** Hosts on which only services go on; left out for none. */
      readonly serving?: number;
    }
  | ProcessEvent
  | {
      readonly event: "output";
      readonly host: string;
      readonly process: string;
      readonly block: string;
      readonly attempt: number;
      readonly stream: StreamName;
      readonly offset: number;
      readonly text: string;
      /** So long before `time` the process had printed the last byte of it; left out for none. */
      readonly ageMs?: number;
      readonly missingBytes?: number;
    }
  | BarrierEvent
  | {
      readonly event: "block";
      readonly host: string;
      readonly block: string;
      readonly outcome: "succeeded" | "failed" | "stopped" | "forced";
      readonly reason: string;
    }
  | {
      readonly event: "replaced";
      readonly component: string;
      readonly host: string;
      readonly by: string | null;
      readonly reason: string;
    }
  | { readonly event: "collected"; readonly host: string; readonly file: string; readonly size: number }
  | {
      readonly event: "problem";
      readonly severity: "error" | "warning" | "note";
      readonly hosts: string;
      readonly step: string;
      readonly message: string;
      readonly remedy: string;
    }
  | {
      readonly event: "waiting";
      readonly for: string;
      readonly hosts: string;
      readonly sinceMs: number;
      readonly deadlineMs: number | null;
    };

export interface RunStateEvent {
  readonly event: "run";
  readonly state: RunState;
  readonly version: number;
  readonly application?: string;
  readonly experiment?: string;
  /** On the first event only: hosts without their controller stop and clean up after so long. */
  readonly controllerAbsenceMs?: number;
  /** On the last event only. */
  readonly exitCode?: number;
  readonly reason?: string;
  readonly results?: string;
  readonly hosts?: {
    readonly succeeded: string;
    readonly failed: string;
    readonly unreachable: string;
    readonly replaced: string;
  };
  readonly durationMs?: number;
}

export interface HostEvent {
  readonly event: "host";
  readonly host: string;
  readonly component: string | null;
  readonly state: HostState;
  /** Of a failed host: what was being done, and the host's own words. */
  readonly step?: string;
  readonly reason?: string;
  /** What a person can do about it; left out when nothing is known. */
  readonly remedy?: string;
}

/** Something that takes long on the way to a host's client. */
export interface DeployingEvent {
  readonly event: "deploying";
  readonly host: string;
  readonly component: string;
  readonly doing: "fetching" | "sending";
  /** `Node 24.21.0`. */
  readonly what: string;
  /** That go to the host; 0 while that is not known. */
  readonly bytes: number;
}

/** "setting up the nodes" is the original's word for connecting and installing. */
export type ComponentStage =
  | "allocating resources"
  | "setting up the nodes"
  | "setting up the experiment processes"
  | "running"
  | "finished";

export interface ProcessEvent {
  readonly event: "process";
  readonly host: string;
  readonly component: string;
  readonly block: string;
  readonly process: string;
  readonly attempt: number;
  readonly state: "started" | "notStarted" | "exited" | "restarting" | "healthy" | "unhealthy";
  readonly pid?: number;
  readonly exit?: ProcessExit;
  readonly usage?: ProcessUsage;
  readonly step?: string;
  readonly reason?: string;
  readonly delayMs?: number;
}

export interface BarrierEvent {
  readonly event: "barrier";
  readonly barrier: string;
  readonly state: "reached" | "released" | "forced" | "impossible" | "timedOut";
  readonly host?: string;
  readonly arrived: number;
  readonly max: number;
  /** Once released: time from the first arrival to the release. */
  readonly waitedMs?: number;
  readonly reason?: string;
}
