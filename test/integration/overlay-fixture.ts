// A real overlay root and real clients on 127.0.0.1, with all that they say written down.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostIdOf } from "../../src-shared/base/ids.ts";
import type { HostId } from "../../src-shared/base/ids.ts";
import { createRandom } from "../../src-shared/base/random.ts";
import { createSessionKeys, type SessionKeys } from "../../src-shared/node/seals.ts";
import { createSystemClock } from "../../src-shared/node/system-clock.ts";
import type { MembershipChange, OverlayTimes } from "../../src-shared/overlay/overlay.ts";
import { star } from "../../src-shared/overlay/star.ts";
import { ROOT_RANK, type Rank, type Topology } from "../../src-shared/overlay/topology.ts";
import { writeAddress } from "../../src-shared/protocol/address.ts";
import type { BulkMessage } from "../../src-shared/protocol/bulk.ts";
import type { Command } from "../../src-shared/protocol/commands.ts";
import type { ClientCredentials, TlsCredentials } from "../../src-shared/protocol/credentials.ts";
import { ROOT_NAME } from "../../src-shared/protocol/peer-name.ts";
import type { Report } from "../../src-shared/protocol/reports.ts";
import { openOutbox } from "../../src-client/overlay-member/outbox.ts";
import { createOverlayMember } from "../../src-client/overlay-member/overlay-member.ts";
import type { RunningOverlayMember } from "../../src-client/overlay-member/overlay-member.ts";
import { createAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import type { CertificateAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import { createOverlayRoot } from "../../src-main/overlay-root/overlay-root.ts";
import type { RunningOverlayRoot } from "../../src-main/overlay-root/overlay-root.ts";
import type { RootJournal } from "../../src-main/overlay-root/root-journal.ts";

export const SESSION = "test-session";

/** Fires whatever is waiting for a condition whenever something has happened. */
export class Log<Entry> {
  readonly entries: Entry[] = [];
  #waiting: (() => void)[] = [];

  push(entry: Entry): void {
    this.entries.push(entry);
    for (const look of [...this.#waiting]) look();
  }

  /** The first entry like that, now or later; the test's own time-out bounds it. */
  until(isRight: (entry: Entry) => boolean): Promise<Entry> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.entries.find(isRight);
        if (found === undefined) return;
        this.#waiting = this.#waiting.filter((other) => other !== look);
        resolve(found);
      };
      this.#waiting.push(look);
      look();
    });
  }

  /** Each entry, those to come as they come. */
  watch(see: (entry: Entry) => void): void {
    this.entries.forEach(see);
    this.#waiting.push(() => see(this.entries.at(-1)!));
  }

  count(least: number): Promise<unknown> {
    return this.until(() => this.entries.length >= least);
  }
}

export interface TestRoot {
  readonly root: RunningOverlayRoot;
  readonly authority: CertificateAuthority;
  readonly keys: SessionKeys;
  /** Expects a client of this host and remembers its rank for startMember. */
  invite(host: HostId, incarnation?: number): Rank;
  /** A key and a certificate for it, as the fleet gets them. */
  issue(host: HostId, incarnation?: number): Promise<TlsCredentials>;
  readonly ranks: ReadonlyMap<string, Rank>;
  readonly membership: Log<MembershipChange>;
  readonly reports: Log<{ host: HostId; incarnation: number; sequence: number; report: Report }>;
  readonly bulk: Log<{ host: HostId; message: BulkMessage }>;
  readonly writable: Log<HostId>;
  readonly problems: Log<{ host: HostId | undefined; reason: string }>;
}

export interface RootOptions {
  readonly authority?: CertificateAuthority;
  readonly keys?: SessionKeys;
  readonly times?: Partial<OverlayTimes>;
  readonly degree?: number;
  readonly port?: number;
  readonly journal?: RootJournal;
}

export interface MemberOptions {
  readonly incarnation?: number;
  /** Instead of what the root's authority gives. */
  readonly credentials?: Partial<ClientCredentials>;
  /** Where it believes the root to be. */
  readonly at?: { readonly address: string; readonly port: number };
  readonly times?: Partial<OverlayTimes>;
  /** Instead of that of all others: one that lies. */
  readonly topology?: Topology<unknown>;
}

export interface TestMember {
  readonly member: RunningOverlayMember;
  readonly commands: Log<{ sequence: number; command: Command }>;
  readonly bulk: Log<BulkMessage>;
  /** attached, orphaned …, abandoned …, problem … in order. */
  readonly said: Log<string>;
}

