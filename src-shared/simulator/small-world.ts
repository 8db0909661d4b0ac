// The smallest worlds, of a root and a few members, in which nothing happens by itself: whoever holds one chooses what
// comes next (which frame arrives, whether a timer fires, what breaks), and can tell two of its states apart.
import { FIRST_CHAIN } from "../overlay/command-order.ts";
import { hostIdOf } from "../base/ids.ts";
import { OVERLAY_LIMITS, OVERLAY_TIMES } from "../overlay/overlay.ts";
import type { LinkId } from "../overlay/overlay.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type {
  Candidate,
  MemberCore,
  MemberEffect,
  MemberEvent,
  Rank,
  RootCore,
  RootEffect,
  RootEvent,
  Topology,
} from "../overlay/topology.ts";
import { demand } from "./broken-promise.ts";
import { createMemberSeals, createRootSeals } from "./simulated-seals.ts";

const PROTOCOL = 1;
const SESSION = 1;

interface Actor<Frame> {
  readonly rank: Rank;
  readonly member: MemberCore<Frame> | undefined;
  readonly timers: Map<string, number>;
  readonly links: Map<LinkId, Wire<Frame>>;
  alive: boolean;
  lastLink: number;
  /** Of all that it was told: cores are functions of it. */
  history: number;
  delivered: number;
  /** Numbers of the commands for it. */
  readonly expected: number[];
}

interface Wire<Frame> {
  readonly ends: readonly [End, End];
  /** On its way to each end; undefined: the other end has closed. */
  readonly ways: readonly [
    { readonly frame: Frame | undefined; readonly mark: number }[],
    { readonly frame: Frame | undefined; readonly mark: number }[],
  ];
}

interface End {
  readonly rank: Rank;
  readonly link: LinkId;
  open: boolean;
}

export type Choice =
  | { readonly kind: "arrive"; readonly wire: number; readonly to: 0 | 1 }
  | { readonly kind: "dialled"; readonly dial: number }
  | { readonly kind: "timer"; readonly rank: Rank; readonly name: string }
  | { readonly kind: "command" }
  /** Faults. */
  | { readonly kind: "crash"; readonly rank: Rank }
  | { readonly kind: "break"; readonly wire: number; readonly side: 0 | 1 };

export const isFault = ({ kind }: Choice): boolean => kind === "crash" || kind === "break";

export class SmallWorld<Frame> {
  readonly #root: RootCore<Frame>;
  readonly #actors: Actor<Frame>[] = [];
  readonly #wires: Wire<Frame>[] = [];
  readonly #dials: { readonly rank: Rank; readonly link: LinkId; readonly to: Candidate; done: boolean }[] =
    [];
  readonly #degree: number;
  #clock = 0;
  commands = 0;

  constructor(topology: Topology<Frame>, members: number, degree: number) {
    this.#degree = degree;
    const shared = { protocol: PROTOCOL, degree, times: OVERLAY_TIMES, limits: OVERLAY_LIMITS };
    const rootSeals = createRootSeals(SESSION);
    this.#root = topology.createRoot({ ...shared, epoch: 1, seals: rootSeals, records: [] });
    this.#actors.push(newActor<Frame>(ROOT_RANK, undefined));
    const candidates = [{ rank: ROOT_RANK, address: "" }];
    for (let rank = 1; rank <= members; rank += 1) {
      const seals = createMemberSeals(SESSION, rank);
      const startChain = FIRST_CHAIN;
      const own = { rank, start: 0, startChain, candidates, controllerAbsenceMs: 1e9, lastReport: 0, seals };
      this.#actors.push(newActor(rank, topology.createMember({ ...shared, ...own })));
      this.#tellRoot({ kind: "invite", host: hostIdOf(`node${rank}`), incarnation: 1, rank });
    }
    for (let rank = 1; rank <= members; rank += 1) {
      this.#tell(rank, { kind: "listening", address: `node${rank}` });
      this.#tell(rank, { kind: "start" });
    }
  }

  get isWhole(): boolean {
    return this.#actors.every(({ member, alive }) => member === undefined || !alive || member.attached);
  }

