// What a person opens on a host besides a shell: its files, and ways to its ports; all of them end with the controller.
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type {
  FilesResult,
  ForwardResult,
  ForwardTarget,
  HostFiles,
  OpenFailure,
  PortForward,
} from "#shared/controller-api/host-files.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import { plainWords } from "../ssh/plain-words.ts";
import { SftpFiles } from "../ssh/sftp-files.ts";
import { SftpSession } from "../ssh/sftp-session.ts";
import { failed, interrupted, refused, tcpFailure, wordsOf } from "../ssh/ssh-failures.ts";
import { targetOf } from "../ssh/ssh-target.ts";
import type { SshConnection, SshFailure, SshResult, SshTransport } from "../ssh/ssh.ts";
import { LocalFiles } from "./local-files.ts";
import { LoopbackForward } from "./port-forward.ts";

export interface HostDoorsParts {
  readonly transport: (host: HostEntry) => Promise<SshTransport>;
}

interface Door {
  close(): void;
  readonly closed: Promise<unknown>;
}

export class HostDoors {
  readonly #parts: HostDoorsParts;
  readonly #open = new Set<Door>();
  readonly #closing = new AbortController();

  constructor(parts: HostDoorsParts) {
    this.#parts = parts;
  }

  /** `folder`: of the embedded host's client, while there is one. */
  async openFiles(host: HostEntry, folder: string | undefined): Promise<FilesResult> {
    const opened = await this.#files(host, folder);
    return opened.kind === "failed"
      ? failureOf(opened.failure)
      : { kind: "opened", files: this.#kept(opened.value) };
  }

  async openForward(host: HostEntry, target: ForwardTarget): Promise<ForwardResult> {
    const opened = await this.#forward(host, target);
    return opened.kind === "failed"
      ? failureOf(opened.failure)
      : { kind: "opened", forward: this.#kept(opened.value) };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const open = [...this.#open];
    for (const door of open) door.close();
    await Promise.all(open.map(({ closed }) => closed));
  }

  #kept<Kept extends Door>(door: Kept): Kept {
    this.#open.add(door);
    void door.closed.then(() => this.#open.delete(door));
    // Opened while all were being closed.
    if (this.#closing.signal.aborted) door.close();
    return door;
  }

  async #files(host: HostEntry, folder: string | undefined): Promise<SshResult<HostFiles>> {
    if (host.managerType === "local") return localFiles(folder);
    const connected = await this.#connect(host);
    if (connected.kind === "failed") return connected;
    const connection = connected.value;
    const opened = await sftpOver(connection, this.#closing.signal);
    if (opened.kind === "failed") connection.close();
    else void opened.value.closed.then(() => connection.close());
    return opened;
  }

  async #forward(host: HostEntry, target: ForwardTarget): Promise<SshResult<PortForward>> {
    try {
      if (host.managerType === "local") {
        const never = new Promise<string>(() => undefined);
        const reach = (): Promise<SshResult<Duplex>> => reachHere(target);
        const forward = await LoopbackForward.open({ reach, lost: never, release: () => undefined });
        return { kind: "ok", value: forward };
      }
      const connected = await this.#connect(host);
      if (connected.kind === "failed") return connected;
      const connection = connected.value;
      const forward = await LoopbackForward.open({
        reach: (signal) => connection.reach(target.address, target.port, signal),
        lost: connection.closed.then((why) => `connection lost: ${why}`),
        release: () => connection.close(),
      });
      return { kind: "ok", value: forward };
    } catch (error) {
      return failed(refused("forward", wordsOf(error), "Look whether this computer has ports left."));
    }
  }

  async #connect(host: HostEntry): Promise<SshResult<SshConnection>> {
    if (this.#closing.signal.aborted) return interrupted("connect");
    if (host.managerType !== "ssh") {
      const reason = `hosts of type "${host.managerType}" cannot be reached`;
      return failed(refused("connect", reason, "Choose hosts of type ssh or local."));
    }
    const transport = await this.#parts.transport(host);
    return transport.connect(targetOf(host), this.#closing.signal);
  }
}

async function localFiles(folder: string | undefined): Promise<SshResult<HostFiles>> {
  if (folder === undefined) {
    const reason = "an embedded host has a directory of its own only while a client runs on it";
    return failed(refused("files", reason, "Connect it first (Plush, Connect all hosts), or run something."));
  }
  const opened = await LocalFiles.open(folder);
  return opened.kind === "ok"
    ? opened
    : failed(refused("files", opened.reason, "Connect the host anew; its directory is not there."));
}

async function sftpOver(connection: SshConnection, signal: AbortSignal): Promise<SshResult<HostFiles>> {
  const stream = await connection.subsystem("sftp", signal);
  if (stream.kind === "failed") return stream;
  const session = await SftpSession.start(stream.value);
  const files = session.kind === "failed" ? session : await SftpFiles.open(session.value);
  if (files.kind === "ok") return files;
  const remedy =
    'Look for "Subsystem sftp" in the host\'s sshd_config, and for what its start-up files print.';
  return failed(refused("sftp", files.reason, remedy));
}

/** An embedded host is this computer. */
function reachHere({ address, port }: ForwardTarget): Promise<SshResult<Duplex>> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, allowHalfOpen: true });
    socket.once("connect", () => resolve({ kind: "ok", value: socket }));
    socket.once("error", (error) => resolve(failed(tcpFailure(error, port))));
  });
}

function failureOf({ step, reason, remedy, unreachable }: SshFailure): OpenFailure {
  return { kind: "failed", step, reason: plainWords(reason), remedy: plainWords(remedy), unreachable };
}
