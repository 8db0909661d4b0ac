// Starts a controller's end of the overlay in a process of its own, and hears what it says.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  reportsFile,
  type ControllerOrder,
  type ControllerWord,
  type WrittenReport,
} from "./controller-part.ts";
import { Log } from "./overlay-fixture.ts";

export class ControllerProcess {
  readonly words = new Log<ControllerWord>();
  readonly #child: ChildProcess;

  constructor(folder: string) {
    const part = join(import.meta.dirname, "controller-part.ts");
    const execArgv = ["--import", "tsx"];
    this.#child = fork(part, [folder], { execArgv, serialization: "advanced", cwd: process.cwd() });
    this.#child.on("message", (word: ControllerWord) => this.words.push(word));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Of how many clients the journal knows reports as handed on. */
  get ranksKept(): number {
    const isCount = (word: ControllerWord): boolean => word.kind === "kept" && word.record === "reports";
    const ranks = this.words.entries.filter(isCount).map((word) => ("rank" in word ? word.rank : undefined));
    return new Set(ranks).size;
  }

  order(order: ControllerOrder): void {
    this.#child.send(order);
  }

  async word<Kind extends ControllerWord["kind"]>(
    kind: Kind,
    isRight: (word: Extract<ControllerWord, { kind: Kind }>) => boolean = () => true,
  ): Promise<Extract<ControllerWord, { kind: Kind }>> {
    const isWanted = (word: ControllerWord): word is Extract<ControllerWord, { kind: Kind }> =>
      word.kind === kind && isRight(word as Extract<ControllerWord, { kind: Kind }>);
    return (await this.words.until(isWanted)) as Extract<ControllerWord, { kind: Kind }>;
  }

  /** When so many like this were said. */
  async times(count: number, isRight: (word: ControllerWord) => boolean): Promise<void> {
    await this.words.until(() => this.words.entries.filter(isRight).length >= count);
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end(() => this.#child.kill("SIGKILL"));
  }

  async close(): Promise<void> {
    await this.#end(() => this.#child.disconnect());
  }

  async #end(how: () => void): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    how();
    await exit;
  }
}

/** What the root of that epoch has handed on, in order. */
export function reportsOf(folder: string, epoch: number): WrittenReport[] {
  const path = reportsFile(folder, epoch);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as WrittenReport);
}
