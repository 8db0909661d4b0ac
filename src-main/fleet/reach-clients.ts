// Which ways lead to which client, when they are tried, and what was learnt of them.
import { networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import type { Random } from "#shared/base/random.ts";
import { LINK_WAY_WORDS, LINK_WAYS, type LinkWay } from "#shared/base/link-way.ts";
import { every } from "#shared/node/every.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import type { RunningOverlayRoot } from "../overlay-root/overlay-root.ts";
import { CutOff } from "./cut-off.ts";
import type { HostRecord } from "./host-record.ts";
import { climb } from "./ladder.ts";
import type { WayMemory } from "./way-memory.ts";

/** For a client that says nothing: Node's start on a busy host. One that finds nobody says so by itself, and sooner. */
const SILENCE_MS = 10_000;
/** A client whose link is gone dials again at once; where that has worked before, it is given the first try. */
const REDIAL_MS = 1500;
const NO_REDIAL_MS = 300;

export interface ReachParts {
  readonly overlay: Pick<RunningOverlayRoot, "attachStream" | "wayOf" | "hold">;
  readonly memory: Pick<WayMemory, "wayTo" | "note">;
  readonly random: Random;
  readonly log: (text: string) => void;
}

export interface ReachSettings {
  /** Those that may be used at all. */
  readonly ways: readonly LinkWay[];
}

export class ClientReach {
  readonly #parts: ReachParts;
  readonly #settings: ReachSettings;
  /** Hosts on other computers: those that are attached, and those whose links are gone. */
  readonly #attached = new Set<HostRecord>();
  readonly #away = new Set<HostRecord>();
  /** Of those: a way has led there, whatever the client makes of it. */
  readonly #answering = new Set<HostRecord>();
  readonly #cutOff: CutOff;

  constructor(parts: ReachParts, settings: ReachSettings) {
    this.#parts = parts;
    this.#settings = settings;
    const { overlay, log } = parts;
    this.#cutOff = new CutOff({ hold: (ms) => overlay.hold(ms), hasNetwork, every, log }, () => ({
      attached: this.#attached.size,
      away: this.#away.size,
      answering: this.#answering.size,
    }));
  }

  /** To be prepared for a client that is about to be started: an open port only where it may be of use. */
  waysTo(entry: HostEntry): readonly LinkWay[] {
    const { ways } = this.#settings;
    const known = this.#remembered(entry);
    const others = ways.filter((way) => way !== "controller");
    const needsPort = entry.port !== undefined || known === undefined || known === "controller";
    return needsPort || others.length === 0 ? ways : others;
  }

  /** A client was started: waits for it, or goes to it by itself where it is known not to come. */
  afterStart(record: HostRecord): void {
    const { client, entry } = record;
    if (client === undefined) return;
    const known = this.#remembered(entry);
    const comes = this.#settings.ways.includes("client") && (known === undefined || known === "client");
    this.#climb(record, async (signal) => {
      if (!comes) return;
      const reason = await Promise.race([client.unreached, pause(SILENCE_MS, signal)]);
      if (reason !== undefined && !signal.aborted)
        this.#parts.log(`${entry.id}: its client finds no way to the controller: ${reason}`);
    });
  }

  /** The link is gone: both sides try, the client to dial, and we to reach it. */
  afterLoss(record: HostRecord): void {
    const known = this.#remembered(record.entry) ?? "client";
    this.#climb(record, (signal) => pause(known === "client" ? REDIAL_MS : NO_REDIAL_MS, signal));
    if (!isElsewhere(record)) return;
    this.#attached.delete(record);
    this.#away.add(record);
    this.#answering.delete(record);
    this.#cutOff.look(record.absenceMs);
  }

  attached(record: HostRecord): void {
    this.stop(record);
    const way = this.#parts.overlay.wayOf(record.entry.id);
    // Of hosts on this computer there is nothing to be learnt.
    if (!isElsewhere(record)) return;
    if (way !== undefined) this.#parts.memory.note(record.entry, way);
    this.#attached.add(record);
    this.#cutOff.look(record.absenceMs);
  }

  /** It is attached, or nobody wants to reach it any more. */
  stop(record: HostRecord): void {
    halt(record);
    for (const set of [this.#attached, this.#away, this.#answering]) set.delete(record);
  }

  /** What was tried in vain, for whoever must be told that a client cannot be reached. */
  detoursOf(record: HostRecord): string {
    return [...record.detours].map(([way, reason]) => `; ${LINK_WAY_WORDS[way]}: ${reason}`).join("");
  }

  #remembered(entry: HostEntry): LinkWay | undefined {
    const way = this.#parts.memory.wayTo(entry);
    return way !== undefined && this.#settings.ways.includes(way) ? way : undefined;
  }

  #climb(record: HostRecord, ready: (signal: AbortSignal) => Promise<unknown>): void {
    halt(record);
    record.detours.clear();
    const known = this.#remembered(record.entry);
    const ways = (record.client?.ways ?? []).toSorted(
      (one, other) => rank(one.way, known) - rank(other.way, known),
    );
    if (ways.length === 0) return;
    const climbing = new AbortController();
    record.climbing = climbing;
    const { overlay, random, log } = this.#parts;
    const note = (way: LinkWay, reason: string): void => {
      record.detours.set(way, reason);
      log(`${record.entry.id}: ${LINK_WAY_WORDS[way]}: ${reason}`);
    };
    const attach = (stream: Duplex, way: LinkWay): void => {
      if (this.#away.has(record)) this.#answering.add(record);
      overlay.attachStream(stream, way);
    };
    void ready(climbing.signal).then(() => climb(ways, climbing.signal, { attach, pause, random, note }));
  }
}

/** A client on this computer has no other way than to come by itself. */
function isElsewhere(record: HostRecord): boolean {
  return (record.client?.ways.length ?? 0) > 0;
}

function halt(record: HostRecord): void {
  record.climbing?.abort();
  record.climbing = undefined;
}

function hasNetwork(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ internal }) => !internal));
}

/** What has worked comes first. */
function rank(way: LinkWay, known: LinkWay | undefined): number {
  return way === known ? -1 : LINK_WAYS.indexOf(way);
}

function pause(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve(undefined);
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", over);
    if (signal.aborted) over();
  });
}
