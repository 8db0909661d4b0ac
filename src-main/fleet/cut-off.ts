// Tells a controller that is cut off from its network from hosts that are gone: then it is not the hosts that are lost.

/** So often it is looked at whether somebody is back. */
const LOOK_MS = 1000;
/** Where this computer still has a network, one host that is away may well be down; several at once are not. */
const HOSTS_MIN = 2;

export interface CutOffParts {
  /** Nobody is given up for that much longer. */
  readonly hold: (ms: number) => void;
  /** An address other than that of this computer itself. */
  readonly hasNetwork: () => boolean;
  /** Calls again and again, until what it returns is called. */
  readonly every: (ms: number, look: () => void) => () => void;
  readonly log: (text: string) => void;
}

/** Hosts on other computers, as they stand now. */
export interface Standing {
  readonly attached: number;
  /** Their links are gone. */
  readonly away: number;
  /** Of those: they answer by SSH, so that the network is not to blame. */
  readonly answering: number;
}

export class CutOff {
  readonly #parts: CutOffParts;
  readonly #standing: () => Standing;
  readonly #hadNetwork: boolean;
  #stop: (() => void) | undefined;
  #heldMs = 0;
  #heldMsMax = 0;

  constructor(parts: CutOffParts, standing: () => Standing) {
    this.#parts = parts;
    this.#standing = standing;
    this.#hadNetwork = parts.hasNetwork();
  }

  /** Something has changed. `patienceMs`: the clients wait no longer for their controller, either. */
  look(patienceMs: number): void {
    if (!this.#isCutOff()) return this.#over();
    this.#heldMsMax = patienceMs;
    if (this.#stop !== undefined) return;
    this.#heldMs = 0;
    const seconds = String(Math.round(patienceMs / 1000));
    this.#parts.log(
      `no host is reached: this computer seems to be cut off; they are waited for, up to ${seconds} s`,
    );
    this.#stop = this.#parts.every(LOOK_MS, () => this.#hold());
  }

  #hold(): void {
    if (!this.#isCutOff() || this.#heldMs >= this.#heldMsMax) return this.#over();
    this.#heldMs += LOOK_MS;
    this.#parts.hold(LOOK_MS);
  }

  #over(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #isCutOff(): boolean {
    const { attached, away, answering } = this.#standing();
    if (attached > 0 || answering > 0 || away === 0) return false;
    return away >= HOSTS_MIN || (this.#hadNetwork && !this.#parts.hasNetwork());
  }
}
