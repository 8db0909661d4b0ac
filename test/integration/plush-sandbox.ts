// Runs the real `plush` in a folder of its own, and tells what a run has left behind: processes, host directories, files.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const PLUSH = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dist", "plush.mjs");
/** Far above what any case takes on a busy machine; a command that reaches it hangs. */
const COMMAND_MS_MAX = 45_000;
/** Half of the ends of a client's processes are seen by the kernel a little later than by its parent. */
const EXIT_POLL_MS = 25;
const EXIT_POLLS_MAX = 80;
/** A directory that a signal's handler may still write to is removed at the second try. */
const REMOVE_RETRIES = 5;

export interface Ended {
  /** 128 + number for a signal, as shells say it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** A program and its words that start node: setpriv, for example. */
  readonly through?: readonly string[];
}

export class PlushSandbox {
  readonly root = mkdtempSync(join(tmpdir(), "nebula-sandbox-"));
  readonly work = join(this.root, "work");
  readonly state = join(this.root, "state");
  #before: ReadonlySet<string> = new Set();

  constructor() {
    for (const name of ["work", "state", "config", "cache", "runtime", "tmp"]) mkdirSync(join(this.root, name));
    this.begin();
  }

  /** In the folder that commands are run in. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    await writeFile(join(this.work, name), content);
    this.begin();
    return name;
  }

  /** What is there now has not been left behind. */
  begin(): void {
    this.#before = new Set(this.#files());
  }

  async plush(words: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    const [program = process.execPath, ...before] = [...(options.through ?? []), process.execPath];
    const child = spawn(program, [...before, PLUSH, ...words], {
      cwd: this.work,
      env: { ...this.#environment(), ...options.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    // A command that refuses its words never reads its input.
    child.stdin.on("error", () => undefined).end(options.input ?? "");
    const timer = setTimeout(() => child.kill("SIGKILL"), COMMAND_MS_MAX);
    const code = await new Promise<number | string>((done, fail) => {
      child.once("error", fail);
      child.once("close", (status, signal) => {
        done(status ?? signal ?? "");
      });
    });
    clearTimeout(timer);
    return { code, stdout, stderr };
  }

  /** Processes, and files other than the controller's log and the results of runs. */
  async leftovers(): Promise<string[]> {
    return [...(await this.#processes()), ...this.#files().filter((file) => !this.#before.has(file))];
  }

  /** Names of the runs that have results in the usual place. */
  runs(): string[] {
    const folder = join(this.state, "nebula", "runs");
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: REMOVE_RETRIES });
  }

  #environment(): Record<string, string> {
    const at = (name: string): string => join(this.root, name);
    return {
      PATH: process.env["PATH"] ?? "",
      HOME: this.root,
      TMPDIR: at("tmp"),
      LC_ALL: "C.UTF-8",
      XDG_STATE_HOME: this.state,
      XDG_CONFIG_HOME: at("config"),
      XDG_CACHE_HOME: at("cache"),
      XDG_RUNTIME_DIR: at("runtime"),
    };
  }

  #files(): string[] {
    const files = readdirSync(this.root, { recursive: true, withFileTypes: true }).map((entry) =>
      relative(this.root, join(entry.parentPath, entry.name)),
    );
    return files.filter((file) => !/^state\/nebula(?:$|\/(?:logs|runs)(?:$|\/))/.test(file));
  }

  async #processes(): Promise<string[]> {
    for (let poll = 0; ; poll += 1) {
      const found = processesBelow(this.root);
      if (found.length === 0 || poll === EXIT_POLLS_MAX) return found;
      await new Promise((done) => setTimeout(done, EXIT_POLL_MS));
    }
  }
}

/** Their words, environment or working directory name the folder. */
function processesBelow(folder: string): string[] {
  if (!existsSync("/proc/self/environ")) {
    const all = execFileSync("ps", ["-axwwE", "-o", "pid=,command="], { encoding: "utf8" }).split("\n");
    return all.filter((line) => line.includes(folder));
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const words = readProc(pid, "cmdline").replaceAll("\0", " ");
      const place = readProc(pid, "environ") + readLink(pid, "cwd");
      return `${words}${place}`.includes(folder) ? [`process ${pid}: ${words}`] : [];
    });
}

function readProc(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}

function readLink(pid: string, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    // It has ended meanwhile, or is none of ours.
    return "";
  }
}
