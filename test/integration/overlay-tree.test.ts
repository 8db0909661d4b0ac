// The tree over real TLS in one process: relays on the way, relays that die, strangers at a relay, a root that returns.
import { join } from "node:path";
import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hostIdOf, runIdOf, type HostId } from "../../src-shared/base/ids.ts";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import type { TreeFrame } from "../../src-shared/overlay/tree-frames.ts";
import { ROOT_RANK, type Rank } from "../../src-shared/overlay/topology.ts";
import { parseAddress, type Endpoint } from "../../src-shared/protocol/address.ts";
import { CHUNK_BYTES, type BulkMessage } from "../../src-shared/protocol/bulk.ts";
import type { Command } from "../../src-shared/protocol/commands.ts";
import type { TlsCredentials } from "../../src-shared/protocol/credentials.ts";
import { ROOT_NAME } from "../../src-shared/protocol/peer-name.ts";
import { createWireCodec } from "../../src-shared/protocol/wire.ts";
import { createAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import { openRootJournal } from "../../src-main/overlay-root/root-journal.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { closed, dialAs } from "./hostile-ends.ts";
import { OverlayFixture, SESSION, type TestMember, type TestRoot } from "./overlay-fixture.ts";

const RUN = runIdOf("run-1");
const HOUR_MS = 3_600_000;
/** Members find the new root by themselves, some after a search. */
const NEWS_MS = 20_000;
const codec = createWireCodec(randTree);
const release = (barrier: number): Command => ({ kind: "release", run: RUN, barrier: String(barrier) });
const dropped = (count: number) => ({ kind: "reportsDropped", count }) as const;
const hostOf = (place: number): HostId => hostIdOf(`node${String(place)}`);

let fixture: OverlayFixture;
beforeEach(() => {
  fixture = new OverlayFixture(randTree);
});
afterEach(() => fixture.close());

interface Node extends TestMember {
  readonly host: HostId;
  readonly rank: Rank;
}

/** One after the other, so that each is planned below those that stand. */
async function startTree(controller: TestRoot, count: number): Promise<Node[]> {
  const nodes: Node[] = [];
  for (let place = 1; place <= count; place += 1) {
    const host = hostOf(place);
    const rank = controller.invite(host);
    const node = await fixture.startMember(controller, host);
    await controller.membership.until((change) => change.host === host && change.state === "attached");
    nodes.push({ ...node, host, rank });
  }
  return nodes;
}

const barriersOf = (node: TestMember): string[] =>
  node.commands.entries.map(({ command }) => (command.kind === "release" ? command.barrier : command.kind));

/** Somebody below whom the next one is planned, and where it can be dialled. */
function relayOf(controller: TestRoot, nodes: readonly Node[]): { relay: Node; at: Endpoint } {
  const newcomer = controller.root.invite(hostIdOf("newcomer"), 1);
  const { candidates } = controller.root.introduce(newcomer);
  controller.root.dismiss([hostIdOf("newcomer")]);
  const planned = candidates.find(({ rank }) => rank !== ROOT_RANK)!;
  return { relay: nodes.find(({ rank }) => rank === planned.rank)!, at: parseAddress(planned.address)! };
}

function depthsOf(controller: TestRoot): number[] {
  return controller.root.members().map(({ depth }) => depth);
}

describe("over relays", () => {
  test("commands to some and to all, reports from all, once and in order", async () => {
    const controller = await fixture.startRoot({ degree: 2 });
    const nodes = await startTree(controller, 7);
    expect(depthsOf(controller).sort()).toEqual([1, 1, 2, 2, 2, 2, 3]);
    const all = nodes.map(({ host }) => host);
    const deepest = nodes.at(-1)!;
    for (let barrier = 1; barrier <= 200; barrier += 1)
      controller.root.command(barrier % 2 === 0 ? all : [deepest.host], release(barrier));
    for (const node of nodes)
      for (let count = 1; count <= 100; count += 1) node.member.report(dropped(count));
    await Promise.all(nodes.map((node) => node.commands.count(node === deepest ? 200 : 100)));
    await controller.reports.count(700);
    for (const node of nodes) {
      const wanted = Array.from({ length: 200 }, (_, place) => place + 1);
      const own = node === deepest ? wanted : wanted.filter((barrier) => barrier % 2 === 0);
      expect(barriersOf(node)).toEqual(own.map(String));
      const reports = controller.reports.entries.filter(({ host }) => host === node.host);
      expect(reports.map(({ report }) => report)).toEqual(
        Array.from({ length: 100 }, (_, place) => dropped(place + 1)),
      );
    }
    expect(controller.problems.entries).toEqual([]);
  });

  test("bulk both ways, and a command that overtakes it", async () => {
    const controller = await fixture.startRoot({ degree: 2 });
    const nodes = await startTree(controller, 7);
    const { host, bulk, member, commands } = nodes.at(-1)!;
    const bytes = new Uint8Array(CHUNK_BYTES).fill(7);
    const chunks = 64;
    const chunkAt = (place: number): BulkMessage => {
      const size = chunks * CHUNK_BYTES;
      return { kind: "chunk", file: "collected:run-1:0", offset: place * CHUNK_BYTES, size, bytes };
    };
    // A window at a time, as files are pulled: relays hold no more than was asked for.
    const window = 16;
    let before = 0;
    for (let place = 0; place < chunks; place += 1) {
      controller.root.bulk(host, chunkAt(place));
      if (place === 40) controller.root.command([host], release(1));
      if (place === 40) void commands.until(() => ((before ||= bulk.entries.length), true));
      if (place % window === window - 1) await bulk.count(place + 1);
    }
    const offsets = bulk.entries.map((message) => message.kind === "chunk" && message.offset / CHUNK_BYTES);
    expect(offsets).toEqual(Array.from({ length: chunks }, (_, place) => place));
    await commands.count(1);
    expect(before).toBeLessThanOrEqual(41);
    for (let place = 0; place < chunks; place += 1) {
      member.sendBulk(chunkAt(place));
      if (place % 4 === 3) await controller.bulk.count(place + 1);
    }
    expect(controller.bulk.entries.map((entry) => entry.host)).toEqual(
      Array.from({ length: chunks }, () => host),
    );
  });

  test("a relay says goodbye: its children move, nobody is missed", async () => {
    const controller = await fixture.startRoot({ degree: 2 });
    const nodes = await startTree(controller, 6);
    const [relay, ...others] = nodes;
    expect(relay!.member.children).toBe(2);
    await relay!.member.leave();
    relay!.member.close();
    await controller.membership.until(({ host, state }) => host === relay!.host && state === "left");
    controller.root.command(
      others.map(({ host }) => host),
      release(1),
    );
    await Promise.all(others.map(({ commands }) => commands.count(1)));
    expect(controller.membership.entries.map(({ state }) => state)).not.toContain("lost");
  });
});

test("relays die while commands are given and reports come: all of them arrive, once and in order", async () => {
  const controller = await fixture.startRoot({ degree: 2 });
  const nodes = await startTree(controller, 12);
  const dead = [nodes[0]!, nodes[3]!];
  const living = nodes.filter((node) => !dead.includes(node));
  let barrier = 0;
  const work = (): void => {
    for (let count = 0; count < 20; count += 1) {
      barrier += 1;
      controller.root.command(
        living.map(({ host }) => host),
        release(barrier),
      );
      for (const node of living) node.member.report(dropped(barrier));
    }
  };
  work();
  for (const node of dead) {
    node.member.close();
    work();
  }
  await Promise.all(living.map((node) => node.commands.count(barrier)));
  await controller.reports.count(barrier * living.length);
  const numbers = Array.from({ length: barrier }, (_, place) => place + 1);
  for (const node of living) {
    expect(barriersOf(node)).toEqual(numbers.map(String));
    const reports = controller.reports.entries.filter(({ host }) => host === node.host);
    expect(reports.map(({ report }) => report)).toEqual(numbers.map(dropped));
  }
  // All may have arrived while somebody was just moving once more.
  const attached = (): string =>
    controller.root
      .members()
      .flatMap(({ host, state }) => (state === "attached" ? [host] : []))
      .sort()
      .join();
  const all = living.map(({ host }) => host);
  await controller.membership.until(() => attached() === all.sort().join());
});

test("a root that returns finds its clients, and they the commands that they lack", async () => {
  const path = join(temporaryFolder(), "overlay.journal");
  const first = await fixture.startRoot({ degree: 2, journal: await openRootJournal(path) });
  const nodes = await startTree(first, 5);
  const all = nodes.map(({ host }) => host);
  const { authority, keys } = first;
  const { port } = first.root;
  first.root.command(all, release(1));
  await Promise.all(nodes.map(({ commands }) => commands.count(1)));
  for (const { member } of nodes) member.report(dropped(1));
  await first.reports.count(5);
  // On disk before anybody has it; the root ends at once.
  first.root.command(all, release(2));
  await nodes[0]!.commands.count(2);
  await first.root.close();
  for (const { member } of nodes) member.report(dropped(2));
  const journal = await openRootJournal(path);
  expect(journal.epoch).toBe(2);
  const second = await fixture.startRoot({ degree: 2, journal, authority, keys, port });
  await Promise.all(nodes.map(({ commands }) => commands.count(2)));
  second.root.command(all, release(3));
  await Promise.all(nodes.map(({ commands }) => commands.count(3)));
  for (const node of nodes) expect(barriersOf(node)).toEqual(["1", "2", "3"]);
  // What the first root had but did not acknowledge any more comes again, before the news or between them.
  const news = (): readonly string[] =>
    second.reports.entries
      .filter(({ report, sequence }) => report.kind === "reportsDropped" && sequence === 2)
      .map(({ host }) => host)
      .sort();
  await expect.poll(news, { timeout: NEWS_MS }).toEqual(all);
  const newcomer = second.invite(hostIdOf("late"));
  expect(newcomer).toBeGreaterThan(Math.max(...nodes.map(({ rank }) => rank)));
});

test("an address of the controller that swallows everything costs time once, not whenever the parent is lost", async () => {
  const controller = await fixture.startRoot({ degree: 2 });
  const { address, port } = controller.root;
  const sockets = new Set<Socket>();
  const listen = async (onSocket: (socket: Socket) => void): Promise<string> => {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    fixture.onClose(() => (server.close(), sockets.forEach((socket) => socket.destroy())));
    return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };
  let swallowed = 0;
  const silent = await listen(() => (swallowed += 1));
  const passing = await listen((socket) => {
    const onward = createConnection({ host: address, port });
    onward.on("error", () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  const host = hostOf(1);
  controller.invite(host);
  const candidates = [silent, passing].map((one) => ({ rank: ROOT_RANK, address: one }));
  const { said } = await fixture.startMember(controller, host, { credentials: { candidates } });
  const times = (word: string): number => said.entries.filter((line) => line.startsWith(word)).length;
  await said.until(() => times("attached") === 1);
  for (let cut = 1; cut <= 3; cut += 1) {
    for (const socket of sockets) socket.destroy();
    await said.until(() => times("orphaned") === cut && times("attached") > cut);
  }
  expect(swallowed).toBe(1);
});

describe("strangers at a relay", () => {
  async function start(): Promise<{ controller: TestRoot; nodes: Node[]; relay: Node; at: Endpoint }> {
    const controller = await fixture.startRoot({ degree: 2 });
    const nodes = await startTree(controller, 4);
    return { controller, nodes, ...relayOf(controller, nodes) };
  }

  async function dial(at: Endpoint, credentials?: TlsCredentials): Promise<TLSSocket> {
    const socket = await dialAs(at, credentials);
    fixture.onClose(() => socket.destroy());
    return socket;
  }

  /** The tree works, and nobody has moved. */
  async function isUndisturbed(controller: TestRoot, nodes: readonly Node[]): Promise<void> {
    controller.root.command(
      nodes.map(({ host }) => host),
      release(99),
    );
    await Promise.all(
      nodes.map(({ commands }) => commands.until(({ command }) => command.kind === "release")),
    );
    for (const node of nodes)
      expect(node.said.entries.filter((line) => line.startsWith("orphaned"))).toEqual([]);
  }

  test("with a wrong, foreign, expired, early or no certificate, or with its own, are not let in", async () => {
    const { controller, nodes, relay, at } = await start();
    const { authority } = controller;
    const name = { role: "client", host: hostIdOf("evil"), incarnation: 1, rank: 500 } as const;
    const shifted = async (ms: number): Promise<TlsCredentials> =>
      (await createAuthority(SESSION, { now: () => new Date(Date.now() + ms) })).issue(name);
    const others: readonly [string, TlsCredentials | undefined][] = [
      ["none", undefined],
      ["the root's role", await authority.issue(ROOT_NAME)],
      ["another session", await (await createAuthority("another")).issue(name)],
      ["another authority of this session", await (await createAuthority(SESSION)).issue(name)],
      ["expired", await shifted(-48 * HOUR_MS)],
      ["early", await shifted(HOUR_MS)],
      ["its own", await controller.issue(relay.host)],
    ];
    for (const [, credentials] of others) await closed(await dial(at, credentials));
    const refused = (line: string): boolean => line.includes("refused somebody who dialled");
    await relay.said.until(() => relay.said.entries.filter(refused).length === others.length);
    expect(relay.member.children).toBeLessThanOrEqual(1);
    await isUndisturbed(controller, nodes);
  });

  test("a client of this session that was never invited finds no place", async () => {
    const { controller, nodes, at } = await start();
    const rank = 500;
    const keys = await controller.authority.issue({
      role: "client",
      host: hostIdOf("evil"),
      incarnation: 1,
      rank,
    });
    const socket = await dial(at, keys);
    const proof = new Uint8Array(16);
    const join: TreeFrame = {
      t: "join",
      protocol: 1,
      attach: 1,
      proof,
      stamp: { epoch: 0, beacon: 0 },
      depth: 0,
      have: 0,
      size: 1,
      address: "",
      insist: false,
    };
    socket.write(codec.encodeFrame(join));
    await closed(socket);
    expect(controller.root.members().map(({ rank: known }) => known)).not.toContain(rank);
    await isUndisturbed(controller, nodes);
  });

  test.each<[string, Uint8Array]>([
    ["no frame", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["an oversized frame", Buffer.from([0, 0x20, 0, 0, 1])],
    ["a frame of a parent", codec.encodeFrame({ t: "detached" })],
  ])("%s costs the sender its link and nobody else anything", async (_name, bytes) => {
    const { controller, nodes, at } = await start();
    const socket = await dial(at, await controller.issue(nodes[3]!.host));
    socket.write(bytes);
    await closed(socket);
    await isUndisturbed(controller, nodes);
  });

  test("a flood of half-open handshakes is shed while the links that stand go on", async () => {
    const { controller, nodes, at } = await start();
    const flood = Array.from({ length: 300 }, () => {
      const socket = createConnection(at);
      socket.on("error", () => socket.destroy());
      fixture.onClose(() => socket.destroy());
      return closed(socket);
    });
    let shed = 0;
    await new Promise<void>((resolve) => {
      for (const end of flood) void end.then(() => (shed += 1) === 172 && resolve());
    });
    await isUndisturbed(controller, nodes);
  });

  test("a dial that reaches somebody else than it was meant for has failed", async () => {
    const { controller, nodes, relay, at } = await start();
    const host = hostIdOf("late");
    const other = nodes.find((node) => node !== relay)!;
    controller.invite(host);
    const address = `${at.host}:${String(at.port)}`;
    const root = `${controller.root.address}:${String(controller.root.port)}`;
    const candidates = [
      { rank: other.rank, address },
      { rank: ROOT_RANK, address: root },
    ];
    const late = await fixture.startMember(controller, host, { credentials: { candidates } });
    const line = await late.said.until((said) => said.startsWith("problem: cannot reach client"));
    expect(line).toContain(`is not client ${String(other.rank)} of this session`);
    await late.said.until((said) => said === "attached");
  });
});
