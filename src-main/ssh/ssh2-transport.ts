// Connections by ssh2, in this process: host keys, logins, jumps; what ssh2 cannot do is said with the way out.
import type { Duplex } from "node:stream";
import type { HostKeyPolicy } from "#shared/resource-directory/resource-directory.ts";
import { connectHop, type HopConnection, type HopParts, type OpenThrough } from "./connect-hop.ts";
import { crowdedPauseMs, pause } from "./crowded.ts";
import { HostKeyReviews } from "./host-key-reviews.ts";
import { createHostKeys } from "./host-keys.ts";
import { createJumpPool, type JumpPool, type Lease } from "./jump-pool.ts";
import { runToEnd, streamOf } from "./ssh-command.ts";
import { parseJump, type SshHop, type SshResolve } from "./ssh-config.ts";
import { failed, interrupted, onTheWay, refused, unreachable, USE_SYSTEM_SSH } from "./ssh-failures.ts";
import { SharedPasswords } from "./shared-passwords.ts";
import { startCommand, startSubsystem } from "./ssh2-command.ts";
import { reachThrough } from "./ssh2-reach.ts";
import { startShell } from "./ssh2-shell.ts";
import type {
  SshConnection,
  SshFailure,
  SshQuestions,
  SshResult,
  SshSettings,
  SshTarget,
  SshTransport,
} from "./ssh.ts";
import { createUserKeys } from "./user-keys.ts";

/** A chain longer than this is a circle in ~/.ssh/config. */
const JUMPS_MAX = 8;
export interface Ssh2TransportParts {
  readonly questions: SshQuestions;
  readonly resolve: SshResolve;
  /** Where changed host keys wait for a person's word. */
  readonly reviews?: HostKeyReviews;
  /** For what people should know although it goes on: a changed key under the policy "no". */
  readonly warn?: (text: string) => unknown;
}

/** The way to a host: its last hop, and what must be given back when it is left. */
interface Way {
  readonly connection: HopConnection;
  readonly jump: Lease | undefined;
}

function forwardFailure(error: Error & { reason?: unknown }, lost: string | undefined): SshFailure {
  const words = error.message.replace(/^.*Channel open failure: */, "");
  if (lost !== undefined)
    return unreachable("connect", `connection to the jump host lost: ${lost}`, "Try again.");
  if (error.reason === 1) {
    return refused(
      "connect",
      `the jump host forwards no connections (${words})`,
      "Set AllowTcpForwarding (and PermitOpen) in the jump host's sshd_config.",
    );
  }
  return unreachable(
    "connect",
    `not reached from the jump host (${words})`,
    "Check the host's name and port as the jump host sees them.",
  );
}

/** A stream to the next hop through a jump host's connection. */
function throughJump(jump: HopConnection): OpenThrough {
  return (hop, signal) =>
    new Promise<SshResult<Duplex>>((resolve) => {
      let settled = false;
      const settle = (result: SshResult<Duplex>): void => {
        settled = true;
        signal.removeEventListener("abort", onAbort);
        resolve(result);
      };
      const onAbort = (): void => {
        settle(
          failed(unreachable("connect", "timed out behind the jump host", "Check that the host is up.")),
        );
      };
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) {
        onAbort();
        return;
      }
      try {
        jump.client.forwardOut("127.0.0.1", 0, hop.hostName, hop.port, (error, channel) => {
          if (settled) {
            if (error === undefined) channel.close();
          } else if (error === undefined) settle({ kind: "ok", value: channel });
          else settle(failed(forwardFailure(error, jump.lost)));
        });
      } catch (error) {
        // ssh2 throws when the connection is gone already.
        settle(failed(forwardFailure(error as Error, jump.lost ?? "it is closed")));
      }
    });
}

class Connector {
  readonly #parts: HopParts;
  readonly #resolve: SshResolve;
  readonly #limitMs: number;
  readonly #jumps: JumpPool = createJumpPool();

  constructor(parts: HopParts, resolve: SshResolve, limitMs: number) {
    this.#parts = parts;
    this.#resolve = resolve;
    this.#limitMs = limitMs;
  }

  /**
   * The way to a target; `jumps` in place of those of its configuration. `path` are the jumps for which it is made:
   * part of what a shared connection goes by, so that no two that are being made can wait for each other.
   */
  async wayTo(
    target: SshTarget,
    jumps: readonly string[] | undefined,
    path: readonly string[],
    signal: AbortSignal,
  ): Promise<SshResult<Way>> {
    const resolved = await this.#resolve(target);
    if (resolved.kind === "failed") return resolved;
    if (signal.aborted) return interrupted("resolve");
    const hop = resolved.value;
    const chain = jumps ?? hop.proxyJump;
    if (chain.length === 0 && hop.proxyCommand !== undefined) {
      const reason = "the configuration asks for ProxyCommand, which ssh2 does not know";
      return failed(refused("resolve", reason, `To use it, ${USE_SYSTEM_SSH}.`));
    }
    if (path.length > JUMPS_MAX) {
      const reason = `more than ${String(JUMPS_MAX)} jump hosts one after the other`;
      return failed(refused("resolve", reason, "Look for a circle of ProxyJump in ~/.ssh/config."));
    }
    return chain.length === 0
      ? this.#connect(hop, undefined, signal)
      : this.#behind(hop, chain, target.hostKeyPolicy, path, signal);
  }

