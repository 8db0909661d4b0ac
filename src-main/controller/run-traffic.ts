// What the pure run hears and what it wants done; the controller is the shell between it and the world.
import type { EndCause } from "#shared/controller-api/controller-api.ts";
import type { RunEnd, RunEventBody, RunVerdict } from "#shared/controller-api/run-events.ts";
import type { HostId } from "#shared/base/ids.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { CollectableFile, Report } from "#shared/protocol/reports.ts";
import type { HostFailure } from "./run-plan.ts";

export type RunInput =
  | { readonly kind: "start" }
  /** The client is attached and has said who it is. */
  | { readonly kind: "hostConnected"; readonly host: HostId }
  /** The client could not be started, or did not come. */
  | { readonly kind: "hostNotConnected"; readonly host: HostId; readonly failure: HostFailure }
  /** Something takes long before it can be connected. */
  | {
      readonly kind: "hostProgress";
      readonly host: HostId;
      readonly progress: {
        readonly doing: "fetching" | "sending";
        readonly what: string;
        readonly bytes: number;
      };
    }
  | { readonly kind: "hostOrphaned"; readonly host: HostId; readonly reason: string }
  | { readonly kind: "hostBack"; readonly host: HostId }
  | { readonly kind: "hostLost"; readonly host: HostId; readonly reason: string }
  | { readonly kind: "report"; readonly host: HostId; readonly report: Report }
  | { readonly kind: "timer"; readonly name: string }
  | { readonly kind: "end"; readonly cause: EndCause; readonly reason: string }
  | { readonly kind: "failHost"; readonly host: HostId; readonly reason: string }
  | { readonly kind: "force"; readonly name: string }
  | { readonly kind: "gathered"; readonly problems: readonly GatherProblem[] };

export interface GatherProblem {
  readonly host: HostId;
  readonly message: string;
}

export type RunEffect =
  | { readonly kind: "event"; readonly body: RunEventBody }
  /** See to it that a client runs there; answered by hostConnected or hostNotConnected. */
  | { readonly kind: "connect"; readonly hosts: readonly HostId[] }
  | { readonly kind: "command"; readonly hosts: readonly HostId[]; readonly command: Command }
  /** Sends the values of the run's secrets, which the pure run never sees. */
  | { readonly kind: "sendSecrets"; readonly hosts: readonly HostId[] }
  /** No part of the run any more: end what is there, clean it up, take no more reports from it. */
  | { readonly kind: "giveUp"; readonly host: HostId; readonly reason: string }
  | { readonly kind: "setTimer"; readonly name: string; readonly delayMs: number }
  | { readonly kind: "clearTimer"; readonly name: string }
  /** Wait for the rest of the output and fetch these files; answered by `gathered`. */
  | { readonly kind: "gather"; readonly files: ReadonlyMap<HostId, readonly CollectableFile[]> }
  | {
      readonly kind: "ended";
      readonly end: RunEnd;
      readonly verdict: RunVerdict;
      readonly hosts: EndedHosts;
    };

export interface EndedHosts {
  readonly succeeded: readonly HostId[];
  readonly failed: readonly HostId[];
  readonly unreachable: readonly HostId[];
  readonly replaced: readonly HostId[];
}
