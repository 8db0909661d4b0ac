// Stories of what is told of commands for others: in time, and by a relay that hides commands by saying that they are for
// others, which only the root's word tells from the truth. (Random lives have such relays, too, but they are soon left
// for their other lies.)
import { OVERLAY_TIMES } from "../overlay/overlay.ts";
import type { TreeFrame } from "../overlay/tree-frames.ts";
import { demand } from "./broken-promise.ts";
import { Stage, type Performer } from "./story-stage.ts";
import { nameOf } from "./tree-verdict.ts";
import type { VirtualClient } from "./virtual-client.ts";

type CommandFrame = Extract<TreeFrame, { t: "command" }>;

export interface HeaderStory {
  readonly name: string;
  /** Throws BrokenPromise. */
  play(performer: Performer<TreeFrame>, seed: number): void;
}

const WHOLE_MS = 15_000;
/** Long enough for a command to be everywhere, and acknowledged; shorter than from beacon to beacon. */
const SPREAD_MS = 300;
/** One tells it, the next one prunes, one for the way. */
const BEACONS = 3;

export const HEADER_STORIES: readonly HeaderStory[] = [
  {
    name: "a command for one is known to all with the next beacon",
    play(performer: Performer<TreeFrame>, seed: number): void {
      const stage = new Stage(performer, 20, 3, seed);
      const { world } = stage;
      const [place] = world.current.keys();
      world.command(place === undefined ? [] : [place], new TextEncoder().encode("for one"));
      stage.run(BEACONS * OVERLAY_TIMES.beaconMs);
      const { lastCommand } = world.controller.core;
      demand(stage.stable === lastCommand, `stable is ${stage.stable}, the last command ${lastCommand}`);
    },
  },
  {
    name: "a relay that hides all commands is left, and those below it get them",
    play(performer: Performer<TreeFrame>, seed: number): void {
      const stage = new Stage(performer, 20, 3, seed);
      const relay = stage.relay();
      const below = stage.childrenOf(relay);
      hide(relay, () => true);
      const texts = [stage.command(), stage.command()];
      stage.run(WHOLE_MS);
      demandInOrder(stage, texts);
      for (const client of below)
        demand(stage.parentRank(client) !== relay.rank, `${nameOf(client)} still hangs below the relay`);
      stage.until(0, "after all have left the relay");
    },
  },
  {
    name: "of two commands the first is hidden: nobody takes the second before it",
    play(performer: Performer<TreeFrame>, seed: number): void {
      const stage = new Stage(performer, 20, 3, seed);
      let hidden = 0;
      hide(stage.relay(), (sequence) => {
        hidden = hidden === 0 ? sequence : hidden;
        return sequence === hidden;
      });
      const texts = [stage.command(), stage.command()];
      stage.run(WHOLE_MS);
      demandInOrder(stage, texts);
      stage.until(0, "after a command was hidden");
    },
  },
  {
    name: "what a relay says to be for others is not acknowledged",
    play(performer: Performer<TreeFrame>, seed: number): void {
      demandUnacknowledged(new Stage(performer, 20, 3, seed), OTHERS_TARGETS);
    },
  },
  {
    name: "what a relay keeps the body of is not acknowledged",
    play(performer: Performer<TreeFrame>, seed: number): void {
      demandUnacknowledged(new Stage(performer, 20, 3, seed), TRUE_TARGETS);
    },
  },
];

type Targets = (relay: VirtualClient<TreeFrame>, command: CommandFrame) => readonly number[];

const OTHERS_TARGETS: Targets = ({ rank }) => [rank, rank];
const TRUE_TARGETS: Targets = (_relay, { targets }) => targets;

/** From now on the relay passes on of these commands for whom they are (as it says), and no more. */
function hide(
  relay: VirtualClient<TreeFrame>,
  isHidden: (sequence: number) => boolean,
  targets: Targets = OTHERS_TARGETS,
): void {
  relay.tamper = (frame) => {
    if (frame.t !== "command" || !isHidden(frame.sequence)) return frame;
    return { t: "headers", from: frame.sequence, targets: [targets(relay, frame)] };
  };
}

function demandUnacknowledged(stage: Stage<TreeFrame>, targets: Targets): void {
  const relay = stage.relay();
  const below = new Set(stage.childrenOf(relay).map(({ rank }) => rank));
  // Just behind a beacon.
  const { beaconMs } = OVERLAY_TIMES;
  stage.run(beaconMs - (stage.world.time.now % beaconMs));
  hide(relay, () => true, targets);
  stage.command();
  stage.run(SPREAD_MS);
  for (const { rank, host, pendingCommands } of stage.world.controller.core.members())
    demand(!below.has(rank) || pendingCommands > 0, `${host} has acknowledged what it does not have`);
}

function demandInOrder(stage: Stage<TreeFrame>, texts: readonly string[]): void {
  for (const client of stage.running()) {
    const delivered = stage.delivered.get(client.rank) ?? [];
    demand(
      delivered.join() === texts.join(),
      `${nameOf(client)} has been given ${delivered.join(", ")}, not ${texts.join(", ")}`,
    );
  }
}
