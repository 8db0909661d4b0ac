// Runs the real `plush` in a folder of its own, and tells what a run has left behind: processes, host directories, files.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { holdsWithin, processesOf } from "./process-list.ts";

const PLUSH = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dist", "plush.mjs");
/** Far above what any case takes on a busy machine; a command that reaches it hangs. */
const COMMAND_MS_MAX = 45_000;
/** The keeper that watches over a client ends by itself when the client is gone. */
const EXIT_MS_MAX = 5000;

export interface Ended {
  /** The signal's name when it was killed. */
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
    for (const name of ["work", "state", "config", "cache", "runtime", "tmp"])
      mkdirSync(join(this.root, name));
    this.begin();
  }

  /** In the folder that commands are run in. */
  write(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.work, name), content);
    this.begin();
  }

  /** What is there now has not been left behind. */
  begin(): void {
    this.#before = new Set(this.#files());
  }

  async plush(words: readonly string[], options: CommandOptions = {}): Promise<Ended> {
    const [program = process.execPath, ...before] = [...(options.through ?? []), process.execPath];
    const child = spawn(program, [...before, PLUSH, ...words], {
      cwd: this.work,
      env: { ...this.environment, ...options.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => undefined); // it may end without having read everything
    child.stdin.end(options.input ?? "");
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
    await holdsWithin(EXIT_MS_MAX, () => processesOf(this.root).length === 0);
    const processes = processesOf(this.root).map(
      ({ pid, commandLine }) => `process ${pid}: ${commandLine.slice(0, 200)}`,
    );
    return [...processes, ...this.#files().filter((file) => !this.#before.has(file))];
  }

  /** Names of the runs that have results in the usual place. */
  runs(): string[] {
    const folder = join(this.state, "nebula", "runs");
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  get environment(): Record<string, string> {
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
}
