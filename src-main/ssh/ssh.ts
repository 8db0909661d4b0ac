// Connections to hosts by SSH, whatever carries them: the one interface under deployment and terminals.
import type { Duplex } from "node:stream";
import type { TerminalSize } from "#shared/controller-api/terminal-shell.ts";
import type { NewKeys } from "#shared/controller-api/host-tests.ts";
import type { HostKeyPolicy } from "#shared/resource-directory/resource-directory.ts";
import type { SshResult } from "./ssh-result.ts";
import type { StandingShell } from "./standing-shell.ts";

export type { SshFailure, SshResult } from "./ssh-result.ts";

/** Where and as whom; what is undefined comes from ~/.ssh/config or the defaults of OpenSSH. */
export interface SshTarget {
  /** As the directory has it: a name of ~/.ssh/config, a DNS name or an address. */
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** Also for the jumps on the way to it; before that of the settings. */
  readonly hostKeyPolicy?: HostKeyPolicy | undefined;
  /** Under the policy `ask`, for the host itself; default: ask. */
  readonly newKeys?: NewKeys | undefined;
}

export interface SshOutput {
  readonly status: number | undefined;
  readonly signal: string | undefined;
  /** Bounded: the first and the last bytes of what was printed. */
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** One authenticated connection, its host key verified on every hop before any credential was sent. */
export interface SshConnection {
  /** Runs a command by the user's login shell, whichever that is; give it on standard input what must stay secret. */
  run(command: string, options: SshRunOptions): Promise<SshResult<SshOutput>>;
  /** Standard input and output of a command as one stream: frames travel on it. */
  open(command: string, signal: AbortSignal): Promise<SshResult<Duplex>>;
  /** A program that sshd names itself: `sftp`. */
  subsystem(name: string, signal: AbortSignal): Promise<SshResult<Duplex>>;
  /** A TCP connection from the host to a port that it can reach. */
  reach(address: string, port: number, signal: AbortSignal): Promise<SshResult<Duplex>>;
  /** Resolves when the connection is gone, with why. */
  readonly closed: Promise<string>;
  close(): void;
}

export interface SshRunOptions {
  readonly stdin?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** What people are asked for while connecting; without anybody to ask the answer is undefined. One at a time. */
export interface SshQuestions {
  /** A passphrase, a password or a keyboard-interactive answer; never logged. */
  ask(prompt: string, options: SshAskOptions): Promise<string | undefined>;
  /** Policy `ask`: an unknown key; true = accept and remember. */
  acceptHostKey(shown: ShownHostKey, signal: AbortSignal): Promise<boolean>;
  /** Whether a password that a host has taken may go to others. */
  mayShare(offer: PasswordOffer, signal: AbortSignal): Promise<boolean>;
}

export interface PasswordOffer {
  readonly user: string;
  /** The host that has taken it; like the others as the directory has it. */
  readonly taken: string;
  /** Those that wait now; whoever asks for it later gets it, too. */
  readonly hosts: readonly string[];
}

export interface SshAskOptions {
  readonly secret: boolean;
  /** Nobody needs the answer any more. */
  readonly signal: AbortSignal;
}

export interface ShownHostKey {
  /** As the directory has it. */
  readonly name: string;
  /** As known_hosts has it: `[host]:port`. */
  readonly host: string;
  readonly keyType: string;
  readonly fingerprint: string;
}

export interface SshSettings {
  /** Overrides ~/.ssh/config. */
  readonly hostKeyPolicy: HostKeyPolicy | undefined;
  /** Instead of that of ~/.ssh/config, on hosts of which nobody says who logs in; not on the way to them. */
  readonly user?: string | undefined;
  /** Of a private key, tried before those of ~/.ssh/config; `~/` is below the home directory. */
  readonly identityFile?: string | undefined;
  /** Files like ~/.ssh/config and known_hosts are looked for below it. */
  readonly homeDirectory: string;
  /** Instead of ~/.ssh/config. */
  readonly configFile: string | undefined;
  /** SSH_AUTH_SOCK and the like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For one hop: name, TCP, key exchange and login. */
  readonly connectDeadlineMs: number;
  /** The Node that carries the system's ssh its questions; default: what runs this. */
  readonly node?: string | undefined;
}

export interface SshTransport {
  connect(target: SshTarget, signal: AbortSignal): Promise<SshResult<SshConnection>>;
  /** A person's login shell, on a connection of its own: what floods it, or ends it, touches nothing else. */
  shell(target: SshTarget, size: TerminalSize, signal: AbortSignal): Promise<SshResult<StandingShell>>;
  /** Ends the connections that still stand, and resolves when nothing of any is left. */
  close(): Promise<void>;
}
