// The faults of simulated lives, by the names of docs/overlay.md. Not here, and why: F10 and F17 (a link neither
// doubles frames nor lets malformed ones through: fuzzed at the door), F12 (cores know no wall clock; each has a
// monotonic one of its own), F14 (a story; the journal has no lock yet), F15 (a disk that hangs is a pause here, one that fails is the
// shell's), F16 (an identity that comes twice is F7 to the cores), F23 (a story).
import type { HostId } from "../base/ids.ts";
import { ROOT_RANK } from "../overlay/topology.ts";
import type { Scene } from "./scene.ts";
import type { VirtualClient } from "./virtual-client.ts";

export interface Fault {
  readonly name: string;
  /** How often, in mixes of all. */
  readonly weight: number;
  inject<Frame>(scene: Scene<Frame>): void;
}

const RESTART_MS_MAX = 12_000;
const OUTAGE_MS_MAX = 20_000;
/** Longer than those below it hold on. */
const CAGED_MS_MAX = 60_000;
const PAUSES_MS = [500, 2000, 5000, 12_000];

/** A new client for a host that has none, sometimes. */
function comeBack<Frame>(scene: Scene<Frame>, place: number): void {
  if (scene.random() < 0.25) return;
  scene.later(RESTART_MS_MAX * scene.random(), () => {
    scene.world.lighten(place);
    scene.start(place);
  });
}

function crash<Frame>(scene: Scene<Frame>, client: VirtualClient<Frame>): void {
  scene.world.crashClient(client);
  comeBack(scene, client.place);
}

function darken<Frame>(scene: Scene<Frame>, client: VirtualClient<Frame>): void {
  scene.world.darken(client);
  comeBack(scene, client.place);
}

/** A set of places with what hangs below some client, or any. */
function somePlaces<Frame>(scene: Scene<Frame>): Set<number> {
  const head = scene.relay();
  const chosen = scene.random() < 0.5 && head !== undefined ? scene.below(head) : scene.several(0.6);
  return new Set(chosen.map(({ place }) => place));
}

function rootRestart<Frame>(scene: Scene<Frame>, downMsMax: number): void {
  scene.sightings.note("root restart");
  scene.later(downMsMax, () => {
    if (!scene.world.controller.node.isDead) return;
    if (scene.running().some((client) => !client.core.attached))
      scene.sightings.note("a root restarts while hosts are orphaned");
    scene.world.startController();
  });
}

function fault(name: string, weight: number, inject: <Frame>(scene: Scene<Frame>) => void): Fault {
  return { name, weight, inject };
}

