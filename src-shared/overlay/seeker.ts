// Whom an orphan (or a newcomer) dials next: ancestors and others outside of the lost subtree first, the root last.
import { backOffMs, doubledMs } from "./back-off.ts";
import type { OverlayTimes } from "./overlay.ts";
import { ROOT_RANK, type Candidate, type Rank } from "./topology.ts";

/** The planned parent is started at the same time: it is given so many chances before somebody else is asked. */
const PLANNED_TRIES = 5;
/** Of them one that does not even refuse: a firewall, more often than a host that is slow to start. */
const SILENT_TRIES = 2;
/** A joiner is sent down at most so many levels in one search; a tree is far less deep. */
const REDIRECTS_MAX = 32;
/** So many others that cannot be reached are enough to ask the root to take one in although it is full. */
const UNREACHED_MIN = 3;
/** Before the first dial of an orphan: those of one parent do not all come at the same instant. */
const ORPHAN_JITTER_MS = 50;

interface Choice {
  readonly to: Candidate;
  triesLeft: number;
  tries: number;
}

/** unreached: turned away or broken. silent: nobody answered at all. late: connected, and no answer to the join. */
export type DialFailure = "unreached" | "silent" | "refused" | "late";

/** After so many that did not answer the root is asked: silence costs a second each. */
const SILENT_MAX = 2;
/** So many ancestors and others are asked in the first round; in each further one as many more. */
const ANCESTORS_IN_ROUND = 4;
const OTHERS_IN_ROUND = 3;
/** The way of those who did not answer is tried again after so many rounds. */
const SILENT_ROUNDS = 3;

export class Seeker {
  readonly #me: Rank;
  readonly #times: OverlayTimes;
  /** Those given at the start: the way back when nothing else is known. */
  readonly #initial: readonly Candidate[];
  readonly #roots: readonly Candidate[];
  #choices: Choice[] = [];
  #current: Choice | undefined;
  #alternatives: readonly Candidate[] = [];
  #ancestors: readonly Candidate[] = [];
  /** Not asked in this search: the parent that was lost. */
  #lost: Rank | undefined;
  #redirects = 0;
  #unreached = 0;
  /** They did not answer in this search: each such dial costs a whole join deadline. */
  readonly #silent = new Set<Rank>();
  /** They have said what cannot be true: never asked again. */
  readonly #distrusted = new Set<Rank>();
  #rounds = 0;
  /** Since the last beacon. */
  #late = 0;

