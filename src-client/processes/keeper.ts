// Starts the keeper: a shell that waits for the client to die and then ends its processes and removes its directory.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { isAbsolute, normalize } from "node:path";
import { SWEEP_SCRIPT } from "./sweep-script.ts";
import type { SudoWay } from "./sudo-command.ts";

export interface KeeperParts {
  /** The keeper is gone although the client lives: from now on nobody cleans up after a crash. */
  readonly onLost: (reason: string) => void;
}

export interface KeeperSettings {
  /** The client's token: only processes with its marks are ended. */
  readonly token: string;
  /** The client's directory on this host. */
  readonly directory: string;
  readonly keep: boolean;
  /** Between TERM and KILL, for all processes together. */
  readonly graceMs: number;
}

export interface Keeper {
  readonly pid: number | undefined;
  setKeep(keep: boolean): void;
  /** A process runs as this user by sudo: the keeper must use sudo to find it. */
  addSudo(way: SudoWay): void;
  /** The client has cleaned up itself: the keeper goes without doing anything. */
  done(): Promise<void>;
}

/**
 * Blocked in `read` on a pipe from the client, it uses no processor time; however the client dies, the system closes
 * the pipe. Signals that end a whole session (hang-up, log-out) do not end it. Lines: done, keep, remove, sudo USER,
 * password TEXT: what sudo wants to know, which is in no argument here either.
 * It sweeps twice: a process in the middle of an exec shows no environment for a moment.
 * Arguments: token, grace in seconds, directory, keep or remove.
 */
const KEEPER_SCRIPT = `
trap '' HUP INT QUIT TERM PIPE
cd /
token=$1 grace=$2 directory=$3 keep=$4 users= password=
while IFS= read -r line || [ -n "$line" ]; do
  case $line in
    done) exit 0 ;;
    keep|remove) keep=$line ;;
    "password "*) password=\${line#password } ;;
    "sudo "*) users="$users \${line#sudo }" ;;
  esac
done
sweep
for user in $users; do
  if [ -z "$password" ]; then sudo -n -u "$user" -- /bin/sh -c "$5" sh "$token" "$grace"
  else printf '%s\\n' "$password" | sudo -k -S -p '' -u "$user" -- /bin/sh -c "$5" sh "$token" "$grace"
  fi
done
short_pause
sweep
[ "$keep" = keep ] || rm -rf -- "$directory" || { sleep 1; rm -rf -- "$directory"; }
`;

const SHELL = "/bin/sh";
/** Directories that are never removed, whatever the client was told its directory is. */
const PATH_DEPTH_MIN = 2;
/** The keeper answers "done" at once; a computer that swaps may take a moment. */
const DONE_MS = 2000;

/** What sudo runs as another user: `$1` token, `$2` grace in seconds. */
export const SWEEP_AS_USER_SCRIPT = `token=$1 grace=$2\n${SWEEP_SCRIPT}\nsweep`;

/** Windows has none: there a client that dies leaves its processes behind. */
export function createKeeper(parts: KeeperParts, settings: KeeperSettings): Keeper {
  if (process.platform === "win32") return noKeeper();
  checkDirectory(settings.directory);
  const child = startKeeper(settings);
  let isDone = false;
  const lost = (reason: string): void => {
    if (isDone) return;
    isDone = true;
    parts.onLost(reason);
  };
  child.once("error", (error) => {
    lost(error.message);
  });
  child.once("exit", (status, signal) => {
    lost(`it has ended: ${signal ?? `exit status ${String(status)}`}`);
  });
  child.stdin?.on("error", () => {
    // It is gone; its exit says so.
  });
  const tell = (line: string): void => {
    if (!isDone) child.stdin?.write(`${line}\n`);
  };
  return {
    pid: child.pid,
    setKeep: (keep) => {
      tell(keep ? "keep" : "remove");
    },
    addSudo: ({ user, password }) => {
      if (password !== undefined) tell(`password ${password}`);
      tell(`sudo ${user}`);
    },
    done: async () => {
      if (isDone) return;
      isDone = true;
      const gone = once(child, "exit", { signal: AbortSignal.timeout(DONE_MS) });
      child.stdin?.end("done\n");
      try {
        await gone;
      } catch {
        // Too slow: it has read "done" and goes when it can.
      }
    },
  };
}

/** Its own session: a signal to the client's process group does not reach it. It does not keep the client alive. */
function startKeeper({ token, graceMs, directory, keep }: KeeperSettings): ChildProcess {
  const graceSeconds = String(Math.ceil(graceMs / 1000));
  const order = [token, graceSeconds, directory, keep ? "keep" : "remove", SWEEP_AS_USER_SCRIPT];
  const child = spawn(SHELL, ["-c", `${SWEEP_SCRIPT}${KEEPER_SCRIPT}`, "plush-keeper", ...order], {
    detached: true,
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return child;
}

function checkDirectory(directory: string): void {
  const parts = normalize(directory)
    .split("/")
    .filter((part) => part !== "");
  if (!isAbsolute(directory) || parts.length < PATH_DEPTH_MIN) {
    throw new Error(
      `${directory} cannot be a client's directory: it would be removed with all that is in it`,
    );
  }
}

function noKeeper(): Keeper {
  const nothing = (): void => {
    // No keeper, nobody to tell.
  };
  return { pid: undefined, setKeep: nothing, addSudo: nothing, done: async () => undefined };
}
