// A dial in a simulated world: TCP's first packet and its repetitions, a refusal, a handshake that waits for the
// processors of both sides, a certificate that is another's.
import type { LinkId } from "../overlay/overlay.ts";
import type { Candidate } from "../overlay/topology.ts";
import type { SimulatedCosts } from "./simulated-costs.ts";
import { VirtualConnection } from "./virtual-connection.ts";
import type { Ether } from "./virtual-connection.ts";
import type { VirtualClient } from "./virtual-client.ts";
import type { VirtualProgram } from "./virtual-program.ts";

/** Linux repeats a first packet that nobody answers after 1, 2, 4, … s. */
const REPEATS_MS = [1000, 2000, 4000];

interface DialWorld<Frame> {
  readonly ether: Ether<Frame>;
  readonly costs: SimulatedCosts;
  readonly dark: ReadonlySet<number>;
  readonly walled: ReadonlySet<number>;
  readonly caged: ReadonlySet<number>;
  handshakes: number;
  listener(
    address: string,
  ): { readonly place: number; readonly program: VirtualProgram<Frame> | undefined } | undefined;
}

interface Dial<Frame> {
  readonly world: DialWorld<Frame>;
  readonly client: VirtualClient<Frame>;
  readonly link: LinkId;
  readonly to: Candidate;
  readonly at: number;
}

export function dialThrough<Frame>(dial: Dial<Frame>): void {
  knock(dial, 0, dial.at);
}

function knock<Frame>(dial: Dial<Frame>, repeats: number, at: number): void {
  const { world, client, link, to } = dial;
  const { time, network } = world.ether;
  const there = world.listener(to.address);
  if (there === undefined) return client.dialFailed(link, `nobody is at ${to.address}`);
  const oneWayMs =
    network.latencyMs(client.place, there.place) + world.ether.slownessMs(client.place, there.place);
  time.after(at + oneWayMs - time.now, () => {
    if (!client.dials.has(link)) return;
    const isCut =
      world.dark.has(there.place) ||
      world.walled.has(there.place) ||
      world.caged.has(client.place) ||
      world.ether.isBlocked(client.place, there.place) ||
      world.ether.isBlocked(there.place, client.place);
    if (isCut) {
      const pause = REPEATS_MS[repeats];
      if (pause !== undefined) knock(dial, repeats + 1, time.now - oneWayMs + pause);
      return;
    }
    const program = world.listener(to.address)?.program;
    if (program === undefined || program.node.isDead) {
      time.after(oneWayMs, () => client.dialFailed(link, "refused"));
      return;
    }
    open(dial, program, oneWayMs);
  });
}

/** The first packet has arrived; two ways later the handshake does. */
function open<Frame>(dial: Dial<Frame>, program: VirtualProgram<Frame>, oneWayMs: number): void {
  const { world, client, link } = dial;
  const { costs } = world;
  const { time } = world.ether;
  if (program.node.handshakes * costs.acceptMs > costs.shedAboveMs) {
    program.node.give(costs.shedMs, () => undefined);
    time.after(oneWayMs, () => client.dialFailed(link, "turned away"));
    return;
  }
  program.node.handshakes += 1;
  time.after(2 * oneWayMs, () => {
    program.node.give(costs.acceptMs, () => {
      program.node.handshakes -= 1;
      world.handshakes += 1;
      time.after(program.node.cursor + oneWayMs - time.now, () => {
        if (!program.node.isDead) return answer(dial, program);
        if (!world.dark.has(program.place)) client.dialFailed(link, "reset");
      });
    });
    if (program.node.isDead && !world.dark.has(program.place)) client.dialFailed(link, "reset");
  });
}

/** The handshake's answer is at the one who dialled. */
function answer<Frame>(dial: Dial<Frame>, program: VirtualProgram<Frame>): void {
  const { world, client, link, to } = dial;
  const { dialMs, firstDialMs } = world.costs;
  client.node.give(client.isNew ? dialMs + firstDialMs : dialMs, () => {
    client.isNew = false;
    if (!client.dials.delete(link)) return;
    if (program.rank !== to.rank) return client.stepFailedDial(link, "another's certificate");
    const theirLink = program.newLink();
    const connection = new VirtualConnection<Frame>(
      world.ether,
      { program: client, link },
      { program, link: theirLink },
    );
    connection.carryFinish(client.node.cursor, () => {
      if (program.node.isDead && !world.dark.has(program.place)) return connection.breakAt(0, "reset");
      program.node.give(world.costs.timerMs, () => program.linkMade(connection, theirLink, false));
    });
    client.linkMade(connection, link, true);
  });
}
