// Opens the TCP connection to a host, and tells a name that is not found from a host that does not answer.
import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { SshHop } from "./ssh-config.ts";
import { failed, tcpFailure, unreachable } from "./ssh-failures.ts";
import type { SshResult } from "./ssh.ts";

const CHECK_HOST = "Check that the host is up, and that no firewall swallows the port.";

export function openTcp(hop: SshHop, signal: AbortSignal): Promise<SshResult<Socket>> {
  return new Promise((resolve) => {
    const socket = connectTcp({
      host: hop.hostName,
      port: hop.port,
      family: hop.addressFamily,
      // Nagle's algorithm and delayed acknowledgements together cost nine tenths of the throughput.
      noDelay: true,
      ...(hop.bindAddress === undefined ? {} : { localAddress: hop.bindAddress }),
    });
    // For an address nothing is looked up.
    let found = isIP(hop.hostName) !== 0;
    const onLookup = (error: Error | null): void => {
      found ||= error === null;
    };
    const onConnect = (): void => {
      settle({ kind: "ok", value: socket });
    };
    const onError = (error: Error): void => {
      settle(failed(tcpFailure(error, hop.port)));
    };
    const onAbort = (): void => {
      const reason = found ? "connection timed out" : "the name server does not answer in time";
      settle(failed(unreachable(found ? "connect" : "resolve", reason, CHECK_HOST)));
    };
    const settle = (result: SshResult<Socket>): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("lookup", onLookup).off("connect", onConnect).off("error", onError);
      if (result.kind === "failed") {
        // Nobody listens any more to what a socket that was given up has to say.
        socket.on("error", () => undefined);
        socket.destroy();
      }
      resolve(result);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("lookup", onLookup).on("connect", onConnect).on("error", onError);
    if (signal.aborted) onAbort();
  });
}
