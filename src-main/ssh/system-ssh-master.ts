// The system's ssh as a process: a master connection that carries commands, and clients of it.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newToken, openAskpassDoor, type AskpassDoor, type AskpassWish } from "./askpass-door.ts";
import { askpassScript, DOOR_NAME, TOKEN_NAME } from "./askpass-program.ts";
import type { CommandExit, SshCommand } from "./ssh-command.ts";
import { hasForeignHome, preferredIdentity, type SshHop } from "./ssh-config.ts";
import type { SshSettings, SshTarget } from "./ssh.ts";

/** What the master says, through LocalCommand, once it is logged in and takes commands. */
const READY = "nebula-ssh-ready";
/** What its shell says before: there is a folder for its questions. */
const FOLDER_MADE = "nebula-ssh-folder";
/** ssh's complaints have a few hundred bytes; banners of hosts may come on top. */
const WORDS_BYTES_MAX = 16_384;
/** Exit code of ssh for its own troubles; a command's own 255 looks the same. */
export const SSH_TROUBLE = 255;
/** As with ssh2: dead links are noticed within one and a half minutes. */
const KEEPALIVE_S = 30;
/** Long enough not to meet another, short enough for the path of a socket (104 bytes on macOS). */
export const FOLDER_NAME_CHARACTERS = 13;

/**
 * Runs ssh and ends it when our end of its standard input is closed, so that no master outlives a controller that was
 * killed: with -N, ssh itself does not read there. ($$ is ssh's own process after exec.) The folder goes with it, and is
 * made here, too: a controller that is killed at any moment leaves none behind. mkdir fails where somebody else was first.
 * The first line of standard input is the word by which ssh's questions are known.
 */
const WITH_MINDER = `
folder=$1 config=$2 askpass=$3; shift 3
umask 077; read -r token && mkdir "$folder" || exit 1
printf %s "$config" >"$folder/config" && printf %s "$token" >"$folder/${TOKEN_NAME}" &&
  printf %s "$askpass" >"$folder/askpass" && chmod 700 "$folder/askpass" || { rm -rf "$folder"; exit 1; }
exec 3<&0
(trap '' PIPE; echo ${FOLDER_MADE}; read -r _ <&3; kill "$$"; rm -rf "$folder" || { sleep 1; rm -rf "$folder"; }) 2>/dev/null &
exec ssh "$@" </dev/null 3<&-`;

export interface Master {
  /** Resolves when it is gone, with why. */
  readonly closed: Promise<string>;
  readonly lost: string | undefined;
  start(command: string): SshCommand;
  /** Arguments of ssh instead of a command: a subsystem, a port. */
  startWith(options: readonly string[], words?: readonly string[]): SshCommand;
  close(): void;
}

export type MasterResult =
  | { readonly kind: "ok"; readonly value: Master }
  /** Everything that ssh has said, and whether there is an ssh at all. */
  | { readonly kind: "ended"; readonly said: string; readonly missing: boolean };

/** What holds for the jumps, too: they are reached by an ssh of their own, which gets this file only. */
export function configText(settings: SshSettings, target: SshTarget): string {
  const home = settings.homeDirectory;
  const foreign = hasForeignHome(settings);
  const policy = target.hostKeyPolicy ?? settings.hostKeyPolicy;
  return [
    "Host *",
    // Below this it does not say at which of several hops it has failed.
    "LogLevel INFO",
    ...(policy === undefined ? [] : [`StrictHostKeyChecking ${policy}`]),
    ...preferredIdentity(settings).map((file) => `IdentityFile "${file.replaceAll("%", "%%")}"`),
    `Include "${settings.configFile ?? join(home, ".ssh", "config")}"`,
    ...(foreign || settings.configFile !== undefined ? [] : ['Include "/etc/ssh/ssh_config"']),
    "Host *",
    // The first value found counts: these are only defaults.
    ...(foreign
      ? [`UserKnownHostsFile "${join(home, ".ssh", "known_hosts")}" "${join(home, ".ssh", "known_hosts2")}"`]
      : []),
    "",
  ].join("\n");
}

export function sshArguments(folder: string, target: SshTarget, hop: SshHop, limitMs: number): string[] {
  const options = [
    `ControlPath=${join(folder, "c")}`,
    "ControlPersist=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "RemoteCommand=none",
    `ConnectTimeout=${String(Math.max(1, Math.floor(limitMs / 1000)))}`,
    ...(hop.serverAliveIntervalMs === 0 ? [`ServerAliveInterval=${String(KEEPALIVE_S)}`] : []),
  ];
  return [
    "-F",
    join(folder, "config"),
    ...options.flatMap((option) => ["-o", option]),
    ...(target.user === undefined ? [] : ["-l", target.user]),
    ...(target.port === undefined ? [] : ["-p", String(target.port)]),
  ];
}

function collectWords(child: ChildProcessWithoutNullStreams): () => string {
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    if (said.length < WORDS_BYTES_MAX) said += chunk.toString();
  });
  return () => said;
}

