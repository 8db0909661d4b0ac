// A star in a simulated world: the real root and the real members, and a judge that knows what each may deliver.
import { hostIdOf } from "../base/ids.ts";
import type { HostId } from "../base/ids.ts";
import { createRandom } from "../base/random.ts";
import type { Random } from "../base/random.ts";
import { OVERLAY_TIMES } from "../overlay/overlay.ts";
import type { LinkId } from "../overlay/overlay.ts";
import { star } from "../overlay/star.ts";
import type { StarFrame } from "../overlay/star-frames.ts";
import type { RootCore, RootEffect as RootEffectOf, RootEvent as RootEventOf } from "../overlay/topology.ts";
import { NO_SEALS, SIMULATED_LIMITS, SIMULATED_PROTOCOL } from "./simulated-star.ts";
import { StarJudge } from "./star-judge.ts";
import { TraceHash } from "./trace-hash.ts";
import { VirtualLink } from "./virtual-network.ts";
import { VirtualMember } from "./virtual-member.ts";
import { VirtualProcess } from "./virtual-process.ts";
import { VirtualTime } from "./virtual-time.ts";

type RootEvent = RootEventOf<StarFrame>;
type RootEffect = RootEffectOf<StarFrame>;

export class StarWorld {
  readonly time = new VirtualTime();
  readonly trace = new TraceHash();
  readonly random: Random;
  readonly judge: StarJudge;
  readonly root: RootCore<StarFrame>;
  readonly rootProcess: VirtualProcess<RootEvent>;
  /** The newest incarnation of each host. */
  readonly members = new Map<HostId, VirtualMember>();
  readonly #links = new Map<LinkId, VirtualLink>();
  /** Hosts that nothing reaches for now. */
  readonly #unreachable = new Set<HostId>();
  #lastLink = 0;
  #lastCommand = 0;
  #lastRank = 0;

  constructor(seed: number) {
    this.random = createRandom(seed);
    this.judge = new StarJudge(SIMULATED_LIMITS);
    this.root = star.createRoot({
      protocol: SIMULATED_PROTOCOL,
      epoch: 1,
      degree: 0,
      times: OVERLAY_TIMES,
      limits: SIMULATED_LIMITS,
      seals: NO_SEALS,
      records: [],
    });
    this.rootProcess = new VirtualProcess<RootEvent>({
      time: this.time,
      handle: (event) => this.#stepRoot(event),
      lagged: (ms) => ({ kind: "lagged", ms }),
      timer: (name) => ({ kind: "timer", name }),
    });
  }

  /** Starts a client; one that was already there is killed, unless it is to linger as a zombie. */
  startMember(name: string, incarnation: number, options: { readonly zombie: boolean }): void {
    const host = hostIdOf(name);
    this.#lastRank += 1;
    const client = { host, incarnation, rank: this.#lastRank };
    this.rootProcess.give({ kind: "invite", ...client });
    const before = this.members.get(host);
    if (!options.zombie) before?.kill();
    const { time, random, trace, judge } = this;
    const member: VirtualMember = new VirtualMember(
      {
        time,
        random,
        trace,
        judge,
        latencyMs: () => this.latencyMs(),
        connect: (memberLink) => this.#connect(member, memberLink),
      },
      client,
    );
    this.members.set(host, member);
    member.start();
  }

  /** One command, told apart from all others, for these hosts. */
  command(targets: readonly HostId[]): void {
    this.#lastCommand += 1;
    const payload = new TextEncoder().encode(String(this.#lastCommand));
    this.rootProcess.give({ kind: "command", targets, payload });
  }

  /** 1 to 80 ms, mostly short; now and then a second. */
  latencyMs(): number {
    const slow = this.random() < 0.01 ? 1000 : 0;
    return 1 + Math.floor(this.random() ** 4 * 79) + slow;
  }

  setReachable(host: HostId, isReachable: boolean): void {
    if (isReachable) this.#unreachable.delete(host);
    else this.#unreachable.add(host);
  }

  #connect(member: VirtualMember, memberLink: LinkId): VirtualLink | undefined {
    if (this.#unreachable.has(member.host)) return undefined;
    this.#lastLink += 1;
    const rootLink = this.#lastLink;
    const { rootProcess } = this;
    const link = new VirtualLink(
      this.time,
      {
        member: {
          frame: (frame) => member.process.give({ kind: "frame", link: memberLink, frame }),
          down: (reason) => member.process.give({ kind: "linkDown", link: memberLink, reason }),
        },
        root: {
          frame: (frame) => rootProcess.give({ kind: "frame", link: rootLink, frame }),
          down: (reason) => {
            this.#links.delete(rootLink);
            rootProcess.give({ kind: "linkDown", link: rootLink, reason });
          },
        },
      },
      () => this.latencyMs(),
    );
    this.#links.set(rootLink, link);
    rootProcess.give({ kind: "linkUp", link: rootLink, peer: member.rank });
    return link;
  }

  #stepRoot(event: RootEvent): void {
    // The judge keeps its own account of what the root took on.
    if (event.kind === "command") this.judge.commanded(this.root.members(), event.targets, event.payload);
    const effects = this.root.step(event, { now: this.time.now, random: this.random });
    for (const effect of effects) this.#perform(effect);
    this.judge.rootStepped(this.root.members());
  }

  #perform(effect: RootEffect): void {
    switch (effect.kind) {
      case "send":
        this.#links.get(effect.link)?.send("root", effect.frame);
        return;
      case "close":
        this.#links.get(effect.link)?.close("root", effect.reason);
        this.#links.delete(effect.link);
        return;
      case "setTimer":
        return this.rootProcess.setTimer(effect.name, effect.delayMs);
      case "clearTimer":
        return this.rootProcess.clearTimer(effect.name);
      case "membership":
        this.trace.note(`${this.time.now} ${effect.host} ${effect.incarnation} ${effect.state}`);
        return this.judge.membership(effect);
      case "report":
        this.trace.note(`${this.time.now} ${effect.host} report ${effect.sequence}`);
        return this.judge.reportArrived(effect);
      case "deliverBulk":
      case "latest":
      case "keep":
      case "problem":
        return;
    }
  }
}
