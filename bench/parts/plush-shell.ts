// Drives the real `plush` as a person at its shell does: commands on standard input, answers on standard output.
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { parseNodeSet } from "../../src-shared/node-set/node-set.ts";

const PATIENCE_MS = 120_000;
/** `host: line` while a run goes on. */
const ANSWER = /^(\S+): \S/u;
/** The head of identical answers: a node set, and how many hosts it has. */
const GROUP = /^(\S+) \((\d+)\)$/u;
/** The last line of a run, however it ended. */
const RUN_OVER = /^(?:finished|failed|aborted|stopped) after /u;

export class PlushShell {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #onLine: (line: string) => void = () => undefined;
  #last: string[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.#last = [...this.#last.slice(-20), line];
        this.#onLine(line);
      });
    }
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Runs what is loaded. `onAnswered` is called when the last host has answered, before the run's end. */
  run(hosts: number, onAnswered: () => void): Promise<ReadonlySet<string>> {
    this.say("run");
    return this.#collect((line, answered) => {
      const host = ANSWER.exec(line)?.[1];
      if (host !== undefined && /^[\d.]+$/u.test(host)) answered.add(host);
      if (answered.size === hosts) onAnswered();
      return RUN_OVER.test(line);
    });
  }

  /** One command on all hosts that stand. */
  command(text: string, hosts: number): Promise<ReadonlySet<string>> {
    this.say(`shell ${text}`);
    let isHead = false;
    return this.#collect((line, answered) => {
      const group = GROUP.exec(line);
      if (group !== null) for (const host of namesOf(group[1] ?? "")) answered.add(host);
      isHead = group !== null || (isHead && line.startsWith("---"));
      // The answer itself stands below the head of its group.
      return answered.size === hosts && !isHead;
    });
  }

  async quit(): Promise<void> {
    this.#child.stdin?.end("quit\n");
    await this.#ended;
  }

  #collect(take: (line: string, answered: Set<string>) => boolean): Promise<ReadonlySet<string>> {
    const answered = new Set<string>();
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#onLine = () => undefined;
        resolve(answered);
      };
      const timer = setTimeout(() => {
        console.error(`plush has not answered; its last lines:\n${this.#last.join("\n")}`);
        over();
      }, PATIENCE_MS);
      void this.#ended.then(over);
      this.#onLine = (line) => {
        if (take(line, answered)) over();
      };
    });
  }
}

function namesOf(set: string): readonly string[] {
  const parsed = parseNodeSet(set);
  return parsed.kind === "error" ? [] : parsed.set.names();
}
