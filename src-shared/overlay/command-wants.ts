// Commands that children have asked for and this node lacks, and what it has asked its own parent for.
import type { CommandLog } from "./command-log.ts";
import type { LinkId } from "./overlay.ts";
import { keepRanks, rankSetOf, ranksIn, uniteRanks, hasRank, type RankSet } from "./rank-set.ts";
import type { Rank } from "./topology.ts";

export interface CommandRange {
  readonly from: number;
  readonly to: number;
  readonly ranks: RankSet;
}

export class CommandWants {
  readonly #log: CommandLog;
  /** This node, and whoever is below it. */
  readonly #isHere: (rank: Rank) => boolean;
  readonly #wants = new Map<LinkId, CommandRange>();
  #asked: CommandRange | undefined;

  constructor(log: CommandLog, isHere: (rank: Rank) => boolean) {
    this.#log = log;
    this.#isHere = isHere;
  }

  all(): [LinkId, CommandRange][] {
    return [...this.#wants];
  }

  /** From the first that is missing; undefined when nothing is. */
  set(link: LinkId, want: CommandRange, missing: number | undefined): void {
    if (missing === undefined) this.#wants.delete(link);
    else this.#wants.set(link, { ...want, from: missing });
  }

  forget(link: LinkId): void {
    this.#wants.delete(link);
  }

  /** What was asked for and has not come may have been lost with a link. */
  forgetAsked(): void {
    this.#asked = undefined;
  }

  /** What to ask for when this one is missing, unless it is on its way. */
  ask(from: number, to: number, everybody: () => Iterable<Rank>): CommandRange | undefined {
    const lacked = this.#log.get(from);
    const wanted = lacked === undefined ? [] : this.#wantedOf(lacked.targets);
    const asked = this.#asked;
    const isAsked = asked !== undefined && from >= asked.from && from <= asked.to;
    if (isAsked && [...ranksIn(wanted)].every((rank) => hasRank(asked.ranks, rank))) return undefined;
    this.#asked = this.#rangeOf(from, to, everybody);
    return this.#asked;
  }

  /** Up to the last that is missing, for those only for whom something is. */
  #rangeOf(from: number, to: number, everybody: () => Iterable<Rank>): CommandRange {
    let last = from;
    let ranks: RankSet = [];
    for (let sequence = from; sequence <= to; sequence += 1) {
      const command = this.#log.get(sequence);
      if (command === undefined) {
        // Whoever it is for: nobody knows here.
        const others = [...this.#wants.values()].reduce<RankSet>(
          (all, want) => uniteRanks(all, want.ranks),
          [],
        );
        return { from, to, ranks: uniteRanks(rankSetOf(everybody()), others) };
      }
      const wanted = command.body === undefined ? this.#wantedOf(command.targets) : [];
      if (wanted.length === 0) continue;
      last = sequence;
      ranks = uniteRanks(ranks, wanted);
    }
    return { from, to: last, ranks };
  }

  #wantedOf(targets: RankSet): RankSet {
    const wants = [...this.#wants.values()];
    return keepRanks(
      targets,
      (rank) => this.#isHere(rank) || wants.some(({ ranks }) => hasRank(ranks, rank)),
    );
  }
}
