// Thirty real clients (200 with NEBULA_ALL_RUNS=1) on the tree and on the star: the same work, the same results, also when
// clients are killed on the way.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { hostIdOf, runIdOf, type HostId } from "../../src-shared/base/ids.ts";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import { star } from "../../src-shared/overlay/star.ts";
import { ROOT_RANK, type RootRecord, type Topology } from "../../src-shared/overlay/topology.ts";
import type { Command } from "../../src-shared/protocol/commands.ts";
import type { TlsCredentials } from "../../src-shared/protocol/credentials.ts";
import { ROOT_NAME } from "../../src-shared/protocol/peer-name.ts";
import type { Report } from "../../src-shared/protocol/reports.ts";
import {
  createAuthority,
  type CertificateAuthority,
} from "../../src-main/overlay-root/certificate-authority.ts";
import { executeOf, RUN } from "../src-client/core/block-text.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { shellXml } from "./application-text.ts";
import { hostsNamed, startClients } from "./client-processes.ts";
import type { ControllerWord, WrittenReport } from "./controller-part.ts";
import { ControllerProcess, reportsOf } from "./controller-process.ts";
import { flood, pressAsStrangers, Traitor } from "./hostile-ends.ts";
import { OverlayFixture, SESSION, type TestRoot } from "./overlay-fixture.ts";
import { holdsWithin, isAlive, processesOf } from "./process-list.ts";
import { doorsOf } from "./tree-links.ts";

const ALL = process.env["NEBULA_ALL_RUNS"] === "1";
const HOSTS = ALL ? 200 : 30;
const KILLED = ALL ? 20 : 4;
const COMMANDS = ALL ? 40 : 16;
const ALL_MS = 600_000;
const GONE_MS = 10_000;
const HOUR_MS = 3_600_000;
/** Of any run. */
const PREPARE = { kind: "prepare", execute: undefined, component: "c", software: [], users: [] } as const;

let fixture: OverlayFixture | undefined;
afterEach(() => fixture?.close());

/** Those who have children, the busiest first; on the star anybody. */
function relaysOf(controller: TestRoot): HostId[] {
  const members = controller.root.members();
  const children = new Map(members.map(({ host }) => [host, 0]));
  for (const { parent } of members)
    if (parent !== undefined && parent !== "controller")
      children.set(parent, (children.get(parent) ?? 0) + 1);
  return [...children].sort((one, other) => other[1] - one[1]).map(([host]) => host);
}

/** Each prepared run, as the hosts tell it: what each has done, in sorted order. */
function resultsOf(controller: TestRoot, hosts: readonly HostId[]): Map<HostId, string[]> {
  const results = new Map<HostId, string[]>(hosts.map((host) => [host, []]));
  for (const { host, report } of controller.reports.entries)
    if (report.kind === "prepared") results.get(host)?.push(report.run);
  for (const runs of results.values()) runs.sort();
  return results;
}

