// What frames, handshakes and wake-ups cost on this computer: the simulator's table of costs, measured
import { setTimeout as pause } from "node:timers/promises";
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
import { RealTrial } from "./overlay/real-trial.ts";
import type { Duplex } from "node:stream";

const HANDSHAKES = 300;
const FRAMES = 20_000;
const SMALL_BYTES = 100;
const LARGE_BYTES = 16 * 1024;
const SESSION = "calibrate";
const CLIENTS = 40;
const COMMANDS = 40;
const COMMAND_BYTES = 1024;
/** From one command to the next: whoever waits is asleep, and what it knew is out of the processor's caches. */
const COMMAND_PAUSE_MS = 250;
const REST_MS = 5000;
const OUT = join(import.meta.dirname, "overlay", "costs.json");

const authority = await createAuthority(SESSION);
const ends = await connectEnds();
const handshakeMs = await handshakes();
const smallMs = await streaming(SMALL_BYTES);
const largeMs = await streaming(LARGE_BYTES);
const encodeMs = encoding(SMALL_BYTES);
ends.close();
const client = await clients();

const kilobyteMs = Math.max(0, (largeMs - smallMs) / 2 / ((LARGE_BYTES - SMALL_BYTES) / 1024));
const costs: SimulatedCosts = {
  ...SIMULATED_COSTS,
  // What both ends spend on a frame, less what one of them spends on writing it.
  frameOutMs: round(encodeMs + (smallMs - encodeMs) / 3),
  frameInMs: round(((smallMs - encodeMs) * 2) / 3),
  kilobyteMs: round(kilobyteMs),
  acceptMs: round(handshakeMs / 2),
  dialMs: round(handshakeMs / 2),
  firstDialMs: round(Math.max(0, client.firstMs - handshakeMs / 2)),
  // All that a command costs a client that sleeps, less what a frame each way costs in a loop: a frame that comes alone
  // wakes the program, and finds nothing in the caches.
  wakeMs: round(Math.max(0, client.commandMs - smallMs - kilobyteMs)),
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

/** Frames go from here to the other end. */
async function frameLink(onFrame: () => void): Promise<FrameLink<TreeFrame>> {
  const accepted = ends.accepted();
  const dialled = await ends.dial();
  const stream = await accepted;
  const common = { codec: createWireCodec(randTree), isBulk: () => false, clock: createSystemClock() };
  const nothing = {
    onFrame: () => undefined,
    onReceiving: () => undefined,
    onClosed: () => undefined,
    onBulkWritable: () => undefined,
    onDrained: () => undefined,
  };
  createFrameLink({ ...common, stream, callbacks: { ...nothing, onFrame } });
  return createFrameLink({ ...common, stream: dialled, callbacks: nothing });
}

/** Both ends together, many frames at once. */
async function streaming(bytes: number): Promise<number> {
  let seen = 0;
  let done: () => void = () => undefined;
  const count = Math.min(FRAMES, Math.floor((64 * 1024 * 1024) / bytes));
  const here = await frameLink(() => {
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

/** Real clients on the star, each: from its start text until it is attached; for a command. */
async function clients(): Promise<{ readonly firstMs: number; readonly commandMs: number }> {
  const trial = await RealTrial.open("star", CLIENTS);
  try {
    await trial.startProcesses(CLIENTS);
    const loadedMs = trial.processorMs();
    if ((await trial.build()) === null)
      throw new Error(`only ${String(trial.attachedCount)} of ${String(CLIENTS)} clients are attached`);
    const firstMs = (trial.processorMs() - loadedMs) / CLIENTS;
    await pause(REST_MS);
    const spent = async (work: () => Promise<unknown>): Promise<number> => {
      const before = trial.processorMs();
      for (let count = 0; count < COMMANDS; count += 1) {
        await work();
        await pause(COMMAND_PAUSE_MS);
      }
      return (trial.processorMs() - before) / COMMANDS / CLIENTS;
    };
    // Beacons, and what else clients do by themselves.
    const idleMs = await spent(() => Promise.resolve());
    const commandMs = (await spent(() => trial.command(COMMAND_BYTES))) - idleMs;
    return { firstMs, commandMs };
  } finally {
    await trial.close();
  }
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
