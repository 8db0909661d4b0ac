// Writes commands in their order as frames for one link: whole ones one by one, of others the headers, many in a frame.
import type { LoggedCommand } from "./command-log.ts";
import type { RankSet } from "./rank-set.ts";
import type { TreeFrame } from "./tree-frames.ts";

export class CommandSender {
  readonly #send: (frame: TreeFrame) => void;
  readonly #headersMax: number;
  #from = 0;
  #targets: RankSet[] = [];

  constructor(send: (frame: TreeFrame) => void, headersMax: number) {
    this.#send = send;
    this.#headersMax = headersMax;
  }

  /** Headers that were not sent yet: they may get company. */
  get held(): number {
    return this.#targets.length;
  }

  /** The next number; `whole`: with its body, which has to be there. */
  add({ sequence, targets, body }: LoggedCommand, whole: boolean): void {
    if (whole && body !== undefined) {
      this.flush();
      this.#send({ t: "command", sequence, targets, ...body });
      return;
    }
    if (this.held === 0) this.#from = sequence;
    this.#targets.push(targets);
    if (this.held >= this.#headersMax) this.flush();
  }

  flush(): void {
    if (this.held === 0) return;
    this.#send({ t: "headers", from: this.#from, targets: this.#targets });
    this.#targets = [];
  }
}
