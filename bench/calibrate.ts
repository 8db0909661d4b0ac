// What frames, handshakes and wake-ups cost on this computer: the simulator's table of costs, measured
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { hostIdOf } from "../src-shared/base/ids.ts";
import { createFrameLink, type FrameLink } from "../src-shared/node/frame-link.ts";
import { createSystemClock } from "../src-shared/node/system-clock.ts";
import { createLinkContext, dialPeer, listenForClients } from "../src-shared/node/tls-link.ts";
import { FIRST_CHAIN } from "../src-shared/overlay/command-order.ts";
import { randTree } from "../src-shared/overlay/rand-tree.ts";
import { ROOT_RANK } from "../src-shared/overlay/topology.ts";
import type { TreeFrame } from "../src-shared/overlay/tree-frames.ts";
import { ROOT_NAME } from "../src-shared/protocol/peer-name.ts";
import { createWireCodec } from "../src-shared/protocol/wire.ts";
import { SIMULATED_COSTS, type SimulatedCosts } from "../src-shared/simulator/simulated-costs.ts";
import { createAuthority } from "../src-main/overlay-root/certificate-authority.ts";
import type { Duplex } from "node:stream";

const HANDSHAKES = 300;
const FRAMES = 20_000;
const ROUNDS = 3000;
const SMALL_BYTES = 100;
const LARGE_BYTES = 16 * 1024;
const SESSION = "calibrate";
const OUT = join(import.meta.dirname, "overlay", "costs.json");

const authority = await createAuthority(SESSION);
const ends = await connectEnds();
const handshakeMs = await handshakes();
const smallMs = await streaming(SMALL_BYTES);
const largeMs = await streaming(LARGE_BYTES);
const pingPongMs = await pingPong(SMALL_BYTES);
const encodeMs = encoding(SMALL_BYTES);
ends.close();

const kilobyteMs = Math.max(0, (largeMs - smallMs) / 2 / ((LARGE_BYTES - SMALL_BYTES) / 1024));
const costs: SimulatedCosts = {
  ...SIMULATED_COSTS,
  // What both ends spend on a frame, less what one of them spends on writing it.
  frameOutMs: round(encodeMs + (smallMs - encodeMs) / 3),
  frameInMs: round(((smallMs - encodeMs) * 2) / 3),
  kilobyteMs: round(kilobyteMs),
  acceptMs: round(handshakeMs / 2),
  dialMs: round(handshakeMs / 2),
  // A frame that comes alone wakes the program; one of many does not.
  wakeMs: round(Math.max(0, pingPongMs - smallMs)),
};
const machine = `${String(cpus().length)} × ${cpus()[0]?.model ?? "?"}, Linux ${release()}, Node ${process.versions.node}`;
writeFileSync(OUT, `${JSON.stringify({ machine, costs }, undefined, 2)}\n`);
console.log(machine);
for (const [name, ms] of Object.entries(costs)) console.log(`${name.padEnd(14)} ${String(ms)}`);

interface Ends {
  readonly dial: () => Promise<Duplex>;
  /** The other end of the last dial. */
  readonly accepted: () => Promise<Duplex>;
  close(): void;
}

async function connectEnds(): Promise<Ends> {
  let waiting: ((socket: Duplex) => void) | undefined;
  const sockets: Duplex[] = [];
  const listener = await listenForClients(
    {
      address: "127.0.0.1",
      port: 0,
      credentials: await authority.issue(ROOT_NAME),
      session: SESSION,
      rank: ROOT_RANK,
    },
    {
      onClient: (socket) => {
        sockets.push(socket);
        waiting?.(socket);
      },
      onRefused: (reason) => console.error(reason),
    },
  );
  const client = await authority.issue({ role: "client", host: hostIdOf("c"), incarnation: 1, rank: 1 });
  const context = createLinkContext(client);
  return {
    accepted: () =>
      new Promise((resolve) => {
        waiting = resolve;
      }),
    async dial() {
      const { signal } = new AbortController();
      const at = { host: listener.address, port: listener.port };
      const socket = await dialPeer(at, { context, session: SESSION, rank: ROOT_RANK, signal });
      sockets.push(socket);
      return socket;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      void listener.close();
    },
  };
}

