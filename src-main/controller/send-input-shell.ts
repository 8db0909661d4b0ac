// Standard input for the processes of a command: cut into commands, held back while hosts are behind.
import type { HostId } from "#shared/base/ids.ts";
import type { MemberState } from "#shared/overlay/topology.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { Run } from "./run.ts";

/** Input for processes is cut into commands of this size at most. */
const INPUT_BYTES_MAX = 64 * 1024;
/** Input waits while a host has so many commands that it has not acknowledged. */
const INPUT_PENDING_MAX = 16;
const INPUT_PAUSE_MS = 20;

export interface SendInputParts {
  readonly members: () => readonly MemberState[];
  readonly command: (hosts: readonly HostId[], command: Command) => void;
}

/** Resolves when it is on its way to every host that executes; what the run no longer needs is dropped. */
export async function sendInput(
  run: Run,
  bytes: Uint8Array,
  end: boolean,
  parts: SendInputParts,
): Promise<void> {
  for (let at = 0; at < bytes.length || (at === 0 && end); at += INPUT_BYTES_MAX) {
    const piece = bytes.subarray(at, at + INPUT_BYTES_MAX);
    const last = end && at + INPUT_BYTES_MAX >= bytes.length;
    while (!run.over && isBehind(run, parts.members())) await pause(INPUT_PAUSE_MS);
    const hosts = run.members.filter((member) => member.phase === "executing").map((member) => member.host);
    parts.command(hosts, { kind: "input", run: run.plan.run, bytes: piece, end: last });
  }
}

/** Hosts that have not started yet are waited for: all processes get all of the input. */
function isBehind(run: Run, members: readonly MemberState[]): boolean {
  const phases = new Map<HostId, string>(run.members.map((member) => [member.host, member.phase]));
  if (["connecting", "preparing", "prepared"].some((phase) => [...phases.values()].includes(phase)))
    return true;
  return members.some(
    ({ host, state, pendingCommands }) =>
      phases.has(host) && state === "attached" && pendingCommands > INPUT_PENDING_MAX,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}
