// The controller's end of a simulated world: the real root core of a topology, its journal, and the way back after a
// crash.
import type { HostId } from "../base/ids.ts";
import type { LinkId, Payload } from "../overlay/overlay.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type { Rank, RootCore, RootEffect, RootEvent, RootRecord, RootSettings } from "../overlay/topology.ts";
import { VirtualProgram } from "./virtual-program.ts";
import type { ProgramWorld } from "./virtual-program.ts";

export interface ControllerWorld<Frame> extends ProgramWorld<Frame> {
  rootStepping(event: RootEvent<Frame>): void;
  /** Only of effects that were performed: a crash may come between two of them. */
  rootPerforming(effect: RootEffect<Frame>): void;
  rootStepped(event: RootEvent<Frame>): void;
  rootCrashed(): void;
}

export class VirtualController<Frame> extends VirtualProgram<Frame> {
  readonly core: RootCore<Frame>;
  readonly epoch: number;
  readonly #world: ControllerWorld<Frame>;
  readonly #journal: RootRecord[];
  #lastLink = 0;
  /** Of the next step only so many effects are performed, then it dies. */
  dieAfter: number | undefined;
  linksMade = 0;

  constructor(world: ControllerWorld<Frame>, settings: RootSettings, journal: RootRecord[]) {
    super(world, 0, ROOT_RANK);
    this.#world = world;
    this.#journal = journal;
    this.epoch = settings.epoch;
    this.core = world.topology.createRoot({ ...settings, records: [...journal] });
  }

  newLink(): LinkId {
    this.#lastLink += 2;
    return this.#lastLink;
  }

  command(targets: readonly HostId[], payload: Payload): void {
    this.node.give(0, () => this.step({ kind: "command", targets, payload }));
  }

  bulk(host: HostId, payload: Payload): void {
    this.node.give(0, () => this.step({ kind: "bulk", host, payload }));
  }

  dismiss(host: HostId): void {
    this.node.give(0, () => this.step({ kind: "dismiss", host }));
  }

  step(event: RootEvent<Frame>): void {
    if (this.node.isDead) return;
    this.#world.rootStepping(event);
    const effects = this.core.step(event, this.surroundings);
    const { dieAfter } = this;
    for (let at = 0; at < effects.length; at += 1) {
      const effect = effects[at];
      if (effect === undefined) break;
      if (dieAfter !== undefined && at >= dieAfter) return this.#die();
      this.#world.rootPerforming(effect);
      this.#perform(effect);
    }
    if (dieAfter !== undefined) return this.#die();
    this.#world.rootStepped(event);
  }

  protected stepFrame(link: LinkId, frame: Frame): void {
    this.step({ kind: "frame", link, frame });
  }

  protected stepLinkUp(link: LinkId, peer: Rank): void {
    this.linksMade += 1;
    this.step({ kind: "linkUp", link, peer });
  }

  protected stepLinkDown(link: LinkId, reason: string): void {
    this.step({ kind: "linkDown", link, reason });
  }

  protected stepTimer(name: string): void {
    this.step({ kind: "timer", name });
  }

  protected stepLag(ms: number): void {
    this.step({ kind: "lagged", ms });
  }

  #die(): void {
    this.crash();
    this.#world.rootCrashed();
  }

  #perform(effect: RootEffect<Frame>): void {
    switch (effect.kind) {
      case "close":
        return this.closeLink(effect.link, effect.reason);
      case "send":
        return this.send(effect.link, effect.frame);
      case "setTimer":
        return this.node.setTimer(effect.name, effect.delayMs);
      case "clearTimer":
        return this.node.clearTimer(effect.name);
      case "keep":
        this.#journal.push(effect.record);
        return;
      case "membership":
      case "report":
      case "deliverBulk":
      case "latest":
      case "problem":
        return;
    }
  }
}
