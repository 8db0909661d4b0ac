// Stories: the bugs that RandTree is known for, each told as it happened, and what our own tree once got wrong. Names as
// in docs/overlay.md. `classic`: whether the published protocol keeps the promise.
import { ROOT_RANK } from "../overlay/topology.ts";
import { demand } from "./broken-promise.ts";
import { Stage, type Performer } from "./story-stage.ts";
import { nameOf } from "./tree-verdict.ts";

export interface Story {
  readonly name: string;
  readonly classic: "keeps" | "breaks";
  /** Throws BrokenPromise. */
  play<Frame>(performer: Performer<Frame>, seed: number): void;
}

/** After a death that is told, and after one that is not (3 s until it is noticed). */
const TOLD_MS = 2500;
const SILENT_MS = 8000;
const LONG_MS = 60_000;

function story(name: string, classic: Story["classic"], play: Story["play"]): Story {
  return { name, classic, play };
}

export const STORIES: readonly Story[] = [
  story("bug 1: who was named to a joiner dies before it gets there", "keeps", (performer, seed) => {
    const stage = new Stage(performer, 9, 2, seed);
    stage.world.startClient(9);
    stage.run(3);
    for (const client of stage.running().slice(0, 2)) stage.world.crashClient(client);
    stage.until(LONG_MS, "after a death between naming and joining");
  }),
  story("RT10: a child leaves an orphan, which forgets it", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 14, 3, seed);
    const relay = stage.relay();
    const [child] = stage.childrenOf(relay);
    demand(child !== undefined, "a relay without children");
    // It cannot come back, so it stays an orphan, and only its child sees that their link breaks.
    stage.world.caged.add(relay.place);
    stage.parentLink(relay)?.breakOneSided(0);
    stage.run(500);
    stage.parentLink(child)?.breakOneSided(0);
    stage.run(SILENT_MS);
    stage.world.caged.delete(relay.place);
    stage.until(LONG_MS, "after a child has left an orphan");
  }),
  story("RT15: a join target dies while others join through it", "keeps", (performer, seed) => {
    const stage = new Stage(performer, 12, 2, seed);
    const relay = stage.relay();
    for (const child of stage.childrenOf(relay)) {
      const link = stage.parentLink(child);
      link?.breakOneSided(0);
      link?.breakAt(1, "broken");
    }
    stage.run(60);
    stage.world.crashClient(relay);
    stage.until(LONG_MS, "after the death of a join target");
  }),
  story("assert A: a controller without hosts, and one with a single one", "keeps", (performer, seed) => {
    for (const hosts of [0, 1]) {
      const stage = new Stage(performer, hosts, 2, seed);
      stage.run(LONG_MS);
      stage.until(0, "alone");
    }
  }),
  story("D1: only the child sees that its link breaks", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 40, 4, seed);
    for (let breaks = 0; breaks < 20; breaks += 1) {
      const client = stage.running()[Math.floor(stage.world.random() * 40)];
      if (client !== undefined) stage.parentLink(client)?.breakOneSided(0);
      stage.run(200);
    }
    stage.until(SILENT_MS, "after 20 breaks seen by one side only");
  }),
  story("D2: an inner host dies without a word", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 40, 3, seed);
    stage.world.darken(stage.relay());
    stage.until(SILENT_MS, "after a silent death");
  }),
  story("D3: an inner host restarts without a word", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 40, 3, seed);
    const relay = stage.relay();
    stage.world.darken(relay);
    stage.run(300);
    stage.world.lighten(relay.place);
    stage.world.startClient(relay.place);
    stage.run(2000);
    stage.until(SILENT_MS, "after a silent restart");
  }),
  story("D4: the root and the first of its children die together", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 40, 4, seed);
    const first = stage.running().filter((client) => stage.parentRank(client) === ROOT_RANK);
    stage.world.crashController();
    for (const client of first.slice(0, 2)) stage.world.darken(client);
    stage.run(SILENT_MS);
    stage.world.startController();
    stage.until(SILENT_MS, "after the root has come back");
  }),
  story(
    "D5: half of all hosts are killed within a moment, and joins with them",
    "breaks",
    (performer, seed) => {
      const stage = new Stage(performer, 60, 4, seed);
      const victims = stage.running().filter((_, at) => at % 2 === 1);
      for (const client of victims) {
        stage.world.crashClient(client);
        stage.run(2);
      }
      stage.until(TOLD_MS, "after half were killed");
    },
  ),
  story("D6: an orphan takes nobody in", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 30, 3, seed);
    const relay = stage.relay();
    stage.world.caged.add(relay.place);
    stage.parentLink(relay)?.breakOneSided(0);
    stage.run(2000);
    for (const client of stage.running())
      demand(
        !client.core.attached || stage.parentRank(client) !== relay.rank,
        `${nameOf(client)} takes itself for attached below an orphan`,
      );
  }),
  story("D10: a joiner is killed before it is answered", "keeps", (performer, seed) => {
    const stage = new Stage(performer, 12, 3, seed);
    for (let time = 0; time < 5; time += 1) {
      stage.world.startClient(12);
      stage.run(100 + 130 * time);
      const client = stage.running().at(-1);
      if (client !== undefined) stage.world.crashClient(client);
    }
    stage.until(LONG_MS, "after joiners were killed");
  }),
  story("D11, D12: commands while inner hosts are killed", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 40, 3, seed);
    const texts: string[] = [];
    for (let kills = 0; kills < 5; kills += 1) {
      texts.push(stage.command());
      stage.world.crashClient(stage.relay());
      texts.push(stage.command());
      stage.run(TOLD_MS);
    }
    stage.run(LONG_MS);
    for (const text of texts) stage.demandDelivered(text);
  }),
  story("D13: many join at once, and the tree stays flat", "keeps", (performer, seed) => {
    const stage = new Stage(performer, 300, 2, seed);
    /** Full, 300 hosts with 2 children each are 8 deep. */
    const deepMax = 10;
    const depths = stage.world.controller.core.members().map(({ depth }) => depth);
    demand(Math.max(...depths) <= deepMax, `the tree is ${Math.max(...depths)} deep`);
  }),
  story("D14: a subtree moves, and nobody in it is disturbed", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 40, 3, seed);
    const relay = stage.relay();
    const below = stage.childrenOf(relay);
    stage.world.caged.add(relay.place);
    stage.parentLink(relay)?.breakOneSided(0);
    stage.parentLink(relay)?.breakOneSided(1);
    // Longer than a dead interval, shorter than they hold on.
    stage.run(10_000);
    for (const client of below) {
      demand(stage.parentRank(client) === relay.rank, `${nameOf(client)} has left its parent`);
      demand(!client.core.attached, `${nameOf(client)} takes itself for attached`);
    }
    stage.world.caged.delete(relay.place);
    stage.until(LONG_MS, "after a subtree could move again");
    const stayed = below.filter((client) => stage.parentRank(client) === relay.rank);
    demand(stayed.length === below.length, `${below.length - stayed.length} did not move along`);
    const lost = stage.membership.filter((change) => change.endsWith(" lost"));
    demand(lost.length === 0, `taken for lost: ${lost.join(", ")}`);
  }),
  story("D15: nobody but the controller is ever the root", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 20, 3, seed);
    stage.world.crashController();
    stage.run(SILENT_MS);
    for (const client of stage.running())
      demand(!client.core.attached, `${nameOf(client)} is attached, and there is no root`);
    stage.world.startController();
    stage.until(SILENT_MS, "after the root has come back");
  }),
  story("a subtree whose head finds nobody goes its own way", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 40, 3, seed);
    const relay = stage.relay();
    const below = stage.childrenOf(relay);
    stage.world.caged.add(relay.place);
    stage.parentLink(relay)?.breakOneSided(0);
    stage.parentLink(relay)?.breakOneSided(1);
    stage.run(40_000);
    for (const client of below)
      demand(
        client.core.attached && stage.parentRank(client) !== relay.rank,
        `${nameOf(client)} still hangs below one that finds nobody`,
      );
  }),
  story("pauses shorter than a dead interval move nobody", "keeps", (performer, seed) => {
    const stage = new Stage(performer, 40, 3, seed);
    const before = stage.attachments;
    for (let pauses = 0; pauses < 100; pauses += 1) {
      const { random, controller } = stage.world;
      const all = [controller, ...stage.running()];
      // The last beacon may be a whole interval old when it begins.
      all[Math.floor(random() * all.length)]?.node.pause(1900 * random());
      stage.run(3000 * random());
    }
    const moves = stage.attachments - before;
    demand(moves === 0, `${moves} have moved`);
  }),
  story("a child comes back to a parent that has not seen it go", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 2, 4, seed);
    for (const client of stage.running()) stage.parentLink(client)?.breakOneSided(0);
    stage.until(1500, "after both links broke on one side");
  }),
  story("the end of a run: all leave, and nobody is moved for it", "breaks", (performer, seed) => {
    const stage = new Stage(performer, 60, 3, seed);
    const { time, random } = stage.world;
    const before = stage.attachments;
    // Some have more to clean up than others.
    for (const client of stage.running()) time.after(500 * random(), () => client.leave());
    stage.run(2000);
    const still = stage.running().length;
    demand(still === 0, `${still} are still there`);
    const moves = stage.attachments - before;
    demand(moves === 0, `${moves} have looked for another parent`);
    const others = stage.membership.filter((change) => !/ (attached|left)$/u.test(change));
    demand(others.length === 0, `the root says ${others.join(", ")}`);
  }),
  story(
    "one leaves alone: those below it move, and it does not stay for ever",
    "keeps",
    (performer, seed) => {
      const stage = new Stage(performer, 40, 3, seed);
      const relay = stage.relay();
      relay.leave();
      stage.run(LONG_MS / 10);
      demand(!relay.isRunning, `${nameOf(relay)} is still there`);
      stage.until(0, "after a relay has left");
    },
  ),
];
