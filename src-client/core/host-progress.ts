// Whether a host is done with a run: what is still to come, counted as its blocks end or can start no more. Pure.
import { isService, type BlockRecord } from "./block-record.ts";

/**
 * A host has ended when no block that is not a service can go on; a host of services only ends when one of them has
 * failed for good, or when all have ended by themselves.
 */
export class HostProgress {
  readonly #hasWork: boolean;
  #workLeft = 0;
  #servicesLeft = 0;
  readonly #failed: string[] = [];
  #serviceFailed = false;

  constructor(blocks: readonly BlockRecord[]) {
    for (const block of blocks) {
      if (isService(block)) this.#servicesLeft += 1;
      else this.#workLeft += 1;
    }
    this.#hasWork = this.#workLeft > 0;
  }

  /** It has ended, or it can never start; to be told once for each block. */
  over(block: BlockRecord): void {
    const service = isService(block);
    if (service) this.#servicesLeft -= 1;
    else this.#workLeft -= 1;
    if (block.outcome !== "failed") return;
    this.#failed.push(block.plan.name);
    if (service) this.#serviceFailed = true;
  }

  get hasEnded(): boolean {
    if (this.#hasWork) return this.#workLeft === 0;
    return this.#serviceFailed || this.#servicesLeft === 0;
  }

  /** Names of the blocks that failed. */
  get failed(): readonly string[] {
    return this.#failed;
  }
}
