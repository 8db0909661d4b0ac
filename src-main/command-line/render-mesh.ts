// What `info mesh` shows: the overlay's facts, its members below each other as the tree has them with the round trips of
// their hops, and what went wrong.
import { LINK_WAY_WORDS } from "#shared/base/link-way.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { HostView, MeshView } from "#shared/controller-api/controller-api.ts";
import { rttText } from "#shared/host-query/metrics-text.ts";
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";
import { factLines, type ViewOptions } from "./shell-views.ts";
import { counted, durationText, renderTable } from "./table.ts";

type Member = MeshView["members"][number] & {
  /** To its parent and back, and all the way to the controller; undefined while nobody has measured them. */
  readonly rttMs: number | undefined;
  readonly pathRttMs: number | undefined;
};

export interface MeshWithTrips extends MeshView {
  readonly members: readonly Member[];
}

const ROOT = "controller";
/** One level of the tree. */
const INDENT = "  ";

/** Hosts tell them with their metrics. */
export function meshWithTrips(
  mesh: MeshView,
  hosts: readonly Pick<HostView, "host" | "metrics">[],
): MeshWithTrips {
  const metrics = new Map<string, HostView["metrics"]>(hosts.map((one) => [one.host, one.metrics]));
  const members = mesh.members.map((member) => {
    const known = metrics.get(member.host);
    return { ...member, rttMs: known?.rttMs, pathRttMs: known?.pathRttMs };
  });
  return { ...mesh, members };
}

/** The star is a tree of one level. Members whose parent is not known come last. */
export function renderMesh(mesh: MeshWithTrips, { style, columns }: ViewOptions): readonly string[] {
  const facts = factLines(
    [
      ["overlay", mesh.overlay],
      ["address", mesh.address],
      ["members", membersText(mesh.members)],
      ...(mesh.propagation === undefined
        ? []
        : [["propagation", propagationText(mesh.propagation)] as const]),
      ["received", `${counted(mesh.framesIn, "frame")}, ${counted(mesh.bytesIn, "byte")}`],
      ["sent", `${counted(mesh.framesOut, "frame")}, ${counted(mesh.bytesOut, "byte")}`],
    ],
    style,
  );
  const titles = [
    "host",
    "state",
    "for",
    "parent",
    "depth",
    "link",
    "to parent",
    "to controller",
    "pending commands",
  ].map((title) => ({
    title,
  }));
  const rows = inTreeOrder(mesh.members).map(({ member, level }) => [
    `${INDENT.repeat(level)}${neutraliseLine(member.host)}`,
    member.state,
    durationText(member.sinceMs),
    member.parent ?? "-",
    member.depth === 0 ? "-" : String(member.depth),
    // Of those that hang below others, only they themselves know.
    member.way === undefined ? "-" : LINK_WAY_WORDS[member.way],
    tripText(member.rttMs),
    tripText(member.pathRttMs),
    String(member.pendingCommands),
  ]);
  const table = rows.length === 0 ? [] : ["", ...renderTable(titles, rows, columns, style.bold)];
  const problems = problemLines(mesh.problems);
  return [...facts, ...table, ...(problems.length === 0 ? [] : ["", style.bold("problems"), ...problems])];
}

function tripText(ms: number | undefined): string {
  return ms === undefined ? "-" : rttText(ms);
}

/** `12: 10 attached, 1 orphaned, 1 lost`. */
function propagationText({ ms, hosts }: NonNullable<MeshView["propagation"]>): string {
  return `${durationText(ms)}, of the last command, to ${counted(hosts, "host")}`;
}

function membersText(members: readonly Member[]): string {
  const counts = new Map<string, number>();
  for (const { state } of members) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts].map(([state, count]) => `${String(count)} ${state}`);
  return parts.length < 2 && members.length > 0 && counts.has("attached")
    ? `${String(members.length)}, all attached`
    : [String(members.length), parts.join(", ")].filter((part) => part !== "").join(": ");
}

interface Placed {
  readonly member: Member;
  readonly level: number;
}

function inTreeOrder(members: readonly Member[]): readonly Placed[] {
  const below = new Map<string, Member[]>();
  for (const member of members) {
    const parent = member.parent ?? "";
    below.set(parent, [...(below.get(parent) ?? []), member]);
  }
  const placed: Placed[] = [];
  const seen = new Set<Member>();
  const place = (all: readonly Member[], level: number): void => {
    for (const member of all) {
      if (seen.has(member)) continue;
      seen.add(member);
      placed.push({ member, level });
      place(below.get(member.host) ?? [], level + 1);
    }
  };
  place(below.get(ROOT) ?? [], 0);
  place(below.get("") ?? [], 0);
  // Below somebody who is no member any more, or who is shown already.
  place(members, 0);
  return placed;
}

/** Hosts with the same problem share a line. */
function problemLines(problems: MeshView["problems"]): readonly string[] {
  const hosts = new Map<string, Set<string>>();
  for (const { host, reason } of problems)
    hosts.set(reason, (hosts.get(reason) ?? new Set()).add(host ?? "somebody"));
  return [...hosts].map(([reason, names]) => neutraliseLine(`${foldNames([...names])}: ${reason}`));
}