  constructor(me: Rank, initial: readonly Candidate[], times: OverlayTimes) {
    this.#me = me;
    this.#times = times;
    this.#initial = initial;
    this.#roots = initial.filter(({ rank }) => rank === ROOT_RANK);
    this.#choices = initial.map((to, place) => ({
      ...choiceOf(to),
      triesLeft: place === 0 && to.rank !== ROOT_RANK ? PLANNED_TRIES : 1,
    }));
  }

  /** From beacons: the nodes above, and others to try. */
  know(ancestors: readonly Candidate[], alternatives: readonly Candidate[]): void {
    this.#ancestors = ancestors.filter(({ rank, address }) => rank !== ROOT_RANK && address !== "");
    this.#alternatives = alternatives.filter(({ rank }) => rank !== this.#me);
  }

  get alternatives(): readonly Candidate[] {
    return this.#alternatives;
  }

  /** The root is always asked: there is no other. */
  distrust(rank: Rank): void {
    if (rank !== ROOT_RANK) this.#distrusted.add(rank);
  }

  /** A beacon was heard: what failed before counts no more. */
  settled(): void {
    this.#late = 0;
    this.#unreached = 0;
  }

  /** A new search, for the lost parent's children; the pause before its first dial. */
  begin(lost: Rank | undefined, random: () => number): number {
    this.#lost = lost;
    this.#redirects = 0;
    this.#rounds = 0;
    this.#silent.clear();
    this.#refill(random);
    return Math.round(random() * ORPHAN_JITTER_MS);
  }

  next(random: () => number): Candidate | undefined {
    if (this.#choices.length === 0) this.#refill(random);
    this.#current = this.#choices[0];
    return this.#current?.to;
  }

  /** How long it is waited for that a dial is taken. */
  get dialMs(): number {
    return this.#isRoot ? this.#rootMs : this.#times.dialMs;
  }

  /** And from then on for an answer to the join, which a parent may put off until its next beacon. */
  get joinMs(): number {
    return this.#isRoot ? this.#rootMs : this.#times.joinMs;
  }

  /**
   * It grows for the root alone, where a thousand may be waiting: a deadline that does not grow there never ends a
   * storm. Others turn away what they cannot take.
   */
  get #rootMs(): number {
    return doubledMs(this.#late, this.#times.joinMs, this.#times.joinMsMax);
  }

  get #isRoot(): boolean {
    return this.#current?.to.rank === ROOT_RANK;
  }

  /** The root should take us in although it is full. */
  get insists(): boolean {
    return this.#unreached >= UNREACHED_MIN;
  }

  /** The pause before the next dial: it grows from round to round, and from try to try of the same candidate. */
  failed(why: DialFailure, leastMs: number, random: () => number): number {
    const { backoffMs, backoffMsMax } = this.#times;
    this.#note(why);
    const failed = this.#current;
    if (failed !== undefined) {
      failed.tries += 1;
      failed.triesLeft -= 1;
      if (why === "silent" && failed.tries >= SILENT_TRIES) failed.triesLeft = 0;
      if (failed.triesLeft <= 0) this.#choices.shift();
    }
    const isAgain = failed !== undefined && this.#choices[0] === failed;
    if (this.#choices.length === 0) this.#refill(random);
    const before = isAgain ? failed.tries - 1 : this.#rounds - 1;
    const pauseMs = backOffMs(before, backoffMs, backoffMsMax, random);
    return isAgain || this.#isRoot ? Math.min(leastMs, backoffMsMax) + pauseMs : pauseMs;
  }

  #note(why: DialFailure): void {
    const rank = this.#current?.to.rank;
    if (rank === undefined) return;
    if (rank !== ROOT_RANK) {
      if (why === "unreached" || why === "silent") this.#unreached += 1;
      if (why !== "silent" && why !== "late") return;
      this.#silent.add(rank);
      if (this.#silent.size % SILENT_MAX === 0) this.#rootNext();
    } else if (why === "silent" || why === "late") this.#late += 1;
  }

  #rootNext(): void {
    const [first, ...rest] = this.#choices;
    if (first === undefined) return;
    this.#choices = [first, ...this.#roots.slice(0, 1).map(choiceOf), ...rest];
  }

  /** Full: others are named, and asked at once. */
  redirected(to: readonly Candidate[], random: () => number): number {
    this.#choices.shift();
    this.#current = undefined;
    this.#redirects += 1;
    if (this.#redirects > REDIRECTS_MAX) return this.failed("refused", 0, random);
    const reachable = to.filter(
      ({ rank, address }) => rank !== this.#me && address !== "" && !this.#distrusted.has(rank),
    );
    const answering = reachable.filter(({ rank }) => !this.#silent.has(rank));
    const known = answering.length > 0 ? answering : reachable;
    this.#choices.unshift(...known.map(choiceOf));
    return 0;
  }

  /** Half of the orphans ask an uncle first: else all of a lost node's children would come to one ancestor. */
  #refill(random: () => number): void {
    this.#rounds += 1;
    this.#redirects = 0;
    if (this.#rounds % SILENT_ROUNDS === 0) this.#silent.clear();
    const others = shuffled(this.#alternatives, random).slice(0, OTHERS_IN_ROUND * this.#rounds);
    const above = [...this.#ancestors].reverse().slice(0, ANCESTORS_IN_ROUND * this.#rounds);
    const [uncle, ...rest] = others;
    const nearest =
      uncle !== undefined && random() < 0.5 ? [uncle, ...above, ...rest] : [...above, ...others];
    const seen = new Set<Rank>([
      this.#me,
      ROOT_RANK,
      ...this.#silent,
      ...this.#distrusted,
      ...(this.#lost === undefined ? [] : [this.#lost]),
    ]);
    const choices: Candidate[] = [];
    const initial = nearest.length > 0 && this.#rounds === 1 ? [] : this.#initial;
    for (const candidate of [...nearest, ...initial]) {
      if (seen.has(candidate.rank)) continue;
      seen.add(candidate.rank);
      choices.push(candidate);
    }
    // One that has nobody but the root above it asks an uncle first just as often.
    const roots = above.length === 0 && random() < 0.5 ? this.#roots.slice(0, 1) : [];
    this.#choices = [...roots, ...choices, ...this.#roots].map(choiceOf);
    // It may be a broken link only: the next round asks the lost parent, too.
    this.#lost = undefined;
  }
}

function choiceOf(to: Candidate): Choice {
  return { to, triesLeft: 1, tries: 0 };
}

function shuffled<Thing>(things: readonly Thing[], random: () => number): Thing[] {
  const list = [...things];
  for (let at = list.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const thing = list[at];
    const swapped = list[other];
    if (thing === undefined || swapped === undefined) continue;
    list[at] = swapped;
    list[other] = thing;
  }
  return list;
}
