// A real overlay root and real clients on 127.0.0.1, with all that they say written down.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostIdOf } from "../../src-shared/base/ids.ts";
import type { HostId } from "../../src-shared/base/ids.ts";
import { createRandom } from "../../src-shared/base/random.ts";
import { createSystemClock } from "../../src-shared/node/system-clock.ts";
import type { MembershipChange, OverlayTimes } from "../../src-shared/overlay/overlay.ts";
import type { BulkMessage } from "../../src-shared/protocol/bulk.ts";
import type { Command } from "../../src-shared/protocol/commands.ts";
import type { TlsCredentials } from "../../src-shared/protocol/credentials.ts";
import { ROOT_HOST } from "../../src-shared/protocol/peer-name.ts";
import type { Report } from "../../src-shared/protocol/reports.ts";
import { openOutbox } from "../../src-client/overlay-member/outbox.ts";
import { createOverlayMember } from "../../src-client/overlay-member/overlay-member.ts";
import type { RunningOverlayMember } from "../../src-client/overlay-member/overlay-member.ts";
import { createAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import type { CertificateAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import { createOverlayRoot } from "../../src-main/overlay-root/overlay-root.ts";
import type { RunningOverlayRoot } from "../../src-main/overlay-root/overlay-root.ts";

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

  count(least: number): Promise<unknown> {
    return this.until(() => this.entries.length >= least);
  }
}

export interface TestRoot {
  readonly root: RunningOverlayRoot;
  readonly authority: CertificateAuthority;
  readonly membership: Log<MembershipChange>;
  readonly reports: Log<{ host: HostId; incarnation: number; sequence: number; report: Report }>;
  readonly bulk: Log<{ host: HostId; message: BulkMessage }>;
  readonly writable: Log<HostId>;
  readonly problems: Log<{ host: HostId | undefined; reason: string }>;
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
  readonly #closers: (() => unknown)[] = [];

  onClose(closer: () => unknown): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) await closer();
  }

  async startRoot(
    settings: { authority?: CertificateAuthority; times?: Partial<OverlayTimes> } = {},
  ): Promise<TestRoot> {
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
        callbacks: {
          onReport: (host, incarnation, sequence, report) =>
            logs.reports.push({ host, incarnation, sequence, report }),
          onMembership: (change) => logs.membership.push(change),
          onBulk: (host, message) => logs.bulk.push({ host, message }),
          onBulkWritable: (host) => logs.writable.push(host),
          onProblem: (host, reason) => logs.problems.push({ host, reason }),
        },
      },
      {
        session: authority.session,
        credentials: await authority.issue("root", ROOT_HOST),
        ...(settings.times === undefined ? {} : { times: settings.times }),
      },
    );
    this.onClose(() => root.close());
    return { root, authority, ...logs };
  }

  async startMember(
    target: { root: { address: string; port: number }; authority: CertificateAuthority },
    name: string,
    settings: { incarnation?: number; credentials?: TlsCredentials; session?: string } = {},
  ): Promise<TestMember> {
    const host = hostIdOf(name);
    const { incarnation = 1, session = SESSION } = settings;
    const directory = mkdtempSync(join(tmpdir(), "nebula-outbox-"));
    this.onClose(() => rmSync(directory, { recursive: true, force: true }));
    const outbox = openOutbox({ directory, incarnation });
    this.onClose(() => outbox.close());
    const commands = new Log<{ sequence: number; command: Command }>();
    const bulk = new Log<BulkMessage>();
    const said = new Log<string>();
    const keys = settings.credentials ?? (await target.authority.issue("client", host));
    const candidates = [{ host: target.root.address, port: target.root.port }];
    const member = createOverlayMember(
      {
        clock: createSystemClock(),
        random: createRandom(2),
        outbox,
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
      { credentials: { ...keys, session, host, incarnation, candidates, controllerAbsenceMs: 60_000 } },
    );
    this.onClose(() => member.close());
    return { member, commands, bulk, said };
  }
}
