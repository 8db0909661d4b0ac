// Starts commands over a connection that ssh2 holds.
import type { ClientChannel } from "ssh2";
import type { HopConnection } from "./connect-hop.ts";
import { onAbort } from "./deadline.ts";
import type { CommandExit, SshCommand } from "./ssh-command.ts";
import { failed, interrupted, refused, unreachable, wordsOf } from "./ssh-failures.ts";
import type { SshFailure, SshResult } from "./ssh.ts";

/** sshd starts a shell in milliseconds; a home directory on a file server that is away takes for ever. */
const START_DEADLINE_MS = 20_000;

function startFailure(error: Error, lost: string | undefined): SshFailure {
  if (lost !== undefined) return unreachable("shell", `connection lost: ${lost}`, "Connect again.");
  if (/Channel open failure/.test(error.message)) {
    const words = error.message.replace(/^.*Channel open failure: */, "");
    return refused(
      "shell",
      `the host opens no more sessions on this connection (${words})`,
      "Raise MaxSessions in the host's sshd_config; 0 there forbids commands altogether.",
    );
  }
  return refused(
    "shell",
    wordsOf(error),
    "Check the user's login shell, and ForceCommand in the host's sshd_config.",
  );
}

function commandOf(connection: HopConnection, channel: ClientChannel): SshCommand {
  let onExited: (exit: CommandExit) => void = () => undefined;
  let onClosed: (exit: CommandExit) => void = () => undefined;
  const exited = new Promise<CommandExit>((resolve) => {
    onExited = resolve;
  });
  const closed = new Promise<CommandExit>((resolve) => {
    onClosed = resolve;
  });
  let exit: CommandExit | undefined;
  channel.on("exit", (status: number | null, signal?: string) => {
    exit = { status: status ?? undefined, signal, lost: undefined };
    onExited(exit);
  });
  channel.on("close", () => {
    const last = exit ?? { status: undefined, signal: undefined, lost: connection.lost };
    onExited(last);
    onClosed(last);
  });
  // The connection tells its errors itself.
  channel.on("error", () => undefined);
  return {
    input: channel,
    output: channel,
    errors: channel.stderr,
    exited,
    closed,
    stop() {
      if (connection.lost !== undefined) return;
      channel.signal("TERM");
      channel.close();
    },
  };
}

/** Starts a command; aborting only stops the start. */
export function startCommand(
  connection: HopConnection,
  command: string,
  signal: AbortSignal,
): Promise<SshResult<SshCommand>> {
  const ask: AskForSession = (onChannel) => connection.client.exec(command, onChannel);
  return startSession(connection, ask, commandOf, signal);
}

/** Starts a program that sshd names itself; aborting only stops the start. */
export async function startSubsystem(
  connection: HopConnection,
  name: string,
  signal: AbortSignal,
): Promise<SshResult<SshCommand>> {
  const ask: AskForSession = (onChannel) => connection.client.subsys(name, onChannel);
  const started = await startSession(connection, ask, commandOf, signal);
  const isUnknown = started.kind === "failed" && /Unable to start subsystem/.test(started.failure.reason);
  return isUnknown ? failed(noSubsystem(name)) : started;
}

export function noSubsystem(name: string): SshFailure {
  return refused(
    name,
    `the host has no ${name}`,
    `Add "Subsystem ${name} internal-sftp" to the host's sshd_config, or copy by scp.`,
  );
}

type AskForSession = (onChannel: (error: Error | undefined, channel: ClientChannel) => void) => unknown;

/**
 * A session in which a command or a shell runs; aborting only stops the start. `take` is called in the very moment in
 * which the channel is there: of a quick command the output, the status and the end may come in the same packet.
 */
export function startSession<Session>(
  connection: HopConnection,
  ask: AskForSession,
  take: (connection: HopConnection, channel: ClientChannel) => Session,
  signal: AbortSignal,
): Promise<SshResult<Session>> {
  return new Promise((resolve) => {
    let settled = false;
    const settle = (result: SshResult<Session>): void => {
      settled = true;
      clearTimeout(timer);
      unlisten();
      resolve(result);
    };
    const unlisten = onAbort(signal, () => {
      settle(interrupted("shell"));
    });
    const timer = setTimeout(() => {
      const reason = `the host does not start a shell within ${String(START_DEADLINE_MS / 1000)} s`;
      settle(failed(unreachable("shell", reason, "Look at the host's load and its home directories.")));
    }, START_DEADLINE_MS);
    if (signal.aborted) {
      settle(interrupted("shell"));
      return;
    }
    try {
      ask((error, channel) => {
        if (settled) {
          // Nobody waits for it any more.
          if (error === undefined) commandOf(connection, channel).stop();
        } else if (error === undefined) settle({ kind: "ok", value: take(connection, channel) });
        else settle(failed(startFailure(error, connection.lost)));
      });
    } catch (error) {
      // ssh2 throws when the connection is gone already.
      settle(failed(startFailure(error as Error, connection.lost ?? wordsOf(error))));
    }
  });
}
