// Which hosts a filter means, from what the controller says: states, overlay, and the part in a run that is over.
import { expect, it } from "vitest";
import type { HostView, MeshView, RunView } from "#shared/controller-api/controller-api.ts";
import { parseHostQuery } from "#shared/host-query/host-query.ts";
import { matchingHosts } from "#shared/host-query/matching-hosts.ts";

const host = (name: string, more: Partial<HostView>): HostView => ({
  host: name,
  managerType: "local",
  groups: [],
  site: undefined,
  place: undefined,
  address: "",
  component: undefined,
  state: "idle",
  reason: "",
  sinceMs: 0,
  client: undefined,
  metrics: undefined,
  processes: [],
  ...more,
});
const member = (name: string, parent: string, depth: number, state = "attached") =>
  ({ host: name, parent, depth, state, sinceMs: 5000 }) as unknown as MeshView["members"][number];
const over = {
  experiment: "crawl",
  components: [{ name: "Peers", hosts: "n[1-3]" }],
  outcomes: { succeeded: "n[1-2]", failed: "n3", unreachable: "", replaced: "" },
} as unknown as RunView;
const command = { experiment: "command", components: [{ name: "hosts", hosts: "n4" }] } as unknown as RunView;

const now = {
  hosts: [
    host("n1", {}),
    host("n2", { sinceMs: 20_000 }),
    host("n3", { state: "disconnected" }),
    host("n4", { state: "executing", sinceMs: 3000 }),
    host("n5", { state: "executing" }),
  ],
  mesh: {
    members: [member("n1", "controller", 1), member("n2", "n1", 2), member("n4", "n2", 3, "orphaned")],
  } as unknown as MeshView,
  runs: [over, command],
};

it.each([
  ["", "n1 n2 n3 n4 n5"],
  ["state:finished", "n1 n2"],
  ["state:failed", "n3"],
  ["state:orphaned", "n4"],
  ["state:executing", "n5"],
  ["state:idle", "n1 n2"],
  ["component:peers", "n1 n2 n3"],
  ["depth>1", "n2 n4"],
  ["under:n1", "n2 n4"],
  ["children=1", "n1 n2"],
  ["seconds>10", "n2"],
])("%j: %s", (text, expected) => {
  const parsed = parseHostQuery(text);
  if (parsed.kind === "error") throw new Error(parsed.message);
  expect(matchingHosts(now, parsed.query).join(" ")).toBe(expected);
});
