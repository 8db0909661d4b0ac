// Connections by the system's ssh: certificates, Kerberos, FIDO keys, ProxyCommand; one login per host carries all commands.
import { setTimeout as sleep } from "node:timers/promises";
import type { AskpassWish } from "./askpass-door.ts";
import { onAbort, startDeadline } from "./deadline.ts";
import { runToEnd, streamOf, type SshCommand } from "./ssh-command.ts";
import type { SshHop, SshResolve } from "./ssh-config.ts";
import { failed, interrupted, refused, unreachable } from "./ssh-failures.ts";
import type {
  SshConnection,
  SshFailure,
  SshQuestions,
  SshResult,
  SshSettings,
  SshTarget,
  SshTransport,
} from "./ssh.ts";
import type { StartOnTerminal } from "./standing-shell.ts";
import { isCrowdedWord, systemSshFailure } from "./system-ssh-failures.ts";
import { SSH_TROUBLE, startMaster, type Master, type MasterResult } from "./system-ssh-master.ts";
import { SystemSshQuestions } from "./system-ssh-questions.ts";
import { startSystemShell } from "./system-ssh-shell.ts";
import { crowdedPauseMs, pause } from "./crowded.ts";

/** ssh's own ConnectTimeout shall speak first: it knows what it has waited for. */
const LAST_WORD_MS = 1_000;
/** A client may end a moment before its master does, of which both die. */
const MASTER_END_MS = 200;

export interface SystemSshParts {
  readonly questions: SshQuestions;
  readonly resolve: SshResolve;
  /** For what people should know although it goes on: a key that waits to be touched. */
  readonly warn?: (text: string) => unknown;
  readonly startOnTerminal: StartOnTerminal;
}

const NO_SSH = refused(
  "connect",
  "there is no ssh on this machine",
  'Install the OpenSSH client, or set transport="ssh2" for these hosts.',
);

const STALLED = unreachable(
  "login",
  "stalls during the login",
  "Look at the host's log: name servers, PAM or home directories that hang.",
);

/** What a client says when the master's host lets in no more sessions. */
function sessionFailure(said: string): SshFailure | undefined {
  if (!/Session open refused|session request failed/i.test(said)) return undefined;
  return refused(
    "shell",
    "the host opens no more sessions on this connection",
    "Raise MaxSessions in the host's sshd_config; 0 there forbids commands altogether.",
  );
}

function lostFailure(step: string, why: string): SshFailure {
  return unreachable(step, `connection lost: ${why}`, "Connect again.");
}

function connectionOf(master: Master): SshConnection {
  const start = (signal: AbortSignal): SshResult<(command: string) => SshCommand> => {
    if (signal.aborted) return interrupted("shell");
    if (master.lost === undefined) return { kind: "ok", value: (command) => master.start(command) };
    return failed(lostFailure("shell", master.lost));
  };
  return {
    closed: master.closed,
    close: () => {
      master.close();
    },
    async run(command, options) {
      const started = start(options.signal);
      if (started.kind === "failed") return started;
      const result = await runToEnd(started.value(command), options);
      if (result.kind === "failed" || result.value.status !== SSH_TROUBLE) return result;
      const failure = sessionFailure(Buffer.from(result.value.stderr).toString());
      if (failure !== undefined) return failed(failure);
      await Promise.race([master.closed, sleep(MASTER_END_MS)]);
      return master.lost === undefined ? result : failed(lostFailure("command", master.lost));
    },
    async open(command, signal) {
      const started = start(signal);
      return started.kind === "failed" ? started : { kind: "ok", value: streamOf(started.value(command)) };
    },
    // What the host says against them comes as the stream's last words.
    async subsystem(name, signal) {
      const started = start(signal);
      if (started.kind === "failed") return started;
      return { kind: "ok", value: streamOf(master.startWith(["-s"], [name])) };
    },
    async reach(address, port, signal) {
      const started = start(signal);
      if (started.kind === "failed") return started;
      const at = address.includes(":") ? `[${address}]` : address;
      return { kind: "ok", value: streamOf(master.startWith(["-W", `${at}:${String(port)}`])) };
    },
  };
}

interface Attempt {
  readonly settings: SshSettings;
  readonly questions: SystemSshQuestions;
  readonly warn: (text: string) => void;
  readonly target: SshTarget;
  readonly hop: SshHop;
  readonly limitMs: number;
}