async function play(
  topology: Topology<unknown>,
  meanwhile: (controller: TestRoot, living: readonly HostId[]) => Promise<void> = () => Promise.resolve(),
): Promise<string[][]> {
  fixture = new OverlayFixture(topology);
  const folder = temporaryFolder();
  const controller = await fixture.startRoot({ degree: 3, authority: await shiftingAuthority() });
  const clients = await startClients(fixture, controller, folder, hostsNamed(HOSTS));
  const killed = relaysOf(controller).slice(0, KILLED);
  const living = [...clients.keys()].filter((host) => !killed.includes(host));
  const pressed = meanwhile(controller, living);
  for (let count = 1; count <= COMMANDS; count += 1) {
    const run = runIdOf(`run-${String(count).padStart(2, "0")}`);
    controller.root.command(living, { ...PREPARE, run });
    if (count % (COMMANDS / KILLED) !== 0) continue;
    // By force, with half of the commands on their way.
    clients.get(killed[count / (COMMANDS / KILLED) - 1]!)!.kill();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Whoever waits is asked once for each report: no more than a look at the count.
  const least = HOSTS - KILLED + living.length * COMMANDS;
  const isDone = (): boolean =>
    controller.reports.entries.length >= least &&
    [...resultsOf(controller, living).values()].every((runs) => runs.length >= COMMANDS);
  await controller.reports.until(isDone);
  await pressed;
  await controller.membership.until(() => attachedIn(controller).sort().join() === [...living].sort().join());
  await leaveAll(controller, living);
  return [...resultsOf(controller, living).values()];
}

function attachedIn(controller: TestRoot): HostId[] {
  return controller.root.members().flatMap(({ host, state }) => (state === "attached" ? [host] : []));
}

/** The end of a run: nobody is left behind by a parent that goes before it. */
async function leaveAll(controller: TestRoot, hosts: readonly HostId[]): Promise<void> {
  const before = controller.membership.entries.length;
  controller.root.command(hosts, { kind: "leave", keep: false });
  const left = (): number => controller.root.members().filter(({ state }) => state === "left").length;
  await controller.membership.until(() => left() === hosts.length);
  const changes = controller.membership.entries.slice(before).map(({ state }) => state);
  expect(changes).toEqual(hosts.map(() => "left"));
}

/** Its certificates can be those of another time. */
let shiftMs = 0;
const shiftingAuthority = (): Promise<CertificateAuthority> =>
  createAuthority(SESSION, { now: () => new Date(Date.now() + shiftMs) });

/** On the root, on relays and on a leaf: all that strangers and a client of the session can do to a door. */
async function press(controller: TestRoot, living: readonly HostId[]): Promise<void> {
  const facts = controller.reports.entries.flatMap(({ host, report }) =>
    report.kind === "facts" ? [[host, report.pid] as const] : [],
  );
  const pids = new Map(facts.filter(([host]) => living.includes(host)));
  const relays = relaysOf(controller).filter((host) => living.includes(host));
  const { address, port } = controller.root;
  const doors = [...relays.slice(0, 2), relays.at(-1)!].map((host) => ({
    at: doorsOf(pids.get(host)!)[0]!,
    rank: controller.ranks.get(`${host} 1`)!,
  }));
  doors.push({ at: { host: address, port }, rank: ROOT_RANK });
  const evil = hostIdOf("evil");
  const rank = controller.invite(evil);
  const name = { role: "client", host: evil, incarnation: 1, rank } as const;
  const strangers = [
    undefined,
    await controller.authority.issue(ROOT_NAME),
    await (await createAuthority("another")).issue(name),
    await (await createAuthority(SESSION)).issue(name),
    await issueAt(controller.authority, -48 * HOUR_MS),
    await issueAt(controller.authority, 25 * HOUR_MS),
  ];
  const own = { ...(await controller.issue(evil)), ...controller.root.introduce(rank) };
  const traitor = new Traitor({
    ...own,
    session: SESSION,
    host: evil,
    incarnation: 1,
    controllerAbsenceMs: 60_000,
  });
  const floods = doors.map(({ at }) => flood(at));
  await Promise.all(floods.map(({ shed }) => shed));
  for (const { at, rank: parent } of doors) {
    await pressAsStrangers(at, strangers);
    await traitor.pressOn(at, parent);
  }
  for (const { end } of floods) end();
  const was = controller.membership.entries.filter(({ host }) => host === evil).map(({ state }) => state);
  expect(was).toContain("attached");
  await controller.membership.until(() => !attachedIn(controller).includes(evil));
  controller.root.dismiss([evil]);
}

async function issueAt(authority: CertificateAuthority, ms: number): Promise<TlsCredentials> {
  shiftMs = ms;
  try {
    return await authority.issue({ role: "client", host: hostIdOf("evil"), incarnation: 1, rank: 999 });
  } finally {
    shiftMs = 0;
  }
}

test(
  "clients are killed while they pass commands on, and strangers and a traitor press on every door: the others do all of them, once each",
  ALL ? { timeout: ALL_MS } : {},
  async () => {
    const wanted = Array.from(
      { length: COMMANDS },
      (_, place) => `run-${String(place + 1).padStart(2, "0")}`,
    );
    const everybody = Array.from({ length: HOSTS - KILLED }, () => wanted);
    expect(await play(randTree, press)).toEqual(everybody);
    await fixture?.close();
    expect(await play(star)).toEqual(everybody);
  },
);

const ATTENDED = 6;
test("a controller is killed, another takes over what it has kept: processes untouched, nothing lost or doubled", async () => {
  const folder = temporaryFolder();
  const hosts = hostsNamed(ATTENDED);
  const [first, second] = [new ControllerProcess(folder), new ControllerProcess(folder)];
  // Also when its time is over.
  onTestFinished(async () => {
    for (const controller of [first, second]) await controller.close();
    for (const { pid } of processesOf(folder)) process.kill(pid, "SIGKILL");
  });
  await takeOver(folder, hosts, first, second);
});

async function takeOver(
  folder: string,
  hosts: readonly HostId[],
  first: ControllerProcess,
  second: ControllerProcess,
): Promise<void> {
  const prepare = (run: string): Command => ({ ...PREPARE, run: runIdOf(run) });
  const tell = (to: ControllerProcess, command: Command): void =>
    to.order({ kind: "command", targets: hosts, command });
  const reported = (kind: Report["kind"]) => (word: ControllerWord) =>
    word.kind === "report" && word.report === kind;
  const go = join(folder, "go");

  first.order({ kind: "open", hosts });
  const { heritage } = await first.word("standing");
  second.order({ kind: "open", hosts, heritage });
  const { reason } = await second.word("refused");
  expect(reason).toContain(`process ${String(first.pid)} has it since`);
  tell(first, prepare(RUN));
  tell(first, executeOf(shellXml(`while [ ! -e ${go} ]; do sleep 0.05; done`)));
  await first.times(ATTENDED, reported("processStarted"));
  await first.word("kept", () => first.ranksKept === ATTENDED);
  // Killed with these on their way: on disk, at some hosts, answered by a few.
  const given = Array.from({ length: 8 }, (_, place) => `before-${String(place + 1)}`);
  for (const run of given) tell(first, prepare(run));
  await first.times(2 + given.length, (word) => word.kind === "kept" && word.record === "command");
  await first.kill();

  second.order({ kind: "open", hosts, heritage });
  const { epoch, records } = await second.word("standing");
  expect(epoch).toBe(2);
  const after = Array.from({ length: 4 }, (_, place) => `after-${String(place + 1)}`);
  for (const run of after) tell(second, prepare(run));
  await second.word("members", ({ attached }) => attached === ATTENDED);
  const pids = pidsIn(reportsOf(folder, 1));
  expect(pids).toHaveLength(2 * ATTENDED);
  expect(pids.filter((pid) => !isAlive(pid))).toEqual([]);
  writeFileSync(go, "");
  await second.times(ATTENDED, reported("hostEnded"));
  tell(second, { kind: "leave", keep: false });
  await second.word("members", ({ left }) => left === ATTENDED);

  const earlier = reportsOf(folder, 1);
  const later = reportsOf(folder, epoch);
  for (const host of hosts) {
    const [told, again] = [earlier, later].map((reports) => byNumber(reports, host));
    const [before, since] = [[...told!.keys()], [...again!.keys()]];
    // What the journal knows as handed on does not come again, what it does not know comes under its own number.
    const received = receivedOf(records, host);
    expect(since).toEqual(numbersFrom(received + 1, since.at(-1)!));
    expect(before).toEqual(numbersFrom(1, before.at(-1)!));
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThanOrEqual(before.at(-1)!);
    for (const [sequence, reports] of again!) {
      // It may have been killed between two that have one number.
      const first = told!.get(sequence) ?? [];
      expect(reports.slice(0, first.length)).toEqual(first);
      told!.set(sequence, reports);
    }
    const all = [...told!.values()].flat();
    const prepared = all.flatMap((report) => (report.kind === "prepared" ? [report.run] : []));
    expect(prepared.sort()).toEqual([RUN, ...given, ...after].sort());
    const exits = all.filter(({ kind }) => kind === "processExited");
    expect(exits).toMatchObject([{ attempt: 1, exit: { status: 0, cause: "itself" } }]);
  }
  // The second one, and nobody else.
  const others = (): number[] => processesOf(folder).flatMap(({ pid }) => (pid === second.pid ? [] : [pid]));
  expect(await holdsWithin(GONE_MS, () => others().length === 0)).toBe(true);
}

/** Several that a client says at once have one number, and come and go together. */
function byNumber(reports: readonly WrittenReport[], host: HostId): Map<number, Report[]> {
  const numbers = new Map<number, Report[]>();
  for (const written of reports) {
    if (written.host !== host) continue;
    const { sequence, report } = written;
    numbers.set(sequence, [...(numbers.get(sequence) ?? []), report]);
  }
  return numbers;
}

/** Of clients and of what they have started. */
function pidsIn(reports: readonly WrittenReport[]): number[] {
  return reports.flatMap(({ report }) =>
    report.kind === "facts" || report.kind === "processStarted" ? [report.pid] : [],
  );
}

function receivedOf(records: readonly RootRecord[], host: HostId): number {
  const rank = records.find((record) => record.kind === "invited" && record.host === host);
  const counts = records.flatMap((record) =>
    record.kind === "reports" && rank?.kind === "invited" && record.rank === rank.rank ? [record.upTo] : [],
  );
  return Math.max(0, ...counts);
}

function numbersFrom(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, place) => first + place);
}
