// What `info mesh` shows: members below each other with their round trips, states counted, problems folded; strangers'
// texts made harmless.
import { expect, test } from "vitest";
import { hostIdOf } from "#shared/base/ids.ts";
import type { HostView, MeshView } from "#shared/controller-api/controller-api.ts";
import { meshWithTrips, renderMesh } from "../../../src-main/command-line/render-mesh.ts";
import { PLAIN_STYLE } from "../../../src-main/command-line/style.ts";

type Member = MeshView["members"][number];

function member(name: string, parent: string | undefined, depth: number, more: Partial<Member> = {}): Member {
  return {
    host: hostIdOf(name),
    incarnation: 1,
    rank: 1,
    state: "attached",
    sinceMs: 2000,
    parent: parent === undefined || parent === "controller" ? parent : hostIdOf(parent),
    depth,
    way: undefined,
    pendingCommands: 0,
    ...more,
  };
}

function render(
  members: readonly Member[],
  problems: MeshView["problems"] = [],
  hosts: Parameters<typeof meshWithTrips>[1] = [],
): string[] {
  const counts = { propagation: undefined, framesIn: 1, framesOut: 2, bytesIn: 3, bytesOut: 4 };
  const mesh = { overlay: "rand-tree", address: "127.0.0.1:1", members, problems, ...counts };
  return [...renderMesh(meshWithTrips(mesh, hosts), { style: PLAIN_STYLE, columns: undefined })];
}

const hostsOf = (lines: readonly string[]): string[] =>
  lines.slice(lines.findIndex((line) => line.startsWith("host")) + 1).map((line) => /^ *\S+/.exec(line)![0]);

test("children stand below their parents, whatever the order", () => {
  const lines = render([
    member("c", "b", 3),
    member("b", "a", 2),
    member("d", "controller", 1),
    member("a", "controller", 1),
  ]);
  expect(lines).toContain("members   4, all attached");
  expect(hostsOf(lines)).toEqual(["d", "a", "  b", "    c"]);
});

test("whoever hangs nowhere known comes last, and is shown once", () => {
  const lines = render([
    member("x", "y", 2, { state: "orphaned" }),
    member("y", "x", 3, { state: "orphaned" }),
    member("lost", undefined, 0, { state: "lost", pendingCommands: 3 }),
    member("a", "controller", 1),
  ]);
  expect(lines).toContain("members   4: 2 orphaned, 1 lost, 1 attached");
  expect(hostsOf(lines)).toEqual(["a", "lost", "x", "  y"]);
  expect(lines.find((line) => line.startsWith("lost"))).toMatch(/^lost +lost +2\.0 s +- +- +- +- +- +3$/u);
});

test("each hop has its round trip, and each host that to the controller; where none is known, none is made up", () => {
  const toldOf = (name: string, rttMs: number | undefined, pathRttMs: number | undefined) => {
    const metrics = { rttMs, pathRttMs } as HostView["metrics"];
    return { host: hostIdOf(name), metrics };
  };
  const members = [
    member("a", "controller", 1),
    member("b", "a", 2),
    member("c", "a", 2),
    member("d", "a", 2),
  ];
  const told = [toldOf("a", 0.25, 0.25), toldOf("b", 81, 81.25), toldOf("c", undefined, undefined)];
  const lines = render(members, [], [...told, { host: hostIdOf("d"), metrics: undefined }]);
  expect(lines.find((line) => line.startsWith("host"))).toMatch(/link +to parent +to controller +pending/u);
  const trips = lines.slice(-4).map((line) => line.split(/ {2,}/u).slice(-3, -1));
  expect(trips).toEqual([
    ["0.25 ms", "0.25 ms"],
    ["81 ms", "81 ms"],
    ["-", "-"],
    ["-", "-"],
  ]);
});

test("hosts with the same problem share a line", () => {
  const problem = "cannot reach client 3 at 10.0.0.3:4711: refused";
  const lines = render(
    [],
    [
      ...["node1", "node2"].map((host) => ({ host, reason: problem })),
      { host: undefined, reason: "a certificate that is\u001b[2J none" },
    ],
  );
  expect(lines).toContain("members   0");
  const shown = lines.slice(lines.indexOf("problems") + 1);
  expect(shown[0]).toBe(`node[1-2]: ${problem}`);
  expect(shown[1]).not.toContain("\u001b");
});
