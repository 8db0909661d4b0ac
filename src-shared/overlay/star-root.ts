// The root of the star: admits invited hosts, keeps their commands until acknowledged, hands their reports on.
//
//   invited --join--> attached --link down, silence, violation--> orphaned --lostGraceMs--> lost
//                        ^  |                                        |                       |
//                        |  \--leave--> left                         |                       |
//                        \------------------- join ------------------/-----------------------/
//   any --command log full--> lost, for good (until a newer incarnation)
import type { HostId } from "../base/ids.ts";
import { FIRST_CHAIN } from "./command-order.ts";
import { judgeArrival } from "./delivery.ts";
import type { LinkId, MembershipState, Payload, Surroundings } from "./overlay.ts";
import type { StarFrame, StarJoin, StarRefusal } from "./star-frames.ts";
import { StarHost, type StarClient } from "./star-host.ts";
import { ROOT_RANK } from "./topology.ts";
import type {
  Candidate,
  MemberState,
  Rank,
  RootCore,
  RootEffect as RootEffectOf,
  RootEvent as RootEventOf,
  RootSettings,
} from "./topology.ts";

type RootEvent = RootEventOf<StarFrame>;
type RootEffect = RootEffectOf<StarFrame>;

/** Leases and graces are looked at this often within one dead interval: judgement is late by a twelfth at most. */
const CHECKS_PER_DEAD_INTERVAL = 12;
/** The root is to be dialled wherever the shell knows that it can be. */
const PLAN: readonly Candidate[] = [{ rank: ROOT_RANK, address: "" }];

export function createStarRoot(settings: RootSettings): RootCore<StarFrame> {
  return new StarRoot(settings);
}

class StarRoot implements RootCore<StarFrame> {
  readonly #settings: RootSettings;
  readonly #hosts = new Map<HostId, StarHost>();
  /** Whose rank it is or was: one entry for each invitation, until the host is dismissed. */
  readonly #ranks = new Map<Rank, StarHost>();
  /** Open links of known hosts: at most one attached and one joining each. */
  readonly #links = new Map<LinkId, StarHost>();
  /** Hosts whose reports are to be acknowledged when the timer comes. */
  readonly #owed = new Set<StarHost>();
  #beacon = 0;
  #started = false;
  /** Of the step under way. */
  #effects: RootEffect[] = [];
  #now = 0;

  constructor(settings: RootSettings) {
    this.#settings = settings;
  }