  async #behind(
    hop: SshHop,
    chain: readonly string[],
    hostKeyPolicy: HostKeyPolicy | undefined,
    path: readonly string[],
    signal: AbortSignal,
  ): Promise<SshResult<Way>> {
    const last = chain.at(-1) ?? "";
    const jump = parseJump(last);
    if (jump === undefined) {
      const reason = `${JSON.stringify(last)} is no jump host`;
      return failed(refused("resolve", reason, "ProxyJump is [user@]host[:port]; correct ~/.ssh/config."));
    }
    const target = { ...jump, hostKeyPolicy };
    const before = chain.slice(0, -1);
    const furtherPath = [...path, chain.join(",")];
    const leased = await this.#jumps.lease(
      `${furtherPath.join(" for ")} (${hostKeyPolicy ?? ""})`,
      async (leaseSignal) => {
        const jumps = before.length === 0 ? undefined : before;
        const way = await this.wayTo(target, jumps, furtherPath, leaseSignal);
        return way.kind === "ok" ? { kind: "ok", value: connectionOf(way.value) } : way;
      },
      signal,
    );
    if (leased.kind === "failed") return onTheWay(target.host, leased);
    const way = await this.#connect(hop, leased.value, signal);
    if (way.kind === "failed") leased.value.release();
    return way;
  }

  async #connect(hop: SshHop, jump: Lease | undefined, signal: AbortSignal): Promise<SshResult<Way>> {
    const limitMs = Math.min(this.#limitMs, hop.connectTimeoutMs ?? this.#limitMs);
    const endsAt = performance.now() + limitMs;
    const through = jump === undefined ? undefined : throughJump(jump.connection);
    for (let attempt = 1; ; attempt += 1) {
      const leftMs = endsAt - performance.now();
      const result = await connectHop(this.#parts, hop, through, leftMs, signal);
      if (result.kind === "ok") return { kind: "ok", value: { connection: result.value, jump } };
      const pauseMs = crowdedPauseMs(attempt);
      if (!result.crowded || pauseMs === undefined || performance.now() + pauseMs > endsAt) {
        return failed(result.failure);
      }
      await pause(pauseMs, signal);
      if (signal.aborted) return interrupted("connect");
    }
  }
}

/** A connection that gives its jump host back when it is gone. */
function connectionOf({ connection, jump }: Way): HopConnection {
  if (jump !== undefined) void connection.closed.then(jump.release);
  return connection;
}

function sshConnectionOf(connection: HopConnection): SshConnection {
  return {
    closed: connection.closed,
    close: () => {
      connection.close();
    },
    async run(command, options) {
      const started = await startCommand(connection, command, options.signal);
      return started.kind === "failed" ? started : runToEnd(started.value, options);
    },
    async open(command, signal) {
      const started = await startCommand(connection, command, signal);
      return started.kind === "failed" ? started : { kind: "ok", value: streamOf(started.value) };
    },
    async subsystem(name, signal) {
      const started = await startSubsystem(connection, name, signal);
      return started.kind === "failed" ? started : { kind: "ok", value: streamOf(started.value) };
    },
    reach: (address, port, signal) => reachThrough(connection, address, port, signal),
  };
}

/** `SSH` in this process: no program of the system's is needed but an agent, if one is to be used. */
export function createSsh2Transport(parts: Ssh2TransportParts, settings: SshSettings): SshTransport {
  const { questions } = parts;
  const connector = new Connector(
    {
      questions,
      userKeys: createUserKeys(questions),
      passwords: new SharedPasswords(questions),
      hostKeys: createHostKeys(questions, parts.reviews ?? new HostKeyReviews()),
      warn: (text) => parts.warn?.(text),
    },
    parts.resolve,
    settings.connectDeadlineMs,
  );
  const open = new Set<HopConnection>();
  const connect = async (target: SshTarget, signal: AbortSignal): Promise<SshResult<HopConnection>> => {
    const way = await connector.wayTo(target, undefined, [], signal);
    if (way.kind === "failed") return way;
    const connection = connectionOf(way.value);
    open.add(connection);
    void connection.closed.then(() => open.delete(connection));
    return { kind: "ok", value: connection };
  };
  return {
    async connect(target, signal) {
      const connected = await connect(target, signal);
      return connected.kind === "failed"
        ? connected
        : { kind: "ok", value: sshConnectionOf(connected.value) };
    },
    async shell(target, size, signal) {
      const connected = await connect(target, signal);
      return connected.kind === "failed" ? connected : startShell(connected.value, size, signal);
    },
    async close() {
      const standing = [...open];
      for (const connection of standing) connection.close();
      await Promise.all(standing.map(({ closed }) => closed));
    },
  };
}
