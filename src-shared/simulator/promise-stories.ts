// Stories of promises that random lives do not tell apart: an hour of quiet, what a repair costs the root, a root that
// returns in time, too late or twice, the end of an overload, and versions that differ. Names as in docs/simulator.md.
import { OVERLAY_TIMES } from "../overlay/overlay.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import { demand } from "./broken-promise.ts";
import { ABSENCE_MS, Stage, type Performer } from "./story-stage.ts";
import { nameOf } from "./tree-verdict.ts";

export interface PromiseStory {
  readonly name: string;
  /** Throws BrokenPromise. */
  play<Frame>(performer: Performer<Frame>, seed: number): void;
}

const HOUR_MS = 60 * 60 * 1000;
const WHOLE_MS = 15_000;
/** L11 */
const RECOVERED_MS = 30_000;
const STORMS = 12;
const STORM_EVERY_MS = 5000;
const JOINS_PER_HOST = 3;
const JOINS_WITHIN_MS = 1000;

export const PROMISE_STORIES: readonly PromiseStory[] = [
  {
    name: "L6: an hour without faults moves nobody",
    play<Frame>(performer: Performer<Frame>, seed: number): void {
      const stage = new Stage(performer, 12, 2, seed);
      const before = stage.attachments;
      stage.run(HOUR_MS);
      demand(stage.attachments === before, `${stage.attachments - before} have moved`);
    },
  },
  {
    name: "L7: the root is not what every orphan dials",
    play<Frame>(performer: Performer<Frame>, seed: number): void {
      const stage = new Stage(performer, 150, 8, seed);
      const victims = stage.running().filter(({ core }) => core.children.length > 0);
      const direct = victims.filter((client) => stage.parentRank(client) === ROOT_RANK).slice(0, 4);
      const orphans = direct.reduce((sum, { core }) => sum + core.children.length, 0);
      const before = stage.world.controller.linksMade;
      for (const client of direct) stage.world.crashClient(client);
      stage.until(WHOLE_MS, "after four children of the root were killed");
      const dialled = stage.world.controller.linksMade - before;
      demand(orphans >= 20, `${orphans} orphans prove nothing`);
      demand(
        dialled <= direct.length + orphans / 2,
        `${dialled} handshakes at the root for ${orphans} orphans`,
      );
    },
  },
  {
    name: "L10: a root that returns within the absence that is allowed finds all, and nothing is lost or doubled",
    play<Frame>(performer: Performer<Frame>, seed: number): void {
      const stage = new Stage(performer, 40, 3, seed);
      const texts = [stage.command()];
      // On its way while the root dies: it is written down, or nobody has it.
      stage.run(1 + (seed % 4));
      stage.world.crashController();
      // Longer than children hold on to an orphan, and than an orphan may be away from a root that is there.
      stage.run(0.9 * ABSENCE_MS);
      for (const client of [...stage.world.clients.values()])
        demand(client.isRunning, `${nameOf(client)} has ended: ${client.reason}`);
      stage.world.startController();
      texts.push(stage.command());
      stage.until(WHOLE_MS, "after the root has come back");
      stage.run(OVERLAY_TIMES.lostGraceMs);
      for (const text of texts) stage.demandDelivered(text);
      const gone = stage.membership.filter((change) => /(?:lost|left)$/u.test(change));
      demand(gone.length === 0, `taken for gone: ${gone.join(", ")}`);
    },
  },
  {
    name: "L10: without a root for longer, all give up, and say why",
    play<Frame>(performer: Performer<Frame>, seed: number): void {
      const stage = new Stage(performer, 12, 2, seed);
      stage.world.crashController();
      // Whoever hangs below another begins to wait when that one tells it, or gives up.
      stage.run(1.1 * ABSENCE_MS);
      for (const client of [...stage.world.clients.values()])
        demand(client.ended === "abandoned" && client.reason !== "", `${nameOf(client)} still waits`);
    },
  },
  {
    name: "L11: after a minute of storms of joins the tree is whole",
    play<Frame>(performer: Performer<Frame>, seed: number): void {
      const hosts = 150;
      const stage = new Stage(performer, hosts, 8, seed);
      // Nobody but the root can be dialled meanwhile: it sheds most of them, again and again.
      for (let place = 1; place <= hosts; place += 1) stage.world.walled.add(place);
      for (let storm = 0; storm < STORMS; storm += 1) {
        for (let join = 0; join < JOINS_PER_HOST; join += 1) {
          for (const client of stage.running()) stage.world.crashClient(client);
          for (let place = 1; place <= hosts; place += 1) stage.world.startClient(place);
          stage.run(JOINS_WITHIN_MS / JOINS_PER_HOST);
        }
        stage.run(STORM_EVERY_MS - JOINS_WITHIN_MS);
      }
      stage.world.walled.clear();
      stage.until(RECOVERED_MS, "after the last storm");
      const text = stage.command();
      stage.run(WHOLE_MS);
      stage.demandDelivered(text);
    },
  },
  {
    name: "F14: a root that was asleep while another took its clients over gets none of them back",
    play<Frame>(performer: Performer<Frame>, seed: number): void {
      const stage = new Stage(performer, 20, 3, seed);
      const asleep = stage.world.controller;
      asleep.node.pause(20_000);
      stage.run(5000);
      stage.world.startController();
      stage.until(WHOLE_MS, "after another root has been started");
      const before = stage.attachments;
      stage.run(WHOLE_MS);
      const { core } = asleep;
      const own = core.members().filter(({ state }) => state === "attached");
      demand(own.length === 0, `the older root still has ${own.map(({ host }) => host).join(", ")}`);
      demand(stage.attachments === before, `${stage.attachments - before} have moved when it woke`);
      stage.until(0, "after the older root has woken");
    },
  },
  {
    name: "F23: a client of another version is sent away, and says why",
    play<Frame>(performer: Performer<Frame>, seed: number): void {
      const stage = new Stage(performer, 12, 2, seed);
      const before = stage.attachments;
      stage.world.startClient(13, { protocol: 2 });
      stage.run(WHOLE_MS);
      const other = [...stage.world.clients.values()].at(-1);
      demand(other?.ended === "abandoned", "a client of another version still tries");
      demand(other.reason.includes("version"), `it gives up and says: ${other.reason}`);
      demand(stage.attachments === before, `${stage.attachments - before} have moved for it`);
      stage.until(0, "after a client of another version has come");
    },
  },
];
