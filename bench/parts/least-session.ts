// Drives least-part.ts: its clients are started, asked again, and let go.
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

const PATIENCE_MS = 120_000;
const ANSWER = /^([\d.]+): \S/u;

export class LeastSession {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #onHost: (host: string) => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    child.stderr?.pipe(process.stderr);
    if (child.stdout === null) throw new Error("its answers are to be read");
    createInterface({ input: child.stdout }).on("line", (line) => {
      const host = ANSWER.exec(line)?.[1];
      if (host !== undefined) this.#onHost(host);
    });
  }

  /** Who has answered when all have, or when there is no more hope. */
  answers(hosts: number): Promise<ReadonlySet<string>> {
    const answered = new Set<string>();
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(answered), PATIENCE_MS);
      this.#onHost = (host) => {
        answered.add(host);
        if (answered.size < hosts) return;
        clearTimeout(timer);
        resolve(answered);
      };
    });
  }

  again(hosts: number): Promise<ReadonlySet<string>> {
    const answers = this.answers(hosts);
    this.#child.stdin?.write("again\n");
    return answers;
  }

  async quit(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}