  /** Two worlds with the same key have the same future. */
  get key(): string {
    const ways = this.#wires.map(({ ends, ways: [one, other] }) => {
      const marks = (way: readonly { readonly mark: number }[]): string =>
        way.map(({ mark }) => mark).join(".");
      return `${ends[0].open ? 1 : 0}${ends[1].open ? 1 : 0}${marks(one)}/${marks(other)}`;
    });
    const actors = this.#actors.map(({ history, alive }) => `${history}${alive ? "" : "x"}`);
    const dials = this.#dials.filter(({ done }) => !done).map(({ rank, link }) => `${rank}:${link}`);
    return [...actors, ...dials, ...ways].join(" ");
  }

  /** Everything that may come next. Timers fire in the order of their time; frames may take as long as they like. */
  choices(withFaults: boolean): Choice[] {
    const choices: Choice[] = [];
    this.#wires.forEach((wire, at) => {
      for (const to of [0, 1] as const) {
        const end = wire.ends[to];
        const isThere = this.#actors[end.rank]?.alive === true && end.open;
        if (isThere && wire.ways[to].length > 0) choices.push({ kind: "arrive", wire: at, to });
      }
    });
    this.#dials.forEach(({ rank, done }, dial) => {
      if (!done && this.#actors[rank]?.alive === true) choices.push({ kind: "dialled", dial });
    });
    const timer = this.#nextTimer();
    if (timer !== undefined) choices.push(timer);
    if (!withFaults) return choices;
    for (const { rank, alive } of this.#actors)
      if (alive && rank !== ROOT_RANK) choices.push({ kind: "crash", rank });
    this.#wires.forEach(({ ends }, wire) => {
      if (!ends[0].open || !ends[1].open) return;
      choices.push({ kind: "break", wire, side: 0 }, { kind: "break", wire, side: 1 });
    });
    return choices;
  }

  #nextTimer(): Choice | undefined {
    let next: { readonly at: number; readonly choice: Choice } | undefined;
    for (const { rank, timers, alive } of this.#actors) {
      if (!alive) continue;
      for (const [name, at] of timers)
        if (next === undefined || at < next.at) next = { at, choice: { kind: "timer", rank, name } };
    }
    return next?.choice;
  }

  take(choice: Choice): void {
    switch (choice.kind) {
      case "arrive":
        this.#arrive(choice.wire, choice.to);
        break;
      case "dialled":
        this.#dialled(choice.dial);
        break;
      case "timer": {
        const actor = this.#actors[choice.rank];
        this.#clock = Math.max(this.#clock, actor?.timers.get(choice.name) ?? 0);
        actor?.timers.delete(choice.name);
        this.#tellAny(choice.rank, { kind: "timer", name: choice.name });
        break;
      }
      case "command":
        this.command();
        break;
      case "crash":
        this.#crash(choice.rank);
        break;
      case "break":
        this.#break(choice.wire, choice.side);
        break;
    }
    this.#demandSound();
  }

  /** For all members and for one of them in turn, so that those above it have its body and others do not. */
  command(): void {
    this.commands += 1;
    const members = this.#actors.slice(1);
    const one = members.length - (this.commands % members.length);
    const meant = members.filter(({ rank }) => this.commands % 2 === 0 || rank === one);
    for (const { expected } of meant) expected.push(this.commands);
    const targets = meant.map(({ rank }) => hostIdOf(`node${rank}`));
    this.#tellRoot({ kind: "command", targets, payload: new Uint8Array([this.commands]) });
  }

  #arrive(at: number, to: 0 | 1): void {
    const wire = this.#wires[at];
    const next = wire?.ways[to].shift();
    if (wire === undefined || next === undefined) return;
    const { rank, link } = wire.ends[to];
    if (next.frame === undefined) {
      wire.ends[to].open = false;
      this.#actors[rank]?.links.delete(link);
      return this.#tellAny(rank, { kind: "linkDown", link, reason: "closed" }, next.mark);
    }
    this.#tellAny(rank, { kind: "frame", link, frame: next.frame }, next.mark);
  }

  #dialled(at: number): void {
    const dial = this.#dials[at];
    if (dial === undefined) return;
    dial.done = true;
    const { rank, link, to } = dial;
    const there = this.#actors[to.rank];
    if (there?.alive !== true) return this.#tellAny(rank, { kind: "linkDown", link, reason: "refused" });
    there.lastLink += 2;
    const wire: Wire<Frame> = {
      ends: [
        { rank, link, open: true },
        { rank: to.rank, link: there.lastLink, open: true },
      ],
      ways: [[], []],
    };
    this.#wires.push(wire);
    this.#actors[rank]?.links.set(link, wire);
    there.links.set(there.lastLink, wire);
    const { lastLink } = there;
    if (to.rank === ROOT_RANK) this.#tellRoot({ kind: "linkUp", link: lastLink, peer: rank });
    else this.#tell(to.rank, { kind: "linkUp", link: lastLink, peer: rank, dialled: false });
    this.#tell(rank, { kind: "linkUp", link, peer: to.rank, dialled: true });
  }

  #crash(rank: Rank): void {
    const actor = this.#actors[rank];
    if (actor === undefined) return;
    actor.alive = false;
    for (const link of [...actor.links.keys()]) this.#close(actor, link);
  }

  /** Only this side hears of it, and nothing passes any more. */
  #break(at: number, side: 0 | 1): void {
    const wire = this.#wires[at];
    if (wire === undefined) return;
    wire.ways[0].length = 0;
    wire.ways[1].length = 0;
    const { rank, link } = wire.ends[side];
    wire.ends[side].open = false;
    this.#actors[rank]?.links.delete(link);
    this.#tellAny(rank, { kind: "linkDown", link, reason: "broken" });
  }

  #close(actor: Actor<Frame>, link: LinkId): void {
    const dial = this.#dials.find((known) => known.rank === actor.rank && known.link === link);
    if (dial !== undefined) dial.done = true;
    const wire = actor.links.get(link);
    if (wire === undefined) return;
    actor.links.delete(link);
    const side = sideOf(wire, actor.rank, link);
    wire.ends[side].open = false;
    const other = side === 0 ? 1 : 0;
    if (wire.ends[other].open) wire.ways[other].push({ frame: undefined, mark: actor.history });
  }

  #tellAny(rank: Rank, event: MemberEvent<Frame> & RootEvent<Frame>, mark = 0): void {
    if (rank === ROOT_RANK) this.#tellRoot(event, mark);
    else this.#tell(rank, event, mark);
  }

  #tellRoot(event: RootEvent<Frame>, mark = 0): void {
    const [root] = this.#actors;
    if (root === undefined) return;
    this.#note(root, event, mark);
    const effects = this.#root.step(event, { now: this.#clock, random: half });
    for (const effect of effects) this.#perform(root, effect);
  }

  #tell(rank: Rank, event: MemberEvent<Frame>, mark = 0): void {
    const actor = this.#actors[rank];
    if (actor?.member === undefined || !actor.alive) return;
    this.#note(actor, event, mark);
    const effects = actor.member.step(event, { now: this.#clock, random: half });
    for (const effect of effects) this.#perform(actor, effect);
  }

  #note(
    actor: Actor<Frame>,
    event: { readonly kind: string; readonly link?: LinkId; readonly name?: string },
    mark: number,
  ): void {
    let { history } = actor;
    for (const number of [event.kind.length, event.kind.charCodeAt(0), event.link ?? 0, mark, this.#clock])
      history = Math.imul(history ^ number, 0x01000193) ^ (history >>> 13);
    for (const letter of event.name ?? "") history = Math.imul(history ^ letter.charCodeAt(0), 0x01000193);
    actor.history = history;
  }

  #perform(actor: Actor<Frame>, effect: MemberEffect<Frame> | RootEffect<Frame>): void {
    switch (effect.kind) {
      case "dial":
        this.#dials.push({ rank: actor.rank, link: effect.link, to: effect.to, done: false });
        return;
      case "close":
        return this.#close(actor, effect.link);
      case "send":
        return this.#send(actor, effect.link, effect.frame);
      case "setTimer":
        actor.timers.set(effect.name, this.#clock + effect.delayMs);
        return;
      case "clearTimer":
        actor.timers.delete(effect.name);
        return;
      case "deliver":
        demand(
          effect.sequence === actor.expected[actor.delivered],
          `rank ${actor.rank}: command ${effect.sequence} as its ${actor.delivered + 1}th`,
        );
        actor.delivered += 1;
        return;
      case "distrusted":
        return demand(false, `rank ${actor.rank} takes somebody for a liar: ${effect.reason}`);
      case "abandoned":
      case "left":
        return demand(false, `rank ${actor.rank}: ${effect.kind}, and the controller wanted it`);
      case "sendReports":
      case "forgetReports":
      case "deliverBulk":
      case "attached":
      case "orphaned":
      case "problem":
      case "membership":
      case "report":
      case "latest":
      case "keep":
        return;
    }
  }

  #send(actor: Actor<Frame>, link: LinkId, frame: Frame): void {
    const wire = actor.links.get(link);
    if (wire === undefined) return;
    const other = sideOf(wire, actor.rank, link) === 0 ? 1 : 0;
    // Which of its frames it is: determined by what the sender has been told, and in which order it speaks.
    const mark = Math.imul(actor.history ^ (wire.ways[other].length + 1), 0x01000193);
    if (wire.ends[other].open) wire.ways[other].push({ frame, mark });
  }

  /** S1, S4 */
  #demandSound(): void {
    for (const { rank, member, alive } of this.#actors) {
      if (member === undefined || !alive) continue;
      demand(member.children.length <= this.#degree, `rank ${rank} has ${member.children.length} children`);
      const way = [rank];
      for (let at = this.#parentOf(rank); at !== undefined && at !== ROOT_RANK; at = this.#parentOf(at)) {
        demand(!way.includes(at), `a cycle: ${[...way, at].join(" below ")}`);
        way.push(at);
      }
    }
  }

  #parentOf(rank: Rank): Rank | undefined {
    const actor = this.#actors[rank];
    const link = actor?.alive === true ? actor.member?.parent : undefined;
    const wire = link === undefined ? undefined : actor?.links.get(link);
    if (wire === undefined || link === undefined) return undefined;
    return wire.ends[sideOf(wire, rank, link) === 0 ? 1 : 0].rank;
  }
}

/** Chance has no part in it. */
const half = (): number => 0.5;

function newActor<Frame>(rank: Rank, member: MemberCore<Frame> | undefined): Actor<Frame> {
  return {
    rank,
    member,
    timers: new Map(),
    links: new Map(),
    alive: true,
    lastLink: 0,
    history: rank + 1,
    delivered: 0,
    expected: [],
  };
}

function sideOf<Frame>({ ends }: Wire<Frame>, rank: Rank, link: LinkId): 0 | 1 {
  return ends[0].rank === rank && ends[0].link === link ? 0 : 1;
}
