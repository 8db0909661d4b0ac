// A TCP connection from a host to what it can reach, over a connection that ssh2 holds.
import type { Duplex } from "node:stream";
import type { HopConnection } from "./connect-hop.ts";
import { onAbort } from "./deadline.ts";
import { failed, interrupted, refused, unreachable } from "./ssh-failures.ts";
import type { SshFailure, SshResult } from "./ssh.ts";

/** RFC 4254, section 5.1: administratively prohibited. */
const PROHIBITED = 1;

export function reachThrough(
  { client, lost }: HopConnection,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<SshResult<Duplex>> {
  if (signal.aborted) return Promise.resolve(interrupted("forward"));
  return new Promise((resolve) => {
    let isSettled = false;
    const settle = (result: SshResult<Duplex>): void => {
      isSettled = true;
      unlisten();
      resolve(result);
    };
    const unlisten = onAbort(signal, () => settle(interrupted("forward")));
    try {
      client.forwardOut("127.0.0.1", 0, address, port, (error, channel) => {
        if (isSettled) {
          if (error === undefined) channel.close();
        } else if (error === undefined) settle({ kind: "ok", value: channel });
        else settle(failed(reachFailure(error)));
      });
    } catch (error) {
      // ssh2 throws when the connection is gone already.
      const words = lost ?? (error as Error).message;
      settle(failed(unreachable("forward", `connection lost: ${words}`, "Open the port again.")));
    }
  });
}

function reachFailure(error: Error & { readonly reason?: unknown }): SshFailure {
  const words = error.message.replace(/^.*Channel open failure: */, "");
  return error.reason === PROHIBITED
    ? refused(
        "forward",
        `the host forwards no connections (${words})`,
        "Set AllowTcpForwarding (and PermitOpen) in its sshd_config.",
      )
    : refused("forward", words, "Look whether it listens there, as the host sees it.");
}
