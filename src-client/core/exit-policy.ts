// Decides what happens after a process has ended: the first policy that applies, else the default.
import type {
  ExitAction,
  ExitCondition,
  ExitPolicy,
  ProcessDefinition,
} from "#shared/application/application.ts";
import { DEFAULTS } from "#shared/application/application-limits.ts";
import type { ProcessExit } from "#shared/protocol/reports.ts";

/** How a start of a process came to its end. */
export type Ending =
  | { readonly kind: "exited"; readonly exit: ProcessExit }
  | { readonly kind: "notStarted"; readonly reason: string };

export interface Decision {
  readonly action: ExitAction;
  readonly limit: number;
  readonly delayMs: number;
  readonly delayMsMax: number;
}

const DEFAULT_RESTART = {
  limit: DEFAULTS.restartLimit,
  delayMs: DEFAULTS.restartDelayMs,
  delayMsMax: DEFAULTS.restartDelayMsMax,
} as const;

export function decideAfter(process: ProcessDefinition, ending: Ending): Decision {
  const policy = process.exitPolicies.find((candidate) => applies(candidate.condition, ending));
  if (policy !== undefined) return decisionOf(policy);
  return { action: defaultAction(process, ending), ...DEFAULT_RESTART };
}

function decisionOf(policy: ExitPolicy): Decision {
  return {
    action: policy.action,
    limit: policy.limit,
    delayMs: policy.delayMs,
    delayMsMax: policy.delayMsMax,
  };
}

/** Status 0 goes on; a service that fails its health checks is restarted; all else fails. */
function defaultAction(process: ProcessDefinition, ending: Ending): ExitAction {
  if (ending.kind === "notStarted") return "fail";
  if (ending.exit.cause === "itself" && ending.exit.status === 0) return "continue";
  if (ending.exit.cause === "unhealthy" && process.service) return "restart";
  return "fail";
}

function applies(condition: ExitCondition, ending: Ending): boolean {
  if (ending.kind === "notStarted") return condition.kind === "notStarted";
  const { exit } = ending;
  switch (condition.kind) {
    case "deadline":
      return exit.cause === "deadline";
    case "unhealthy":
      return exit.cause === "unhealthy";
    case "notStarted":
      return false;
    case "status":
      return (
        exit.cause === "itself" &&
        exit.status !== undefined &&
        exit.status >= condition.from &&
        exit.status <= condition.to
      );
    case "nonzero":
      return exit.cause === "itself" && exit.status !== undefined && exit.status !== 0;
    case "signal":
      return (
        exit.cause === "itself" &&
        exit.signal !== undefined &&
        (condition.signal === undefined || condition.signal === exit.signal)
      );
  }
}

/** Doubled with each restart that came before, up to the maximum. */
export function restartDelayMs(decision: Decision, restartsBefore: number): number {
  return Math.min(decision.delayMsMax, decision.delayMs * 2 ** Math.min(restartsBefore, 30));
}

/** For people: `exited with status 3`, `was killed by SIGSEGV`, `ran into its deadline`. */
export function describeEnding(ending: Ending): string {
  if (ending.kind === "notStarted") return `could not be started: ${ending.reason}`;
  const { exit } = ending;
  const how =
    exit.signal === undefined
      ? `exited with status ${exit.status ?? "unknown"}`
      : `was killed by ${exit.signal}`;
  switch (exit.cause) {
    case "itself":
      return how;
    case "stopped":
      return "was stopped";
    case "deadline":
      return "ran into its deadline and was stopped";
    case "unhealthy":
      return "failed its health checks and was stopped";
  }
}
