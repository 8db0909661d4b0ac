// What a test of SSH connections needs: a home directory with configuration and known_hosts, and awkward listeners.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostKeyPolicy } from "../../src-shared/resource-directory/resource-directory.ts";
import { createSshResolve } from "../../src-main/ssh/ssh-config.ts";
import { createSsh2Transport } from "../../src-main/ssh/ssh2-transport.ts";
import { createSystemSshTransport } from "../../src-main/ssh/system-ssh-transport.ts";
import { createStartOnTerminal } from "../../src-main/terminals/pty-shell.ts";
import type {
  SshConnection,
  SshFailure,
  SshQuestions,
  SshResult,
  SshSettings,
  SshTransport,
} from "../../src-main/ssh/ssh.ts";

export type TransportName = "ssh2" | "system-ssh";

export interface TransportWishes {
  readonly hostKeyPolicy?: HostKeyPolicy;
  readonly connectDeadlineMs?: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly questions?: Partial<SshQuestions>;
  readonly warn?: (text: string) => unknown;
}

const CONNECT_DEADLINE_MS = 20_000;

/** One user's side: all of it lies in one folder, by which what is left of a test can be found. */
export class SshPlace {
  readonly folder: string;
  readonly home: string;
  readonly knownHostsFile: string;
  readonly #connections: SshConnection[] = [];
  readonly #closers: (() => void)[] = [];

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "nebula-ssh-place-"));
    this.home = join(this.folder, "home");
    this.knownHostsFile = join(this.home, ".ssh", "known_hosts");
    mkdirSync(join(this.home, ".ssh"), { recursive: true, mode: 0o700 });
    this.writeConfig("");
  }

  writeConfig(text: string): void {
    writeFileSync(join(this.home, ".ssh", "config"), text, { mode: 0o600 });
  }

  writeKnownHosts(text: string): void {
    writeFileSync(this.knownHostsFile, text);
  }

  get knownHosts(): string {
    return readFileSync(this.knownHostsFile, "utf8");
  }

  transport(name: TransportName, wishes: TransportWishes = {}): SshTransport {
    const { hostKeyPolicy, connectDeadlineMs = CONNECT_DEADLINE_MS, environment = {}, warn } = wishes;
    const settings: SshSettings = {
      hostKeyPolicy,
      homeDirectory: this.home,
      configFile: undefined,
      // Without the agent of whoever runs the tests. The folder in it marks the processes.
      environment: { PATH: process.env["PATH"], NEBULA_TEST: this.folder, ...environment },
      connectDeadlineMs,
    };
    const resolve = createSshResolve(settings);
    const questions: SshQuestions = {
      ask: () => Promise.resolve(undefined),
      acceptHostKey: () => Promise.resolve(false),
      mayShare: () => Promise.resolve(false),
      ...wishes.questions,
    };
    const parts = { questions, resolve, ...(warn === undefined ? {} : { warn }) };
    if (name === "ssh2") return createSsh2Transport(parts, settings);
    return createSystemSshTransport({ ...parts, startOnTerminal: createStartOnTerminal() }, settings);
  }

  async connect(
    transport: SshTransport,
    host: string,
    signal: AbortSignal = new AbortController().signal,
    port?: number,
  ): Promise<SshResult<SshConnection>> {
    const result = await transport.connect({ host, port, user: undefined }, signal);
    if (result.kind === "ok") this.#connections.push(result.value);
    return result;
  }

  /** A listener that does something to whoever connects; its port. */
  async listen(onConnection: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      // The other side gives up in the middle: that is what it is here for.
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
      onConnection(socket);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    this.#closers.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return (server.address() as AddressInfo).port;
  }

  onClose(close: () => void): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    await Promise.all(this.#connections.map(({ closed }) => closed));
    for (const close of this.#closers) close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function valueOf<Value>(result: SshResult<Value>): Value {
  if (result.kind === "failed") throw new Error(`${result.failure.step}: ${result.failure.reason}`);
  return result.value;
}

export function failureOf(result: SshResult<unknown>): SshFailure {
  if (result.kind === "ok") throw new Error("no failure");
  return result.failure;
}

/** `step: reason`. */
export function told(result: SshResult<unknown>): string {
  const { step, reason } = failureOf(result);
  return `${step}: ${reason}`;
}
