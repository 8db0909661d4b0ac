// The window's hosts are built from what has changed of them, and what has not changed stays the same object.
import { beforeEach, expect, test } from "vitest";
import type { RunView } from "../../../src-shared/controller-api/controller-api.ts";
import type {
  StateUpdate,
  WindowHost,
  WindowMember,
} from "../../../src-shared/controller-api/window-messages.ts";
import { forgetHosts, hostsStore, takeHosts } from "../../../src-renderer/state/hosts-store.ts";
import { treeHistoryStore } from "../../../src-renderer/state/tree-history-store.ts";

const host = (name: string): WindowHost => ({
  host: name,
  managerType: "ssh",
  groups: [],
  site: "here",
  place: { latitude: 1, longitude: 2 },
  address: name,
  component: undefined,
  state: "idle",
  reason: "",
  since: 5,
  client: undefined,
  metrics: undefined,
  processes: [],
});
const member = (name: string): WindowMember =>
  ({
    host: name,
    incarnation: 1,
    rank: 1,
    state: "attached",
    parent: "controller",
    depth: 1,
  }) as WindowMember;

let sequence = 0;
function told(more: Partial<StateUpdate>, run?: RunView): void {
  const none = { hosts: [], hostsGone: [], runs: [], members: [], membersGone: [], mesh: undefined };
  const time = new Date(1_700_000_000_000 + sequence * 100).toISOString();
  takeHosts({ kind: "state", sequence: (sequence += 1), time, loaded: undefined, ...none, ...more }, run);
}
const row = (name: string) => hostsStore.getState().rows.get(name);

beforeEach(forgetHosts);

test("what is new of a host is put to what was known; others stay the objects that they were", () => {
  told({ hosts: [host("n10"), host("n2")], members: [member("n2")] });
  const [n2, n10] = hostsStore.getState().sorted;
  expect([n2?.name, n10?.name]).toEqual(["n2", "n10"]);
  told({ hosts: [{ host: "n2", state: "failed", reason: "gone" }] });
  expect(row("n2")).toMatchObject({
    mark: "failed",
    host: { ...host("n2"), state: "failed", reason: "gone" },
  });
  expect(row("n2")?.host.place).toBe(n2?.host.place);
  expect(hostsStore.getState().sorted[1]).toBe(n10);
  told({ members: [{ host: "n2", state: "orphaned" } as WindowMember] });
  expect(row("n2")?.member).toEqual({ ...member("n2"), state: "orphaned" });
  expect(treeHistoryStore.getState().reconfigurations).toHaveLength(1);
  const before = hostsStore.getState();
  told({ mesh: { framesIn: 1 } as never });
  expect(hostsStore.getState().rows).toBe(before.rows);
});

test("a host that comes back into the directory has its place in the overlay, also what was told of it meanwhile", () => {
  told({ hosts: [host("a"), host("b")], members: [member("a"), member("b")] });
  told({ hostsGone: ["a"] });
  expect(hostsStore.getState().sorted.map(({ name }) => name)).toEqual(["b"]);
  told({ members: [{ host: "a", depth: 2 } as WindowMember] });
  told({ hosts: [host("a")] });
  expect(row("a")?.member).toEqual({ ...member("a"), depth: 2 });
  told({ membersGone: ["a"] });
  expect(row("a")?.member).toBeUndefined();
});

test("what a run made of its hosts is shown of all of them when it is over, and stays", () => {
  told({ hosts: [host("a"), host("b")] });
  const outcomes = { succeeded: "a", failed: "b", unreachable: "", replaced: "" };
  const run = { run: "r", components: [{ name: "C", hosts: "a,b" }], outcomes } as unknown as RunView;
  told({ runs: [run] }, run);
  expect([row("a")?.mark, row("b")?.mark]).toEqual(["finished", "failed"]);
  told({ hosts: [{ host: "a", address: "elsewhere" }] }, run);
  expect(row("a")).toMatchObject({ mark: "finished", component: "C" });
});
