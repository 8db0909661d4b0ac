// A relay that lies, over real TLS: found out by both ends, and left.
import { afterEach, expect, test } from "vitest";
import { hostIdOf, runIdOf, type HostId } from "../../src-shared/base/ids.ts";
import { randTree } from "../../src-shared/overlay/rand-tree.ts";
import { TAG_BYTES, type MemberEffect, type Topology } from "../../src-shared/overlay/topology.ts";
import type { TreeFrame } from "../../src-shared/overlay/tree-frames.ts";
import type { Command } from "../../src-shared/protocol/commands.ts";
import { OverlayFixture, type MemberOptions, type TestMember, type TestRoot } from "./overlay-fixture.ts";

const release: Command = { kind: "release", run: runIdOf("run-1"), barrier: "1" };
const hosts = [hostIdOf("node1"), hostIdOf("node2"), hostIdOf("node3")] as const;
const fixture = new OverlayFixture(randTree);
afterEach(() => fixture.close());

async function start(controller: TestRoot, host: HostId, options: MemberOptions = {}): Promise<TestMember> {
  controller.invite(host);
  const member = await fixture.startMember(controller, host, options);
  await controller.membership.until((change) => change.host === host && change.state === "attached");
  return member;
}

/** The tree, with members whose every frame is another's before it goes out. */
function lying(tamper: (frame: TreeFrame) => TreeFrame | undefined): Topology<TreeFrame> {
  return {
    ...randTree,
    createMember(settings) {
      const core = randTree.createMember(settings);
      const step = core.step.bind(core);
      core.step = (event, surroundings) =>
        step(event, surroundings).flatMap((effect): MemberEffect<TreeFrame>[] => {
          if (effect.kind !== "send") return [effect];
          const frame = tamper(effect.frame);
          return frame === undefined ? [] : [{ ...effect, frame }];
        });
      return core;
    },
  };
}

test("a relay that lies is found out by both ends, and left; what it kept back comes another way", async () => {
  const controller = await fixture.startRoot({ degree: 2 });
  let lie: "nothing" | "acknowledges" | "beacons" = "nothing";
  const topology = lying((frame) => {
    if (lie === "nothing") return frame;
    if (frame.t === "command") return undefined;
    const claimed = { upTo: 1, ranks: [3, 3], tags: new Uint8Array(TAG_BYTES) };
    if (frame.t === "state") return { ...frame, progress: [...frame.progress, claimed] };
    return frame.t === "beacon" && lie === "beacons" ? { ...frame, stable: frame.stable + 1 } : frame;
  }) as Topology<unknown>;
  const [relay, other, below] = hosts;
  await start(controller, relay, { topology });
  await start(controller, other);
  const last = await start(controller, below);
  expect(controller.root.members().find(({ host }) => host === below)?.parent).toBe(relay);
  lie = "acknowledges";
  controller.root.command([below], release);
  const forged = await controller.problems.until(({ host }) => host === below);
  expect(forged.reason).toContain(`not its own; it came over ${relay}`);
  expect(last.commands.entries).toEqual([]);
  lie = "beacons";
  await last.commands.count(1);
  const left = await controller.problems.until(({ reason }) => reason.startsWith("it has left"));
  expect(left).toEqual({
    host: below,
    reason: `it has left ${relay}, which or one above it breaks the protocol: a beacon that the controller has not signed`,
  });
  const seen = (): unknown[] => {
    const { parent, pendingCommands } = controller.root.members().find(({ host }) => host === below)!;
    return [parent, pendingCommands];
  };
  await expect.poll(seen).toEqual([other, 0]);
  expect(last.commands.entries.map(({ command }) => command)).toEqual([release]);
});
