// Starts the measured controller, and tells what it says.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ServeOrder, ServeWish, ServeWord } from "./serve-part.ts";

/** Far above what anything here takes: whoever reaches it hangs. */
const PATIENCE_MS = 120_000;

export class ServedController {
  readonly #child: ChildProcess;

  constructor(wish: ServeWish) {
    const part = join(import.meta.dirname, "serve-part.ts");
    this.#child = fork(part, [JSON.stringify(wish)], { execArgv: ["--import", "tsx"] });
  }

  word<Kind extends ServeWord["kind"]>(kind: Kind): Promise<Extract<ServeWord, { kind: Kind }>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the controller did not say "${kind}"`)), PATIENCE_MS);
      const listener = (word: ServeWord): void => {
        if (word.kind !== kind) return;
        clearTimeout(timer);
        this.#child.off("message", listener);
        resolve(word as Extract<ServeWord, { kind: Kind }>);
      };
      this.#child.on("message", listener);
    });
  }

  order(order: ServeOrder): void {
    this.#child.send(order);
  }

  async lag(): Promise<Extract<ServeWord, { kind: "lag" }>> {
    const word = this.word("lag");
    this.order({ kind: "lag" });
    return word;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.order({ kind: "close" });
    await exit;
  }
}
