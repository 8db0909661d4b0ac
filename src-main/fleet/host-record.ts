// What the fleet remembers of one host, and how its state is shown.
import type { HostState } from "#shared/controller-api/run-events.ts";
import type { LinkWay } from "#shared/base/link-way.ts";
import type { FactsReport } from "#shared/protocol/reports.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import type { DeployResult, StartedClient } from "../deploy/deployment.ts";

export interface HostRecord {
  readonly entry: HostEntry;
  incarnation: number;
  state: "disconnected" | "connecting" | "exchanging" | "connected" | "orphaned" | "leaving" | "failed";
  reason: string;
  sinceMs: number;
  facts: FactsReport | undefined;
  client: StartedClient | undefined;
  starting: AbortController | undefined;
  /** For so long its client waits for its controller. */
  absenceMs: number;
  /** Going along the other ways to its client. */
  climbing: AbortController | undefined;
  /** Why they did not lead there, this time. */
  readonly detours: Map<LinkWay, string>;
  /** The start under way or the last one: whoever removes the client must wait for it, or it appears afterwards. */
  launching: Promise<DeployResult> | undefined;
  /** Settles when all removals so far are done: the next start waits for it. */
  removing: Promise<unknown>;
  /** The last leave: a host that is wanted again meanwhile is connected after it. */
  leaving: Promise<unknown>;
  /** Ends the wait of whoever holds the host's place among those being contacted. */
  settle: (() => void) | undefined;
  left: (() => void) | undefined;
}

export function createHostRecord(entry: HostEntry): HostRecord {
  return {
    entry,
    incarnation: 0,
    state: "disconnected",
    reason: "",
    sinceMs: performance.now(),
    facts: undefined,
    client: undefined,
    starting: undefined,
    absenceMs: 0,
    climbing: undefined,
    detours: new Map(),
    launching: undefined,
    removing: Promise.resolve(),
    leaving: Promise.resolve(),
    settle: undefined,
    left: undefined,
  };
}

export function hostStateOf(state: HostRecord["state"]): HostState {
  switch (state) {
    case "disconnected":
    case "leaving":
    case "orphaned":
      return "disconnected";
    case "connecting":
      return "connecting";
    case "exchanging":
      return "exchanging experiment data";
    case "connected":
      return "idle";
    case "failed":
      return "failed";
  }
}
