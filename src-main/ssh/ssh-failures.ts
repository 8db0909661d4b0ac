// How what goes wrong with SSH is told: in the other side's words, with what to do about it.
import type { SshFailure, SshResult } from "./ssh.ts";

/** What ssh2 cannot do, the system's ssh can. */
export const USE_SYSTEM_SSH =
  'set transport="system-ssh" for these hosts in the directory, or transport = system-ssh in plush.prefs';

/** What helps where nobody could be asked. */
export const BE_ASKED = "run plush at a terminal without --no-input, and it asks";

/** sshd waits two minutes for a login unless it is told otherwise (LoginGraceTime). */
export const TOO_LATE: SshFailure = {
  step: "login",
  reason: "the host has closed the connection while it waited for your answer",
  remedy:
    "Answer sooner; with many hosts lower --fanout, so that fewer of them wait at once, or use an agent.",
  unreachable: false,
};

/** No answer, as opposed to an answer that says no. */
export function unreachable(step: string, reason: string, remedy: string): SshFailure {
  return { step, reason, remedy, unreachable: true };
}

export function refused(step: string, reason: string, remedy: string): SshFailure {
  return { step, reason, remedy, unreachable: false };
}

export function failed(failure: SshFailure): { readonly kind: "failed"; readonly failure: SshFailure } {
  return { kind: "failed", failure };
}

export function interrupted(step: string): { readonly kind: "failed"; readonly failure: SshFailure } {
  return failed(refused(step, "interrupted", "Start it again."));
}

/** A failure on the way, seen from the host behind it. */
export function onTheWay<Value>(jump: string, result: SshResult<Value>): SshResult<Value> {
  if (result.kind === "ok") return result;
  const { failure } = result;
  const inner = failure.step.startsWith("jump ");
  return failed({
    ...failure,
    step: inner ? failure.step : `jump ${jump}`,
    reason: inner ? failure.reason : `${failure.step}: ${failure.reason}`,
  });
}

/** Node's code of a system error; of several addresses that were tried, the first one's. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Why no TCP connection came about. */
export function tcpFailure(error: unknown, port: number): SshFailure {
  const code = codeOf(error);
  switch (code) {
    case "ENOTFOUND":
    case "EAI_NODATA":
    case "EAI_NONAME":
      return unreachable(
        "resolve",
        "the name is not known (DNS, hosts file)",
        "Check the host's name in the directory or in ~/.ssh/config.",
      );
    case "EAI_AGAIN":
      return unreachable(
        "resolve",
        "the name server does not answer",
        "Check this machine's network and its name servers.",
      );
    case "ECONNREFUSED":
      return unreachable(
        "connect",
        `connection refused on port ${String(port)}`,
        "Start sshd there, or correct the port.",
      );
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return unreachable(
        "connect",
        code === "ENETUNREACH" ? "network is unreachable" : "no route to host",
        "Check that the host is up, and the network on the way to it.",
      );
    case "ETIMEDOUT":
      return unreachable(
        "connect",
        "connection timed out",
        "Check that the host is up and that no firewall swallows the port.",
      );
    case "EMFILE":
    case "ENFILE":
      return refused(
        "connect",
        "too many open files on this machine",
        "Raise the limit (ulimit -n), or lower --fanout.",
      );
    case undefined:
    default:
      return unreachable("connect", wordsOf(error), "Check the host and the network on the way to it.");
  }
}

/** A listener that hangs up before it has said who it is; `said` is what it has said instead. */
export function noGreeting(said: string, reset: boolean): SshFailure {
  const silent = reset ? "connection reset before the greeting" : "closes the connection before the greeting";
  const reason = said === "" ? silent : `is no sshd, or a busy one; it says: ${said}`;
  const remedy = /MaxStartups/i.test(said)
    ? "Lower --fanout, or raise MaxStartups in the host's sshd_config."
    : "Check that it is sshd that listens on this port; a full MaxStartups and hosts.deny look like this too.";
  return unreachable("connect", reason, remedy);
}
