// All that happened in a simulated world as one number: the same seed must give the same.

/** FNV-1a, 32 bits: of no use against malice, enough to see that two runs differ. */
export class TraceHash {
  #hash = 0x811c9dc5;

  note(happened: string): void {
    for (let place = 0; place < happened.length; place += 1) {
      this.#hash = Math.imul(this.#hash ^ happened.charCodeAt(place), 0x01000193);
    }
  }

  /** The same for numbers, without the detour over text. */
  mix(one: number, other: number): void {
    this.#hash = Math.imul(Math.imul(this.#hash ^ one, 0x01000193) ^ other, 0x01000193);
  }

  get value(): number {
    return this.#hash >>> 0;
  }
}
