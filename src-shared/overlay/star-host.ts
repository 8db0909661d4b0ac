// What the root of the star knows of one host.
import type { HostId } from "../base/ids.ts";
import { DeliveryLog } from "./delivery.ts";
import type { LinkId, MembershipState, OverlayLimits } from "./overlay.ts";
import { RoundTrips } from "./round-trips.ts";
import type { Rank } from "./topology.ts";

/** One invitation. */
export interface StarClient {
  readonly host: HostId;
  readonly incarnation: number;
  readonly rank: Rank;
}

export class StarHost {
  readonly name: HostId;
  readonly #limits: OverlayLimits;
  incarnation: number;
  rank: Rank;
  /** Of the newest join accepted in this incarnation. */
  attempt = 0;
  state: MembershipState | "invited" = "invited";
  since: number;
  /** Attached over this link. */
  link: LinkId | undefined;
  /** A second link that has not joined yet. */
  joining: LinkId | undefined;
  leaseEnds = 0;
  joinEnds = 0;
  lostAt = 0;
  log: DeliveryLog;
  reportsHave = 0;
  /** The acknowledgement that was sent last. */
  reportsSaid = 0;
  /** The number of its latest value. */
  latestHave = 0;
  /** Over the link that stands. */
  trips = new RoundTrips();
  /** Its command log overflowed, so that commands are missing: it cannot come back in this incarnation. */
  givenUp = false;

  constructor(client: StarClient, now: number, limits: OverlayLimits) {
    this.name = client.host;
    this.incarnation = client.incarnation;
    this.rank = client.rank;
    this.since = now;
    this.#limits = limits;
    this.log = this.#emptyLog();
  }

  /** A newer incarnation knows nothing of the older one's commands and reports. */
  renew({ incarnation, rank }: StarClient, now: number): void {
    this.incarnation = incarnation;
    this.rank = rank;
    this.attempt = 0;
    this.state = "invited";
    this.since = now;
    this.log = this.#emptyLog();
    this.reportsHave = 0;
    this.reportsSaid = 0;
    this.latestHave = 0;
    this.givenUp = false;
  }

  attach(link: LinkId, attempt: number, leaseEnds: number): void {
    this.joining = undefined;
    this.link = link;
    this.attempt = attempt;
    this.leaseEnds = leaseEnds;
    this.reportsSaid = this.reportsHave;
    this.trips = new RoundTrips();
  }

  /** The root was not listening for so long: no silence of that time counts. */
  extend(ms: number, now: number, leastMs: number): void {
    const later = (deadline: number): number => Math.max(deadline + ms, now + leastMs);
    this.leaseEnds = later(this.leaseEnds);
    this.joinEnds = later(this.joinEnds);
    this.lostAt = later(this.lostAt);
  }

  /** Its grace lasts longer, from now on if it is over. */
  hold(ms: number, now: number): void {
    if (this.state === "orphaned") this.lostAt = Math.max(this.lostAt, now) + ms;
  }

  #emptyLog(): DeliveryLog {
    const { commandWindow, commandWindowBytes, commandsKept, commandsKeptBytes } = this.#limits;
    return new DeliveryLog({
      window: commandWindow,
      windowBytes: commandWindowBytes,
      kept: commandsKept,
      keptBytes: commandsKeptBytes,
    });
  }
}