/** Both ends together. */
async function handshakes(): Promise<number> {
  const once = async (): Promise<void> => {
    const accepted = ends.accepted();
    const dialled = await ends.dial();
    (await accepted).destroy();
    dialled.destroy();
  };
  for (let warm = 0; warm < 20; warm += 1) await once();
  return cpuPer(HANDSHAKES, async () => {
    for (let count = 0; count < HANDSHAKES; count += 1) await once();
  });
}

async function linkPair(
  onFrame: (there: FrameLink<TreeFrame>) => void,
): Promise<{ here: FrameLink<TreeFrame>; there: FrameLink<TreeFrame>; back: Promise<void>[] }> {
  const accepted = ends.accepted();
  const dialled = await ends.dial();
  const stream = await accepted;
  const codec = createWireCodec(randTree);
  const clock = createSystemClock();
  const nothing = {
    onReceiving: () => undefined,
    onClosed: () => undefined,
    onBulkWritable: () => undefined,
    onDrained: () => undefined,
  };
  const back: Promise<void>[] = [];
  let replied: () => void = () => undefined;
  const here = createFrameLink({
    stream: dialled,
    codec,
    isBulk: () => false,
    clock,
    callbacks: { ...nothing, onFrame: () => replied() },
  });
  const there: FrameLink<TreeFrame> = createFrameLink({
    stream,
    codec,
    isBulk: () => false,
    clock,
    callbacks: { ...nothing, onFrame: () => onFrame(there) },
  });
  return {
    here,
    there,
    get back() {
      back[0] = new Promise((resolve) => (replied = resolve));
      return back;
    },
  };
}

/** Both ends together, many frames at once. */
async function streaming(bytes: number): Promise<number> {
  let seen = 0;
  let done: () => void = () => undefined;
  const count = Math.min(FRAMES, Math.floor((64 * 1024 * 1024) / bytes));
  const { here } = await linkPair(() => {
    seen += 1;
    if (seen === count) done();
  });
  const frame = frameOf(bytes);
  return cpuPer(count, async () => {
    const all = new Promise<void>((resolve) => (done = resolve));
    for (let sent = 0; sent < count; sent += 1) {
      here.send(frame);
      // Below what a link holds in its lane.
      if (sent % 200 === 199) await new Promise((resolve) => setImmediate(resolve));
      while (here.controlBytes > 1024 * 1024) await new Promise((resolve) => setImmediate(resolve));
    }
    await all;
  });
}

/** Both ends together, each frame alone; two frames a round. */
async function pingPong(bytes: number): Promise<number> {
  const frame = frameOf(bytes);
  const pair = await linkPair((there) => there.send(frame));
  const each = await cpuPer(ROUNDS, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [answered] = pair.back;
      pair.here.send(frame);
      await answered;
    }
  });
  return each / 2;
}

function encoding(bytes: number): number {
  const codec = createWireCodec(randTree);
  const frame = frameOf(bytes);
  const began = process.cpuUsage();
  for (let count = 0; count < FRAMES; count += 1) codec.encodeFrame(frame);
  return spentSince(began) / FRAMES;
}

function frameOf(bytes: number): TreeFrame {
  return {
    t: "command",
    epoch: 1,
    sequence: 1,
    targets: [1, 1],
    payload: new Uint8Array(bytes),
    before: FIRST_CHAIN,
    seal: new Uint8Array(64),
  };
}

async function cpuPer(count: number, work: () => Promise<void>): Promise<number> {
  const began = process.cpuUsage();
  await work();
  return spentSince(began) / count;
}

function spentSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

function round(ms: number): number {
  return Number(ms.toPrecision(2));
}
