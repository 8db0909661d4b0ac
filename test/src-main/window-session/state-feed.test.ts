// A window is told what has changed, all of it and nothing else.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HostView, MeshView } from "../../../src-shared/controller-api/controller-api.ts";
import type { StateUpdate } from "../../../src-shared/controller-api/window-messages.ts";
import { StateFeed, type ControllerState } from "../../../src-main/window-session/state-feed.ts";

const T0 = 1_700_000_000_000;

function host(name: string, more: Partial<HostView> = {}): HostView {
  return {
    host: name,
    managerType: "ssh",
    groups: ["all"],
    site: "here",
    place: { latitude: 1, longitude: 2 },
    address: name,
    component: undefined,
    state: "idle",
    reason: "",
    sinceMs: 5000,
    client: { pid: 1, node: "v20", directory: "/d", platform: "linux x64", way: "client" },
    metrics: undefined,
    processes: [],
    ...more,
  };
}

const MESH: MeshView = {
  overlay: "tree",
  address: "127.0.0.1:1",
  members: [],
  problems: [],
  propagation: undefined,
  framesIn: 0,
  framesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
};

function state(more: Partial<ControllerState> = {}): ControllerState {
  const loaded = { application: undefined, directory: undefined };
  return { hosts: [], mesh: MESH, runs: [], loaded, nowMs: T0, ...more };
}

describe("StateFeed", () => {
  test("tells all at first, then nothing, as time goes by", () => {
    const feed = new StateFeed();
    const first = feed.update(state({ hosts: [host("a"), host("b", { sinceMs: 0 })] }));
    expect(first).toMatchObject({ sequence: 1, hostsGone: [], mesh: { overlay: "tree" } });
    expect(first?.hosts.map(({ host: name, since }) => [name, since])).toEqual([
      ["a", T0 - 5000],
      ["b", 0],
    ]);
    expect(first?.hosts[0]).not.toHaveProperty("sinceMs");
    const later = state({
      hosts: [host("a", { sinceMs: 65_003 }), host("b", { sinceMs: 0 })],
      nowMs: T0 + 60_000,
    });
    expect(feed.update(later)).toBeUndefined();
  });

  test.each<[string, Partial<HostView>]>([
    ["state", { state: "failed" }],
    ["reason", { reason: "gone" }],
    ["component", { component: "C" }],
    ["a client that has gone", { client: undefined }],
    ["a field of its client", { client: { ...host("a").client!, pid: 2 } }],
    ["place", { place: undefined }],
    ["a process more", { processes: [{ process: "p", block: "b", pid: 1, state: "running" }] }],
    ["a group less", { groups: [] }],
    ["the same state anew", { sinceMs: 1 }],
  ])("a change of %s is told, of that host only", (_what, change) => {
    const feed = new StateFeed();
    feed.update(state({ hosts: [host("a"), host("b")] }));
    const update = feed.update(state({ hosts: [host("a", change), host("b")] }));
    expect(update?.hosts.map((one) => one.host)).toEqual(["a"]);
    const { sinceMs, ...news } = change;
    expect(update?.hosts[0]).toEqual({ host: "a", ...news, ...(sinceMs && { since: T0 - sinceMs }) });
    expect(update).toMatchObject({ mesh: undefined, loaded: undefined, runs: [] });
  });

  test("a host that goes is told once, and told anew when it returns", () => {
    const feed = new StateFeed();
    feed.update(state({ hosts: [host("a")] }));
    expect(feed.update(state())?.hostsGone).toEqual(["a"]);
    expect(feed.update(state())).toBeUndefined();
    expect(feed.update(state({ hosts: [host("a")] }))?.hosts).toHaveLength(1);
  });

  test("what windows hold after any changes is what the controller says", () => {
    const some = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom("a", "b", "c", "d"),
        reason: fc.constantFrom("", "x"),
        site: fc.constantFrom(undefined, "s"),
        pids: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 2 }),
      }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(fc.array(some, { maxLength: 6 }), (steps) => {
        const feed = new StateFeed();
        const held = new Map<string, StateUpdate["hosts"][number]>();
        let sequence = 0;
        for (const step of steps) {
          const hosts = step.map(({ name, reason, site, pids }) => {
            const processes = pids.map((pid) => ({ process: "p", block: "b", pid, state: "running" }));
            return host(name, { reason, site, processes });
          });
          const update = feed.update(state({ hosts }));
          for (const one of update?.hosts ?? []) held.set(one.host, { ...held.get(one.host), ...one });
          for (const name of update?.hostsGone ?? []) held.delete(name);
          if (update !== undefined) expect(update.sequence).toBe((sequence += 1));
          const wanted = hosts.map(({ sinceMs: _sinceMs, ...rest }) => ({ ...rest, since: T0 - 5000 }));
          expect([...held.values()].sort(byName)).toEqual(wanted.sort(byName));
        }
      }),
    );
  });

  test("a run that goes on changing in place is told again", () => {
    const feed = new StateFeed();
    const run = { run: "r1", state: "running", components: [{ name: "C", connected: 1 }] };
    const runs = [run] as unknown as ControllerState["runs"];
    expect(feed.update(state({ runs }))?.runs).toHaveLength(1);
    run.components[0]!.connected = 2;
    expect(feed.update(state({ runs }))?.runs).toHaveLength(1);
    expect(feed.update(state({ runs }))).toBeUndefined();
  });

  test("overlay and documents come when they change", () => {
    const feed = new StateFeed();
    feed.update(state());
    expect(feed.update(state({ mesh: { ...MESH, framesIn: 1 } }))?.mesh?.framesIn).toBe(1);
    const loaded = { application: undefined, directory: "d.xml" };
    const update = feed.update(state({ mesh: { ...MESH, framesIn: 1 }, loaded }));
    expect(update).toMatchObject({ mesh: undefined, loaded });
  });
});

function byName(left: { readonly host: string }, right: { readonly host: string }): number {
  return left.host.localeCompare(right.host);
}