/** What a test has started; all of it ends with `close`. */
export class OverlayFixture {
  readonly #topology: Topology<unknown>;
  readonly #closers: (() => unknown)[] = [];

  constructor(topology: Topology<unknown> = star) {
    this.#topology = topology;
  }

  onClose(closer: () => unknown): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) await closer();
  }

  async startRoot(settings: RootOptions = {}): Promise<TestRoot> {
    const { keys = createSessionKeys(), journal, degree, port, times } = settings;
    const authority = settings.authority ?? (await createAuthority(SESSION));
    const logs = {
      membership: new Log<MembershipChange>(),
      reports: new Log<{ host: HostId; incarnation: number; sequence: number; report: Report }>(),
      bulk: new Log<{ host: HostId; message: BulkMessage }>(),
      writable: new Log<HostId>(),
      problems: new Log<{ host: HostId | undefined; reason: string }>(),
    };
    const root = await createOverlayRoot(
      {
        clock: createSystemClock(),
        random: createRandom(1),
        topology: this.#topology,
        ...(journal === undefined ? {} : { journal }),
        callbacks: {
          onReport: (host, incarnation, sequence, report) =>
            logs.reports.push({ host, incarnation, sequence, report }),
          onMembership: (change) => logs.membership.push(change),
          onBulk: (host, message) => logs.bulk.push({ host, message }),
          onMetrics: () => undefined,
          onBulkWritable: (host) => logs.writable.push(host),
          onProblem: (host, reason) => logs.problems.push({ host, reason }),
        },
      },
      {
        session: authority.session,
        credentials: await authority.issue(ROOT_NAME),
        keys,
        ...(degree === undefined ? {} : { degree }),
        ...(port === undefined ? {} : { port }),
        ...(times === undefined ? {} : { times }),
      },
    );
    this.onClose(() => root.close());
    const ranks = new Map<string, Rank>();
    const invite = (host: HostId, incarnation = 1): Rank => {
      const rank = root.invite(host, incarnation);
      ranks.set(`${host} ${incarnation}`, rank);
      return rank;
    };
    const issue = (host: HostId, incarnation = 1): Promise<TlsCredentials> => {
      // One that was never invited has a rank that nobody has.
      const rank = ranks.get(`${host} ${incarnation}`) ?? 1_000_000;
      return authority.issue({ role: "client", host, incarnation, rank });
    };
    return { root, authority, keys, invite, issue, ranks, ...logs };
  }

  async startMember(controller: TestRoot, name: string, settings: MemberOptions = {}): Promise<TestMember> {
    const host = hostIdOf(name);
    const { incarnation = 1, at, times } = settings;
    const directory = mkdtempSync(join(tmpdir(), "nebula-outbox-"));
    this.onClose(() => rmSync(directory, { recursive: true, force: true }));
    const outbox = openOutbox({ directory, incarnation });
    this.onClose(() => outbox.close());
    const commands = new Log<{ sequence: number; command: Command }>();
    const bulk = new Log<BulkMessage>();
    const said = new Log<string>();
    const rank = controller.ranks.get(`${host} ${incarnation}`) ?? 1_000_000;
    const place = controller.root.introduce(rank);
    const root = at && writeAddress({ host: at.address, port: at.port });
    const credentials: ClientCredentials = {
      ...(await controller.issue(host, incarnation)),
      ...place,
      candidates: place.candidates.map((one) =>
        one.rank === ROOT_RANK ? { ...one, address: root ?? one.address } : one,
      ),
      session: SESSION,
      host,
      incarnation,
      controllerAbsenceMs: 60_000,
      ...settings.credentials,
    };
    const member = createOverlayMember(
      {
        clock: createSystemClock(),
        random: createRandom(rank),
        outbox,
        topology: settings.topology ?? this.#topology,
        callbacks: {
          onCommand: (sequence, command) => commands.push({ sequence, command }),
          onBulk: (message) => bulk.push(message),
          onBulkWritable: () => said.push("writable"),
          onAttached: () => said.push("attached"),
          onOrphaned: (reason) => said.push(`orphaned: ${reason}`),
          onAbandoned: (reason) => said.push(`abandoned: ${reason}`),
          onUnreached: (reason) => said.push(`unreached: ${reason}`),
          onMalformedCommand: (reason) => said.push(`malformed command: ${reason}`),
          onProblem: (reason) => said.push(`problem: ${reason}`),
        },
      },
      { credentials, ...(times === undefined ? {} : { times }) },
    );
    this.onClose(() => member.close());
    return { member, commands, bulk, said };
  }
}
