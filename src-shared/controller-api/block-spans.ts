// When each block began and ended on each host, and how: a fold of a run's events, the same in the controller and in windows. Pure.
import type { ProcessExit } from "../protocol/reports.ts";
import type { RunEvent } from "./run-events.ts";

/** Of a process, or of a host at a barrier (`waiting`, `passed`). */
export const SPAN_STATES = [
  "running",
  "restarting",
  "succeeded",
  "failed",
  "stopped",
  "forced",
  "waiting",
  "passed",
] as const;
export type SpanState = (typeof SPAN_STATES)[number];

export interface BlockSpan {
  readonly host: string;
  /** The path of a process block, or `barrierKey` of a barrier. */
  readonly block: string;
  readonly attempt: number;
  /** By the controller's clock, ISO 8601; undefined: it ended without having begun. */
  readonly startedAt: string | undefined;
  /** Undefined while it goes on. */
  readonly endedAt: string | undefined;
  readonly state: SpanState;
  readonly reason: string;
}

/** No block's path has a colon in front. */
export const barrierKey = (barrier: string): string => `:${barrier}`;

/** How its process ended; what exit policies make of that comes with the block. */
export function exitedState(exit: ProcessExit | undefined): "succeeded" | "failed" | "stopped" {
  if (exit?.cause === "stopped") return "stopped";
  return exit?.status === 0 && exit.cause === "itself" ? "succeeded" : "failed";
}

export class BlockSpans {
  readonly #hosts = new Map<string, Map<string, BlockSpan>>();

  /** Events that were added before change nothing. */
  add(event: RunEvent): void {
    switch (event.event) {
      case "process":
        return this.#process(event);
      case "block": {
        const known = this.#of(event.host, event.block);
        const { outcome, reason } = event;
        return this.put({ ...known, state: outcome, reason, endedAt: known.endedAt ?? event.time });
      }
      case "barrier":
        return this.#barrier(event);
      case "host":
        // What ran there is known no more.
        if (event.state === "failed")
          this.#end((span) => span.host === event.host, "failed", event.time, event.reason ?? "");
        return;
      case "run":
        if (event.exitCode !== undefined) this.#end(() => true, "stopped", event.time, event.reason ?? "");
        return;
      case "matching":
      case "deploying":
      case "software":
      case "stage":
      case "output":
      case "replaced":
      case "collected":
      case "problem":
      case "waiting":
        return;
    }
  }

  put(span: BlockSpan): void {
    const blocks = this.#hosts.get(span.host) ?? new Map<string, BlockSpan>();
    this.#hosts.set(span.host, blocks);
    blocks.set(span.block, span);
  }

  of(host: string): ReadonlyMap<string, BlockSpan> | undefined {
    return this.#hosts.get(host);
  }

  all(): readonly BlockSpan[] {
    return [...this.#hosts.values()].flatMap((blocks) => [...blocks.values()]);
  }

  #of(host: string, block: string): BlockSpan {
    const none = {
      host,
      block,
      attempt: 0,
      startedAt: undefined,
      endedAt: undefined,
      state: "running",
    } as const;
    return this.#hosts.get(host)?.get(block) ?? { ...none, reason: "" };
  }

  #process(event: Extract<RunEvent, { event: "process" }>): void {
    const known = this.#of(event.host, event.block);
    const { attempt, time, reason = "" } = event;
    // What came late is about a start before this one.
    if (attempt < known.attempt) return;
    const startedAt = known.startedAt ?? time;
    switch (event.state) {
      case "started":
        if (attempt === known.attempt && known.endedAt !== undefined) return;
        return this.put({ ...known, attempt, startedAt, endedAt: undefined, state: "running", reason: "" });
      case "notStarted":
        return this.put({ ...known, attempt, endedAt: time, state: "failed", reason });
      case "exited":
        return this.put({ ...known, attempt, startedAt, endedAt: time, state: exitedState(event.exit) });
      case "restarting":
        return this.put({ ...known, attempt: attempt - 1, endedAt: undefined, state: "restarting" });
      case "healthy":
      case "unhealthy":
        return;
    }
  }

  #barrier(event: Extract<RunEvent, { event: "barrier" }>): void {
    const block = barrierKey(event.barrier);
    if (event.state === "reached") {
      if (event.host === undefined || this.of(event.host)?.get(block)?.endedAt !== undefined) return;
      this.put({ ...this.#of(event.host, block), startedAt: event.time, state: "waiting" });
      return;
    }
    const state = event.state === "released" ? "passed" : event.state === "forced" ? "forced" : "failed";
    this.#end((span) => span.block === block, state, event.time, event.reason ?? "");
  }

  #end(which: (span: BlockSpan) => boolean, state: SpanState, endedAt: string, reason: string): void {
    for (const blocks of this.#hosts.values())
      for (const span of blocks.values())
        if (span.endedAt === undefined && which(span)) this.put({ ...span, state, endedAt, reason });
  }
}
