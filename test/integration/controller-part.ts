// A controller's end of the overlay with its journal, in a process of its own: there to be killed.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { HostId } from "../../src-shared/base/ids.ts";
import type { SessionKeys } from "../../src-shared/node/seals.ts";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import type { Rank, RootRecord } from "../../src-shared/overlay/topology.ts";
import type { Command } from "../../src-shared/protocol/commands.ts";
import type { TlsCredentials } from "../../src-shared/protocol/credentials.ts";
import { ROOT_NAME } from "../../src-shared/protocol/peer-name.ts";
import type { Report } from "../../src-shared/protocol/reports.ts";
import { createAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import { openRootJournal, type RootJournal } from "../../src-main/overlay-root/root-journal.ts";
import { startClients } from "./client-processes.ts";
import { OverlayFixture, SESSION } from "./overlay-fixture.ts";

/** What a session proves itself with, and where its clients look for it: nothing else of it is in memory only. */
export interface Heritage {
  readonly credentials: TlsCredentials;
  readonly keys: SessionKeys;
  readonly port: number;
}

export type ControllerOrder =
  /** With a heritage its clients are there already; else it starts these. */
  | { readonly kind: "open"; readonly hosts: readonly HostId[]; readonly heritage?: Heritage }
  | { readonly kind: "command"; readonly targets: readonly HostId[]; readonly command: Command };

export type ControllerWord =
  | { readonly kind: "refused"; readonly reason: string }
  /** `records`: what it has found in the journal. */
  | {
      readonly kind: "standing";
      readonly epoch: number;
      readonly records: readonly RootRecord[];
      readonly heritage: Heritage;
    }
  /** On disk. */
  | { readonly kind: "kept"; readonly record: RootRecord["kind"]; readonly rank?: Rank }
  | { readonly kind: "report"; readonly report: Report["kind"] }
  | { readonly kind: "members"; readonly attached: number; readonly left: number };

/** One line of `reports-EPOCH`: written before anything is said of it to anybody, as the journal of runs will. */
export interface WrittenReport {
  readonly host: HostId;
  readonly sequence: number;
  readonly report: Report;
}

export const reportsFile = (folder: string, epoch: number): string =>
  join(folder, `reports-${String(epoch)}`);

const DEGREE = 2;
const folder = process.argv[2] ?? "";
const fixture = new OverlayFixture(randTree);
/** Whoever has started it may be gone: then it ends, too. */
const say = (word: ControllerWord): void => void process.send?.(word, () => undefined);

async function open({ hosts, heritage }: Extract<ControllerOrder, { kind: "open" }>): Promise<void> {
  const path = join(folder, "overlay.journal");
  const opened = await openRootJournal(path).catch((error: unknown) => (error as Error).message);
  if (typeof opened === "string") return say({ kind: "refused", reason: opened });
  const authority = await authorityOf(heritage);
  const controller = await fixture.startRoot({
    degree: DEGREE,
    journal: telling(opened),
    authority,
    ...(heritage === undefined ? {} : { keys: heritage.keys, port: heritage.port }),
  });
  controller.reports.watch(({ host, sequence, report }) => {
    const written: WrittenReport = { host, sequence, report };
    appendFileSync(reportsFile(folder, opened.epoch), `${JSON.stringify(written)}\n`);
    say({ kind: "report", report: report.kind });
  });
  controller.membership.watch(() => {
    const states = controller.root.members().map(({ state }) => state);
    const count = (wanted: string): number => states.filter((state) => state === wanted).length;
    say({ kind: "members", attached: count("attached"), left: count("left") });
  });
  process.on("message", (order: ControllerOrder) => {
    if (order.kind === "command") controller.root.command(order.targets, order.command);
  });
  if (heritage === undefined) await startClients(fixture, controller, folder, hosts);
  const credentials = await authority.issue(ROOT_NAME);
  const own = { credentials, keys: controller.keys, port: controller.root.port };
  say({ kind: "standing", epoch: opened.epoch, records: opened.records, heritage: own });
}

/** The keys of an authority are in memory only: what it has given the root before it was killed goes on. */
async function authorityOf(heritage: Heritage | undefined): ReturnType<typeof createAuthority> {
  if (heritage === undefined) return createAuthority(SESSION);
  const { credentials } = heritage;
  return { session: SESSION, ca: credentials.ca, issue: () => Promise.resolve(credentials) };
}

function telling(journal: RootJournal): RootJournal {
  return {
    epoch: journal.epoch,
    records: journal.records,
    async append(records) {
      const failure = await journal.append(records);
      for (const record of records)
        say({ kind: "kept", record: record.kind, ...("rank" in record ? { rank: record.rank } : {}) });
      return failure;
    },
    close: () => journal.close(),
  };
}

process.on("message", (order: ControllerOrder) => {
  if (order.kind === "open") void open(order);
});
// Whoever has started it is gone, or wants no more of it.
process.on("disconnect", () => void fixture.close().then(() => process.exit()));
