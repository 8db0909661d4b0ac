// A person's shell over a connection that ssh2 holds: a pseudo-terminal on the host, with the host's pace kept.
import type { ClientChannel } from "ssh2";
import type { TerminalListener, TerminalSize } from "#shared/controller-api/terminal-shell.ts";
import type { HopConnection } from "./connect-hop.ts";
import { startSession } from "./ssh2-command.ts";
import type { SshResult } from "./ssh.ts";
import {
  INPUT_BYTES_MAX,
  INPUT_TOO_LONG,
  TERMINAL_TYPE,
  type ShellEnd,
  type StandingShell,
} from "./standing-shell.ts";

/** RFC 4254, section 6.10 names thirteen; other words come from a host that makes things up. */
const SIGNAL_NAME = /^[A-Z0-9]{1,12}$/;

class Ssh2Shell implements StandingShell {
  readonly ended: Promise<unknown>;
  readonly #connection: HopConnection;
  readonly #channel: ClientChannel;
  readonly #closed: Promise<ShellEnd>;
  /** Why it was ended from here. */
  #ownReason: string | undefined;

  constructor(connection: HopConnection, channel: ClientChannel) {
    this.#connection = connection;
    this.#channel = channel;
    this.ended = connection.closed;
    // The connection tells its errors itself.
    channel.on("error", () => undefined);
    let exit: string | undefined;
    channel.on("exit", (status: number | null, signal?: string) => {
      if (status !== null) exit = `exit status ${String(status)}`;
      else exit = `ended by the signal ${SIGNAL_NAME.test(signal ?? "") ? String(signal) : "of no name"}`;
    });
    this.#closed = new Promise((resolve) => {
      // Only when all has been read: ssh2 waits for that.
      channel.on("close", () => {
        const ended = this.#ownReason ?? exit;
        // sshd always says how a shell has ended: without that it is the way that has gone.
        resolve({ reason: ended ?? this.#lostWords(), isLost: ended === undefined });
        connection.close();
      });
    });
  }

  listen(listener: TerminalListener): void {
    const tell = (bytes: Uint8Array): void => listener.data(bytes);
    this.#channel.on("data", tell);
    // A host may write there before it has a shell (a command that is forced on its users, for example).
    this.#channel.stderr.on("data", tell);
    void this.#closed.then(({ reason, isLost }) => listener.closed(reason, isLost));
  }

  write(bytes: Uint8Array): void {
    if (this.#channel.writableLength + bytes.byteLength > INPUT_BYTES_MAX) this.#end(INPUT_TOO_LONG);
    else if (this.#ownReason === undefined && this.#connection.lost === undefined) this.#channel.write(bytes);
  }

  resize({ columns, rows }: TerminalSize): void {
    // Sizes in pixels are nothing to a terminal of characters.
    if (this.#connection.lost === undefined) this.#channel.setWindow(rows, columns, 0, 0);
  }

  pause(): void {
    this.#channel.pause();
    this.#channel.stderr.pause();
  }

  resume(): void {
    this.#channel.resume();
    this.#channel.stderr.resume();
  }

  close(): void {
    this.#end("closed from here");
  }

  #end(reason: string): void {
    this.#ownReason ??= reason;
    // What still comes is read and dropped, or the channel would never close.
    this.#channel.removeAllListeners("data");
    this.#channel.stderr.removeAllListeners("data");
    this.resume();
    this.#connection.close();
  }

  #lostWords(): string {
    const { lost } = this.#connection;
    return lost === undefined ? "the host has closed it" : `connection lost: ${lost}`;
  }
}

/** The connection is the shell's own from now on, and goes with it; aborting only stops the start. */
export async function startShell(
  connection: HopConnection,
  { columns, rows }: TerminalSize,
  signal: AbortSignal,
): Promise<SshResult<StandingShell>> {
  const size = { cols: columns, rows, width: 0, height: 0, term: TERMINAL_TYPE };
  const started = await startSession(
    connection,
    (onChannel) => connection.client.shell(size, onChannel),
    (_connection, channel) => new Ssh2Shell(connection, channel),
    signal,
  );
  if (started.kind === "failed") connection.close();
  return started;
}