/** A client of the master: it has no way of its own to the host, should the master be gone. */
function startClient(
  settings: SshSettings,
  args: readonly string[],
  words: readonly string[],
  lost: () => string | undefined,
): SshCommand {
  const own = ["ControlMaster=no", "ProxyCommand=false", "BatchMode=yes", "LogLevel=ERROR"];
  // A session of its own: no terminal to ask on, and Ctrl-C is for the controller alone.
  const child = spawn("ssh", [...args, ...own.flatMap((option) => ["-o", option]), ...words], {
    env: settings.environment,
    detached: true,
  });
  // A command that does not read what it is sent is no error of ours.
  child.stdin.on("error", () => undefined);
  const exitOf = (status: number | null, signal: string | null): CommandExit => ({
    status: status ?? undefined,
    signal: signal ?? undefined,
    lost: status === 0 ? undefined : lost(),
  });
  const exited = new Promise<CommandExit>((resolve) => {
    child.once("exit", (status, signal) => {
      resolve(exitOf(status, signal));
    });
    child.once("error", (error) => {
      resolve({ status: undefined, signal: undefined, lost: error.message });
    });
  });
  const closed = new Promise<CommandExit>((resolve) => {
    child.once("close", (status, signal) => {
      resolve(exitOf(status, signal));
    });
  });
  return {
    input: child.stdin,
    output: child.stdout,
    errors: child.stderr,
    exited,
    closed,
    stop() {
      child.kill("SIGTERM");
    },
  };
}

/** What one login is for, and who answers what is asked in the middle of it. */
export interface MasterWish {
  readonly target: SshTarget;
  readonly hop: SshHop;
  readonly limitMs: number;
  /** Aborting ends the login. */
  readonly signal: AbortSignal;
  readonly answer: (wish: AskpassWish) => Promise<string | undefined>;
  readonly warn: (text: string) => void;
}

/** Where ssh asks: a program of ours instead of a terminal. Before 8.4 ssh wants to see a display for that. */
function environmentFor(settings: SshSettings, folder: string): Record<string, string | undefined> {
  return {
    ...settings.environment,
    DISPLAY: settings.environment["DISPLAY"] ?? "none",
    SSH_ASKPASS: join(folder, "askpass"),
    SSH_ASKPASS_REQUIRE: "force",
  };
}

function spawnMaster(
  settings: SshSettings,
  target: SshTarget,
  folder: string,
  args: readonly string[],
): ChildProcessWithoutNullStreams {
  const own = [
    ...["-N", "-o", "ControlMaster=yes", "-o", "PermitLocalCommand=yes", "-o", `LocalCommand=echo ${READY}`],
    ...["--", target.host],
  ];
  const askpass = askpassScript(settings.node ?? process.execPath, folder);
  const files = [folder, configText(settings, target), askpass];
  const child = spawn("/bin/sh", ["-c", WITH_MINDER, "ssh", ...files, ...args, ...own], {
    env: environmentFor(settings, folder),
    detached: true,
  });
  // Its end is told by its exit.
  child.stdin.on("error", () => undefined);
  return child;
}

/** Logs in and keeps the connection. */
export async function startMaster(settings: SshSettings, wish: MasterWish): Promise<MasterResult> {
  const { target, hop, limitMs, signal } = wish;
  // Only ours: whoever reaches the socket in it is logged in.
  const folder = join(tmpdir(), `nebula-ssh-${randomUUID().slice(0, FOLDER_NAME_CHARACTERS)}`);
  const args = ["-T", ...sshArguments(folder, target, hop, limitMs)];
  const child = spawnMaster(settings, target, folder, args);
  const token = newToken();
  child.stdin.write(`${token}\n`);
  const said = collectWords(child);
  let closing = false;
  let lost: string | undefined;
  let missing = false;
  const end = (): void => {
    closing = true;
    child.kill("SIGTERM");
  };
  const closed = new Promise<string>((resolve) => {
    const gone = (): void => {
      void rm(folder, { recursive: true, force: true }).then(() => {
        resolve(lost ?? "");
      });
    };
    child.once("exit", (status) => {
      missing = status === 127;
      lost ??= closing ? "closed from here" : "ssh has ended";
      // Lets the minder go, which holds the outputs open.
      child.stdin.destroy();
    });
    child.once("close", () => {
      const last = said().trim().split(/\r?\n/).at(-1) ?? "";
      if (!closing && last !== "") lost = last;
      gone();
    });
    child.once("error", (error) => {
      lost = error.message;
      gone();
    });
  });
  const master: Master = {
    closed,
    get lost() {
      return lost;
    },
    start: (command) => startClient(settings, args, ["--", target.host, command], () => lost),
    startWith: (options, words = []) =>
      startClient(settings, args, [...options, "--", target.host, ...words], () => lost),
    close: end,
  };
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  let door: AskpassDoor | undefined;
  const ready = hearsMaster(child, () => {
    door = openAskpassDoor(join(folder, DOOR_NAME), token, wish.answer, (words) => {
      wish.warn(`${hop.name}: ssh cannot ask anything: ${words}`);
    });
  });
  const result = await Promise.race<MasterResult>([
    ready.then(() => ({ kind: "ok", value: master })),
    closed.then(() => ({ kind: "ended", said: said(), missing })),
  ]);
  door?.close();
  signal.removeEventListener("abort", end);
  return result;
}

/** Resolves when it is logged in. */
function hearsMaster(child: ChildProcessWithoutNullStreams, onFolder: () => void): Promise<void> {
  return new Promise((resolve) => {
    let out = "";
    let hasFolder = false;
    child.stdout.on("data", (chunk: Buffer) => {
      if (out.length < WORDS_BYTES_MAX) out += chunk.toString();
      if (!hasFolder && out.includes(FOLDER_MADE)) {
        hasFolder = true;
        onFolder();
      }
      if (out.includes(READY)) resolve();
    });
  });
}
