// A component that can have fewer hosts than it needs: ends the run, but not before the other hosts could say what is wrong
// with them, so that a person corrects forty hosts at once and not one after the other. Pure.
import { foldNames } from "#shared/node-set/node-set.ts";
import { placesOf, type Roster } from "./roster.ts";
import type { ComponentState, Member } from "./run-member.ts";
import type { RunOutput } from "./run-output.ts";
import type { RunPlan } from "./run-plan.ts";
import type { FatalTrouble } from "./verdict.ts";

/** Hosts that fail for the same reason fail within moments of each other; a silent one is not waited for. */
const CONTACTS_MS = 3000;
export const SHORTAGE_TIMER = "shortage";

export interface ShortageWords {
  readonly message: string;
  readonly remedy: string;
  readonly verdict: FatalTrouble;
}

export interface ShortageParts {
  readonly plan: RunPlan;
  readonly roster: Roster;
  readonly out: RunOutput;
}

export class RunShortage {
  readonly #parts: ShortageParts;
  #component: ComponentState | undefined;
  #timeIsUp = false;

  constructor(parts: ShortageParts) {
    this.#parts = parts;
  }

  /** After a host has gone without replacement. */
  lookAt(component: ComponentState): void {
    if (component.members.length >= this.#neededOf(component) || this.#component !== undefined) return;
    this.#component = component;
    // A command runs on each host by itself: those that have it already are not kept waiting for.
    if (!this.#parts.plan.startTogether || !this.#someAreSilent) this.#timeIsUp = true;
    else this.#parts.out.setTimer(SHORTAGE_TIMER, CONTACTS_MS);
  }

  /** There is one: nothing that is not running yet is to start. */
  get found(): boolean {
    return this.#component !== undefined;
  }

  timeIsUp(): void {
    this.#timeIsUp = true;
  }

  /** What ends the run, as soon as it may. */
  judge(): ShortageWords | undefined {
    const component = this.#component;
    if (component === undefined) return undefined;
    if (this.#someAreSilent && !this.#timeIsUp) return undefined;
    const { roster } = this.#parts;
    const { name, resources } = component.plan;
    const needed = this.#neededOf(component);
    const hosts = needed === 1 ? "1 host" : `${String(needed)} hosts`;
    const left = component.members.length;
    const has = left === 0 ? "none is left" : `has ${String(left)} left`;
    const short = `component '${name}' needs ${hosts} and ${has}`;
    const contacted = this.#namesOf((member) => member.phase === "connecting");
    const orphaned = this.#namesOf((member) => member.orphaned);
    const why = [
      roster.lackOf(component),
      contacted === "" ? "" : `${contacted} had not answered yet`,
      orphaned === "" ? "" : `${orphaned} cannot be reached any more`,
    ];
    const reasons = why.filter((words) => words !== "").join("; ");
    return {
      message: reasons === "" ? short : `${short}: ${reasons}`,
      remedy: `Correct what failed above, or list more hosts ${placesOf(resources)}.`,
      verdict: {
        reason: left === 0 ? `no host is left for component '${name}'` : short,
        isComplete: true,
      },
    };
  }

  /** A command may come down to no host at all; a component of an application may not. */
  #neededOf({ plan: { hostsMin } }: ComponentState): number {
    return this.#parts.plan.startTogether ? Math.max(1, hostsMin) : hostsMin;
  }

  /** Nothing was heard yet of them, or is heard no more: what took one host away has often taken them, too. */
  get #someAreSilent(): boolean {
    return this.#parts.roster.members.some(({ phase, orphaned }) => phase === "connecting" || orphaned);
  }

  #namesOf(which: (member: Member) => boolean): string {
    return foldNames(this.#parts.roster.members.filter(which).map(({ host }) => host));
  }
}
