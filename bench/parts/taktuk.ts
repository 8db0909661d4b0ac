// TakTuk with its tree kept up: commands on its standard input, `host: line` on its standard output.
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

const PATIENCE_MS = 180_000;

export class TakTuk {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #onLine: (line: string) => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    child.stderr?.resume();
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on("line", (line) => this.#onLine(line));
  }

  /** Work stealing, its own choice; a name without a template leaves that output out. */
  static commandLine(sshConfig: string, hostsFile: string): readonly string[] {
    return [
      "taktuk",
      "-s",
      "-c",
      `ssh -F ${sshConfig}`,
      "-d",
      "0",
      "-o",
      'output="$host: $line\\n"',
      "-o",
      "status",
      "-o",
      "connector",
      "-o",
      "state",
      "-f",
      hostsFile,
    ];
  }

  /** Waits for the deployment, where that is still under way. */
  command(text: string, names: readonly string[]): Promise<ReadonlySet<string>> {
    const answered = new Set<string>();
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#onLine = () => undefined;
        resolve(answered);
      };
      const timer = setTimeout(over, PATIENCE_MS);
      void this.#ended.then(over);
      this.#onLine = (line) => {
        const host = /^(\S+?): \S/u.exec(line)?.[1];
        if (host !== undefined) answered.add(host);
        if (answered.size === names.length) over();
      };
      this.#child.stdin?.write(`synchronize broadcast exec [ ${text} ]\n`);
    });
  }

  async quit(): Promise<void> {
    this.#child.stdin?.end("quit\n");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await this.#ended;
    clearTimeout(timer);
  }
}