  members(): readonly MemberState[] {
    return [...this.#hosts.values()].map((host) => ({
      host: host.name,
      incarnation: host.incarnation,
      rank: host.rank,
      state: host.state,
      since: host.since,
      parent: "controller",
      depth: 1,
      pendingCommands: host.log.pending,
    }));
  }

  linkTo(host: HostId): LinkId | undefined {
    return this.#hosts.get(host)?.link;
  }

  plan(): readonly Candidate[] {
    return PLAN;
  }

  /** Commands are numbered for each host by itself, from 1 for each client. */
  get lastCommand(): number {
    return 0;
  }

  /** Nobody is between the root and a member: there is nothing to prove. */
  chainAt(): Uint8Array {
    return FIRST_CHAIN;
  }

  step(event: RootEvent, surroundings: Surroundings): RootEffect[] {
    this.#effects = [];
    this.#now = surroundings.now;
    if (!this.#started) this.#start();
    this.#handle(event);
    return this.#effects;
  }

  #start(): void {
    this.#started = true;
    this.#setTimer("beacon");
    this.#setTimer("check");
  }

  #handle(event: RootEvent): void {
    switch (event.kind) {
      case "invite":
        return this.#invite(event);
      case "dismiss":
        return this.#dismiss(event.host);
      case "linkUp":
        return this.#linkUp(event.link, event.peer);
      case "linkDown":
        return this.#linkGone(event.link, event.reason);
      case "frame":
        return this.#frame(event.link, event.frame);
      case "timer":
        return this.#timer(event.name);
      case "command":
        for (const target of new Set(event.targets)) this.#command(target, event.payload);
        return;
      case "bulk":
        return this.#send(this.linkTo(event.host), { t: "bulk", payload: event.payload });
      case "receiving": {
        const host = this.#links.get(event.link);
        if (host !== undefined) host.leaseEnds = this.#now + this.#settings.times.deadIntervalMs;
        return;
      }
      case "hold":
        for (const host of this.#hosts.values()) host.hold(event.ms, this.#now);
        return;
      case "lagged":
        for (const host of this.#hosts.values())
          host.extend(event.ms, this.#now, this.#settings.times.afterLagMs);
        return;
    }
  }

  #invite(client: StarClient): void {
    if (this.#ranks.has(client.rank)) return;
    const known = this.#hosts.get(client.host);
    if (known === undefined) {
      const host = new StarHost(client, this.#now, this.#settings.limits);
      this.#hosts.set(client.host, host);
      this.#ranks.set(client.rank, host);
      return;
    }
    if (client.incarnation <= known.incarnation) return;
    this.#ranks.set(client.rank, known);
    known.renew(client, this.#now);
    this.#refuse(known.link, "older");
    this.#refuse(known.joining, "older");
  }

  #dismiss(name: HostId): void {
    const host = this.#hosts.get(name);
    if (host === undefined) return;
    // Whoever dismisses it knows: its link's end is no news.
    host.state = "invited";
    this.#refuse(host.link, "unknown");
    this.#refuse(host.joining, "unknown");
    this.#owed.delete(host);
    this.#hosts.delete(name);
    for (const [rank, of] of this.#ranks) if (of === host) this.#ranks.delete(rank);
  }

  #linkUp(link: LinkId, peer: Rank): void {
    const host = this.#ranks.get(peer);
    if (host === undefined) return this.#refuse(link, "unknown");
    if (host.rank !== peer) return this.#refuse(link, "older");
    if (host.joining !== undefined) this.#close(host.joining, "another link of the same host");
    this.#links.set(link, host);
    host.joining = link;
    host.joinEnds = this.#now + this.#settings.times.joinMs;
  }

  #linkGone(link: LinkId, reason: string): void {
    const host = this.#links.get(link);
    if (host === undefined) return;
    this.#links.delete(link);
    if (host.joining === link) host.joining = undefined;
    if (host.link !== link) return;
    host.link = undefined;
    this.#owed.delete(host);
    host.lostAt = this.#now + this.#settings.times.lostGraceMs;
    if (host.state === "attached") this.#become(host, "orphaned", reason);
  }

  #frame(link: LinkId, frame: StarFrame): void {
    const host = this.#links.get(link);
    if (host === undefined) return;
    if (frame.t === "join" && host.joining === link) return this.#join(host, link, frame);
    if (host.link !== link) return this.#close(link, `${frame.t} before the join was accepted`);
    host.leaseEnds = this.#now + this.#settings.times.deadIntervalMs;
    switch (frame.t) {
      case "alive":
        host.trips.answered(frame.to, this.#now);
        if (!host.log.acknowledge(frame.have)) return this.#close(link, "acknowledged what was never sent");
        return this.#pump(host);
      case "report":
        return this.#report(host, link, frame);
      case "bulk":
        this.#effects.push({ kind: "deliverBulk", host: host.name, payload: frame.payload });
        return;
      case "latest":
        return this.#latest(host, frame);
      case "leave":
        this.#become(host, "left", "said goodbye");
        this.#send(link, { t: "leave" });
        return this.#close(link, "left");
      case "join":
      case "accept":
      case "refuse":
      case "beacon":
      case "acknowledge":
      case "command":
        return this.#close(link, `${frame.t} from a client`);
    }
  }

  #latest(host: StarHost, { number, payload }: Extract<StarFrame, { t: "latest" }>): void {
    if (number <= host.latestHave) return;
    host.latestHave = number;
    const { name, incarnation } = host;
    this.#effects.push({ kind: "latest", host: name, incarnation, payload });
  }

  #join(host: StarHost, link: LinkId, join: StarJoin): void {
    const { protocol, times, epoch } = this.#settings;
    if (join.protocol !== protocol) return this.#refuse(link, "version");
    if (host.state === "left") {
      this.#send(link, { t: "leave" });
      return this.#close(link, "left");
    }
    if (host.givenUp) return this.#refuse(link, "unknown");
    if (join.attempt <= host.attempt) return this.#close(link, "a join that was overtaken by a newer one");
    // A client that has forgotten its commands is another than the one that acknowledged them.
    if (!host.log.restart(join.have)) return this.#refuse(link, "older");
    // Told as orphaned: what was on its way in bulk is gone with the link, and whoever sent it must know.
    if (host.link !== undefined) this.#close(host.link, "replaced by a newer link of the same host");
    host.attach(link, join.attempt, this.#now + times.deadIntervalMs);
    const path = [ROOT_RANK, host.rank];
    this.#send(link, { t: "accept", epoch, reportsHave: host.reportsHave, path });
    this.#become(host, "attached", "joined");
    this.#pump(host);
  }

  #report(host: StarHost, link: LinkId, frame: Extract<StarFrame, { t: "report" }>): void {
    const { sequence, skips, payload } = frame;
    const arrival = judgeArrival(host.reportsHave, sequence, skips);
    if (arrival === "gap") return this.#close(link, `report ${sequence} after ${host.reportsHave}`);
    if (arrival === "next") {
      host.reportsHave = sequence;
      const { name, incarnation } = host;
      this.#effects.push({ kind: "report", host: name, incarnation, sequence, payload });
    }
    if (host.reportsHave - host.reportsSaid >= this.#settings.limits.acknowledgeEvery) {
      return this.#acknowledge(host);
    }
    if (this.#owed.size === 0) this.#setTimer("acknowledge");
    this.#owed.add(host);
  }

  #acknowledge(host: StarHost): void {
    host.reportsSaid = host.reportsHave;
    this.#send(host.link, { t: "acknowledge", reportsHave: host.reportsHave });
  }

  #command(name: HostId, payload: Payload): void {
    const host = this.#hosts.get(name);
    if (host === undefined || host.givenUp || host.state === "left") return;
    if (host.log.append(payload)) return this.#pump(host);
    host.givenUp = true;
    this.#become(host, "lost", "it acknowledges no commands; too many are waiting for it");
    this.#refuse(host.link, "unknown");
  }

  #pump(host: StarHost): void {
    if (host.link === undefined) return;
    for (let entry = host.log.take(); entry !== undefined; entry = host.log.take()) {
      this.#send(host.link, { t: "command", ...entry });
    }
  }

  #timer(name: string): void {
    switch (name) {
      case "beacon":
        this.#setTimer("beacon");
        return this.#sendBeacons();
      case "check":
        this.#setTimer("check");
        for (const host of this.#hosts.values()) this.#check(host);
        return;
      case "acknowledge":
        for (const host of this.#owed) this.#acknowledge(host);
        this.#owed.clear();
        return;
      default:
        // Not one of ours: a timer of nobody changes nothing.
        return;
    }
  }

  #sendBeacons(): void {
    this.#beacon += 1;
    for (const host of this.#hosts.values()) {
      if (host.link === undefined) continue;
      host.reportsSaid = host.reportsHave;
      this.#owed.delete(host);
      const { reportsHave } = host;
      host.trips.asked(this.#beacon, this.#now);
      const { epoch } = this.#settings;
      const beacon = this.#beacon;
      this.#send(host.link, { t: "beacon", epoch, beacon, reportsHave, ...host.trips.trip });
    }
  }

  #check(host: StarHost): void {
    const { deadIntervalMs, joinMs, lostGraceMs } = this.#settings.times;
    if (host.link !== undefined && this.#now >= host.leaseEnds) {
      this.#close(host.link, `nothing heard for ${deadIntervalMs} ms`);
    }
    if (host.joining !== undefined && this.#now >= host.joinEnds) {
      this.#close(host.joining, `no join within ${joinMs} ms`);
    }
    if (host.state === "orphaned" && this.#now >= host.lostAt) {
      this.#become(host, "lost", `no link for ${lostGraceMs} ms`);
    }
  }

  #become(host: StarHost, state: MembershipState, reason: string): void {
    host.state = state;
    host.since = this.#now;
    this.#effects.push({ kind: "membership", host: host.name, incarnation: host.incarnation, state, reason });
  }

  #refuse(link: LinkId | undefined, why: StarRefusal): void {
    if (link === undefined) return;
    this.#send(link, { t: "refuse", why, backoffMs: 0 });
    this.#close(link, `refused: ${why}`);
  }

  #close(link: LinkId, reason: string): void {
    this.#effects.push({ kind: "close", link, reason });
    this.#linkGone(link, reason);
  }

  #send(link: LinkId | undefined, frame: StarFrame): void {
    if (link !== undefined) this.#effects.push({ kind: "send", link, frame });
  }

  #setTimer(name: "beacon" | "check" | "acknowledge"): void {
    const { beaconMs, deadIntervalMs, acknowledgeMs } = this.#settings.times;
    const delays = {
      beacon: beaconMs,
      check: deadIntervalMs / CHECKS_PER_DEAD_INTERVAL,
      acknowledge: acknowledgeMs,
    };
    this.#effects.push({ kind: "setTimer", name, delayMs: delays[name] });
  }
}
