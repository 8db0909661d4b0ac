// What a step of a tree's core has asked for so far, in order: the effects that members and the root have in common.
import type { TimerEffect } from "./deadlines.ts";
import type { LinkId, Surroundings } from "./overlay.ts";
import type { NodeEffect } from "./topology.ts";
import type { TreeFrame } from "./tree-frames.ts";

export abstract class EffectList<Own> {
  protected effects: (Own | NodeEffect<TreeFrame>)[] = [];
  now = 0;
  #random: () => number = () => 0;

  readonly random = (): number => this.#random();

  protected begin({ now, random }: Surroundings): void {
    this.effects = [];
    this.now = now;
    this.#random = random;
  }

  send(link: LinkId, frame: TreeFrame): void {
    this.effects.push({ kind: "send", link, frame });
  }

  close(link: LinkId, reason: string): void {
    this.effects.push({ kind: "close", link, reason });
  }

  timer(effect: TimerEffect): void {
    this.effects.push(effect);
  }
}