async function connectOnce(
  attempt: Attempt,
  signal: AbortSignal,
): Promise<SshResult<SshConnection> & { readonly crowded?: boolean }> {
  const { hop, limitMs } = attempt;
  const deadline = startDeadline(limitMs + LAST_WORD_MS, signal);
  /** Whatever people are still asked for this login is taken back when it is over. */
  const over = new AbortController();
  const giveUp = new AbortController();
  const questions = attempt.questions.login(hop, over.signal);
  const answer = async (wish: AskpassWish): Promise<string | undefined> => {
    const text = await deadline.pauseFor(questions.answer(wish));
    if (questions.failure !== undefined) giveUp.abort();
    return text;
  };
  const unlisten = onAbort(deadline.signal, () => {
    giveUp.abort();
  });
  if (deadline.signal.aborted) giveUp.abort();
  try {
    const { settings, target, warn } = attempt;
    const wish = { target, hop, limitMs, signal: giveUp.signal, answer, warn };
    const master: MasterResult = await startMaster(settings, wish);
    if (master.kind === "ok") questions.succeeded();
    if (signal.aborted) {
      if (master.kind === "ok") {
        master.value.close();
        await master.value.closed;
      }
      return interrupted("connect");
    }
    if (master.kind === "ok") return { kind: "ok", value: connectionOf(master.value) };
    if (master.missing) return failed(NO_SSH);
    if (questions.failure !== undefined) return failed(questions.failure);
    if (deadline.expired) return failed(STALLED);
    const failure = await systemSshFailure(master.said, hop, questions);
    return { ...failed(failure), crowded: !questions.asked && isCrowdedWord(master.said, hop) };
  } finally {
    over.abort();
    unlisten();
    deadline.stop();
  }
}

/** For the way over all its hops. */
function limitOf(settings: SshSettings, hop: SshHop): number {
  const wantedMs = Math.min(settings.connectDeadlineMs, hop.connectTimeoutMs ?? Number.POSITIVE_INFINITY);
  return wantedMs * (1 + hop.proxyJump.length);
}

/** The system's `ssh`; what it asks is asked like the questions of ssh2. */
export function createSystemSshTransport(parts: SystemSshParts, settings: SshSettings): SshTransport {
  const open = new Set<SshConnection>();
  const warn = (text: string): void => void parts.warn?.(text);
  const questions = new SystemSshQuestions(parts.questions, settings, warn);
  const opened = <Result extends SshResult<SshConnection>>(result: Result): Result => {
    if (result.kind === "ok") {
      const { value } = result;
      open.add(value);
      void value.closed.then(() => open.delete(value));
    }
    return result;
  };
  return {
    async close() {
      const standing = [...open];
      for (const connection of standing) connection.close();
      await Promise.all(standing.map(({ closed }) => closed));
    },
    async shell(target, size, signal) {
      if (process.platform === "win32") {
        const reason = "a shell by the ssh of Windows is not supported";
        return failed(refused("connect", reason, 'Set transport="ssh2" for these hosts.'));
      }
      const resolved = await parts.resolve(target);
      if (resolved.kind === "failed") return resolved;
      if (signal.aborted) return interrupted("connect");
      const hop = resolved.value;
      const reached = { target, hop, limitMs: limitOf(settings, hop) };
      return startSystemShell(parts.startOnTerminal, settings, reached, size);
    },
    async connect(target, signal) {
      if (process.platform === "win32") {
        const reason = "the ssh of Windows cannot share a connection";
        return failed(refused("connect", reason, 'Set transport="ssh2" for these hosts.'));
      }
      const resolved = await parts.resolve(target);
      if (resolved.kind === "failed") return resolved;
      const hop = resolved.value;
      const limitMs = limitOf(settings, hop);
      const endsAt = performance.now() + limitMs;
      for (let attempt = 1; ; attempt += 1) {
        const leftMs = endsAt - performance.now();
        const tried = { settings, questions, warn, target, hop, limitMs: leftMs };
        const result = opened(await connectOnce(tried, signal));
        const pauseMs = crowdedPauseMs(attempt);
        if (result.kind === "ok" || result.crowded !== true || pauseMs === undefined) return result;
        if (performance.now() + pauseMs > endsAt) return result;
        await pause(pauseMs, signal);
        if (signal.aborted) return interrupted("connect");
      }
    },
  };
}