export const FAULTS: readonly Fault[] = [
  fault("F1 crash", 3, (scene) => {
    for (const client of scene.several(0.1)) crash(scene, client);
  }),
  fault("F1 relay crash", 3, (scene) => {
    const client = scene.relay();
    if (client !== undefined) crash(scene, client);
  }),
  fault("F2 silent crash", 2, (scene) => {
    for (const client of scene.several(0.1)) darken(scene, client);
  }),
  fault("F2 silent relay", 2, (scene) => {
    const client = scene.relay();
    if (client !== undefined) darken(scene, client);
  }),
  fault("F3 replaced", 1.5, (scene) => {
    const client = scene.relay();
    if (client === undefined) return;
    // Half of the older ones live on, and have to be sent away.
    if (scene.random() < 0.5) scene.world.crashClient(client);
    else scene.sightings.note("a zombie");
    scene.start(client.place);
  }),
  fault("F4 pause", 3, (scene) => {
    const ms = scene.pick(PAUSES_MS) ?? 0;
    for (const client of scene.several(0.2)) client.node.pause(ms * (0.8 + 0.4 * scene.random()));
  }),
  fault("F4 root pause", 1, (scene) =>
    scene.world.controller.node.pause((scene.pick(PAUSES_MS) ?? 0) * scene.random()),
  ),
  fault("F5 partition", 2, (scene) => {
    const places = somePlaces(scene);
    scene.separate(OUTAGE_MS_MAX, { inside: (place) => places.has(place), outward: true, inward: true });
  }),
  fault("F6 one-way partition", 1.5, (scene) => {
    const places = somePlaces(scene);
    const outward = scene.random() < 0.5;
    scene.separate(OUTAGE_MS_MAX, { inside: (place) => places.has(place), outward, inward: !outward });
  }),
  fault("F6 one-way link", 2, (scene) => {
    for (const client of scene.several(0.1)) scene.parentLink(client)?.swallow(scene.random() < 0.5 ? 0 : 1);
  }),
  fault("F7 one-sided break", 3, (scene) => {
    for (const client of scene.several(0.1))
      scene.parentLink(client)?.breakOneSided(scene.random() < 0.5 ? 0 : 1);
  }),
  fault("F8 slow host", 1.5, (scene) => {
    const client = scene.random() < 0.5 ? scene.relay() : scene.someone();
    if (client === undefined) return;
    scene.forAWhile(OUTAGE_MS_MAX, () => {
      scene.world.slow(client.place, 2000 * scene.random() ** 2);
      return () => scene.world.slow(client.place, 0);
    });
  }),
  fault("F11 cut link", 3, (scene) => {
    for (const client of scene.several(0.1)) {
      const link = scene.parentLink(client);
      link?.breakOneSided(0);
      link?.breakAt(1, "broken");
    }
  }),
  fault("F13 root crash", 1, (scene) => {
    const { controller } = scene.world;
    if (controller.node.isDead) return;
    // In the middle of a step as often as between two.
    if (scene.random() < 0.5) scene.world.crashController();
    else controller.dieAfter = Math.floor(4 * scene.random());
    rootRestart(scene, 8000);
  }),
  fault("F13 root crashes again", 0.3, (scene) => {
    for (let time = 0; time < 5; time += 1) {
      scene.later(10_000, () => {
        if (scene.isCalm) return;
        scene.world.crashController();
        rootRestart(scene, 1000);
      });
    }
  }),
  fault("F18 join storm", 0.3, (scene) => {
    for (const client of scene.running()) {
      if (scene.random() < 0.3) continue;
      scene.world.crashClient(client);
      scene.start(client.place);
    }
  }),
  fault("F19 root's children", 0.7, (scene) => {
    const withRoot = scene.random() < 0.5 && !scene.world.controller.node.isDead;
    const children = scene
      .running()
      .filter((client) => scene.judge.records.get(client.rank)?.parent === ROOT_RANK);
    if (withRoot) {
      scene.world.crashController();
      rootRestart(scene, 8000);
    }
    for (const client of children.slice(1)) crash(scene, client);
  }),
  fault("F19 all above", 1, (scene) => {
    const client = scene.someone();
    if (client === undefined) return;
    for (const above of scene.above(client)) {
      if (scene.random() < 0.5) crash(scene, above);
      else darken(scene, above);
    }
  }),
  fault("F20 stalled relay", 1.5, (scene) => scene.relay()?.node.pause(1000 + 4000 * scene.random())),
  fault("F21 takes nobody", 1, (scene) => {
    const { walled } = scene.world;
    const places = scene
      .several(0.3)
      .map(({ place }) => place)
      .filter((place) => !walled.has(place));
    scene.forAWhile(OUTAGE_MS_MAX, () => {
      for (const place of places) walled.add(place);
      return () => places.forEach((place) => walled.delete(place));
    });
  }),
  fault("F22 cannot dial", 1, (scene) => {
    const client = scene.relay();
    if (client === undefined) return;
    scene.forAWhile(CAGED_MS_MAX, () => {
      scene.world.caged.add(client.place);
      scene.parentLink(client)?.breakOneSided(0);
      return () => scene.world.caged.delete(client.place);
    });
  }),
  fault("F24 new address", 0.7, (scene) => {
    const client = scene.relay();
    if (client === undefined || client.address === "") return;
    for (const link of scene.linksOf(client)) {
      link.swallow(0);
      link.swallow(1);
    }
    scene.world.readdress(client);
  }),
  fault("leave", 0.7, (scene) => scene.someone()?.leave()),
  fault("dismissed", 0.5, (scene) => dismiss(scene)),
];

function dismiss<Frame>(scene: Scene<Frame>): void {
  const hosts: HostId[] = [...scene.world.current.keys()];
  const host = scene.pick(hosts);
  if (host === undefined || scene.world.controller.node.isDead) return;
  scene.world.controller.dismiss(host);
  const place = scene.world.current.get(host)?.place;
  if (place !== undefined) comeBack(scene, place);
}
