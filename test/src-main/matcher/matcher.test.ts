// The matcher: who is chosen and in what order, what it says when hosts run out, and what must hold for any directory.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ResourceReference } from "../../../src-shared/application/application.ts";
import { hostIdOf, type HostId } from "../../../src-shared/base/ids.ts";
import { parseNodeSet } from "../../../src-shared/node-set/node-set.ts";
import type {
  HostEntry,
  ResourceDirectory,
} from "../../../src-shared/resource-directory/resource-directory.ts";
import { matchComponent, type MatchContext, type MatchRequest } from "../../../src-main/matcher/matcher.ts";
import { poolOf } from "../../../src-main/matcher/resource-pool.ts";

const SPAN = { start: 0, end: 0 };

function hostIds(text: string): HostId[] {
  const result = parseNodeSet(text);
  if (result.kind === "error") throw new Error(result.message);
  return result.set.names().map(hostIdOf);
}

function host(id: HostId, managerType: string, groups: readonly string[]): HostEntry {
  return {
    id,
    managerType,
    groups,
    address: "127.0.0.1",
    port: undefined,
    user: undefined,
    transport: undefined,
    hostKeyPolicy: undefined,
    site: undefined,
    latitude: undefined,
    longitude: undefined,
    span: SPAN,
  };
}

/** Lines like "ssh/client+fast: node[1-10]". */
function directoryOf(...lines: readonly string[]): ResourceDirectory {
  const managers = lines.map((line) => {
    const [, type = "", groups = "", names = ""] = /^(\w+)(?:\/([\w+]+))?: (.*)$/.exec(line) ?? [];
    const labels = groups === "" ? [] : groups.split("+");
    return { type, hosts: hostIds(names).map((id) => host(id, type, labels)), span: SPAN };
  });
  return { rootName: "plush", managers };
}

function resource(type: string, group?: string, hosts?: string): ResourceReference {
  return { type, group, hosts, span: SPAN };
}

function request(
  hostsMin: number,
  hostsMax: number,
  ...resources: readonly ResourceReference[]
): MatchRequest {
  return { component: "Cluster2", hostsMin, hostsMax, resources };
}

function context(parts: {
  kept?: string;
  held?: Record<string, string>;
  failed?: Record<string, string>;
  preferred?: readonly string[];
}): MatchContext {
  return {
    kept: hostIds(parts.kept ?? ""),
    held: toMap(parts.held ?? {}),
    failed: toMap(parts.failed ?? {}),
    preferred: (parts.preferred ?? []).map(hostIdOf),
  };
}

function toMap(byNodeSet: Record<string, string>): Map<HostId, string> {
  return new Map(
    Object.entries(byNodeSet).flatMap(([text, value]) =>
      hostIds(text).map((id): [HostId, string] => [id, value]),
    ),
  );
}

function match(
  wanted: MatchRequest,
  directory: ResourceDirectory,
  given: MatchContext = context({}),
): string {
  const result = matchComponent(wanted, directory, given);
  return result.kind === "matched" ? result.hosts.join(" ") : result.message;
}

const TEN = directoryOf("ssh/client: node[1-10]");

describe("who is chosen", () => {
  test("as many as possible up to the maximum, in the order of the directory", () => {
    const directory = directoryOf("ssh/client: z[1-2]", "ssh/client: a[1-2]");
    expect(match(request(1, 3, resource("ssh", "client")), directory)).toBe("z1 z2 a1");
    expect(match(request(1, 9, resource("ssh", "client")), directory)).toBe("z1 z2 a1 a2");
  });

  test("the union of the resources, each host once", () => {
    const directory = directoryOf("local/a: n1", "ssh/a+b: n2", "ssh/b: n3", "ssh: n4");
    const wanted = request(1, 9, resource("ssh", "b"), resource("ssh", "a"), resource("local"));
    expect(match(wanted, directory)).toBe("n1 n2 n3");
  });

  test("named hosts first, then those of the last run, then the rest", () => {
    const named = resource("ssh", "client", "node[8-9]");
    const given = context({ preferred: ["node5", "node9", "node3", "gone"] });
    expect(match(request(1, 6, resource("ssh", "client"), named), TEN, given)).toBe(
      "node9 node8 node5 node3 node1 node2",
    );
  });

  test("kept ones keep their places; held and failed ones are passed over", () => {
    const given = context({
      kept: "node[6-7]",
      held: { node1: "Cluster1", node2: "Cluster2" },
      failed: { node3: "gone" },
    });
    expect(match(request(1, 5, resource("ssh", "client")), TEN, given)).toBe("node6 node7 node2 node4 node5");
  });

  test("a kept one that failed since does not stay", () => {
    const given = context({ kept: "node[6-7]", failed: { node6: "gone" } });
    expect(match(request(2, 2, resource("ssh", "client")), TEN, given)).toBe("node7 node1");
  });

  test("no more than the maximum, even of kept ones", () => {
    expect(match(request(1, 2, resource("ssh")), TEN, context({ kept: "node[1-5]" }))).toBe("node1 node2");
  });

  test("node sets may use groups, wildcards and all of the directory's hosts", () => {
    const directory = directoryOf("ssh/web: w[1-3]", "ssh/db: d[1-2]");
    expect(match(request(1, 9, resource("ssh", undefined, "@*!@web")), directory)).toBe("d1 d2");
    expect(match(request(1, 9, resource("ssh", undefined, "w*!w2,@ssh:db")), directory)).toBe("w1 w3 d1 d2");
  });
});

describe("what it says when hosts run out", () => {
  test.each<[string, MatchRequest, ResourceDirectory, MatchContext, string]>([
    [
      "failed and held hosts",
      request(10, 10, resource("ssh", "client")),
      TEN,
      context({ failed: { "node[3-4]": "connection refused" }, held: { node9: "Cluster1" } }),
      "component 'Cluster2' needs 10 hosts and there are 7: 2 failed (node[3-4]: connection refused), " +
        "1 used by component 'Cluster1' (node9); the resource directory has 10 hosts of type 'ssh' in group 'client'",
    ],
    [
      "too few in the directory",
      request(3, 3, resource("local")),
      directoryOf("local: n1"),
      context({}),
      "component 'Cluster2' needs 3 hosts and there is 1; the resource directory has 1 host of type 'local'",
    ],
    [
      "a misspelt group",
      request(1, 1, resource("ssh", "cleint")),
      directoryOf("ssh/client: n1", "ssh/master: n2"),
      context({}),
      "component 'Cluster2' needs 1 host and there is none; " +
        "no host of type 'ssh' is in group 'cleint'; the nearest is 'client'",
    ],
    [
      "an unlike group",
      request(1, 1, resource("ssh", "workers")),
      directoryOf("ssh/client: n1", "ssh/master: n2"),
      context({}),
      "component 'Cluster2' needs 1 host and there is none; " +
        "no host of type 'ssh' is in group 'workers'; its groups are 'client', 'master'",
    ],
    [
      "a group of another type",
      request(1, 1, resource("ssh", "client")),
      directoryOf("ssh: n1", "local/client: n2"),
      context({}),
      "component 'Cluster2' needs 1 host and there is none; " +
        "no host of type 'ssh' is in group 'client'; that group is of type 'local'",
    ],
    [
      "no such type",
      request(1, 1, resource("planetlab", "slice")),
      directoryOf("ssh: n1", "local: n2"),
      context({}),
      "component 'Cluster2' needs 1 host and there is none; " +
        "the resource directory has no resource manager of type 'planetlab', only 'ssh', 'local'",
    ],
    [
      "unknown names in a node set",
      request(4, 4, resource("ssh", "client", "node[9-12]")),
      TEN,
      context({}),
      "component 'Cluster2' needs 4 hosts and there are 2; " +
        "the resource directory has 2 hosts of type 'ssh' in group 'client' among hosts=\"node[9-12]\"; not in the directory there: node[11-12]",
    ],
    [
      "a node set that cannot be read",
      request(1, 1, resource("ssh", undefined, "node[1-")),
      TEN,
      context({}),
      "component 'Cluster2' needs 1 host and there is none; hosts=\"node[1-\" is not understood: the bracket '[' is never closed",
    ],
    [
      "no resources, an empty directory",
      request(1, 1),
      directoryOf(),
      context({}),
      "component 'Cluster2' needs 1 host and there is none; it names no <resource> to take hosts from",
    ],
  ])("%s", (_, wanted, directory, given, message) => {
    expect(match(wanted, directory, given)).toBe(message);
  });

  test("stays short when every host failed in its own way", () => {
    const failed = new Map(hostIds("node[1-10]").map((id) => [id, `cannot reach ${id}`]));
    const result = matchComponent(request(1, 1, resource("ssh")), TEN, { ...context({}), failed });
    expect(result).toMatchObject({ kind: "noMatch", wanted: 1, found: 0 });
    if (result.kind !== "noMatch") return;
    expect(result.rejections).toHaveLength(10);
    expect(result.message).toContain(
      "1 failed (node5: cannot reach node5), 5 for other reasons; the resource directory has 10 hosts",
    );
  });
});

test("a pool says what each resource offers", () => {
  const pool = poolOf([resource("ssh", "client", "node[1-2]"), resource("ssh", "nix")], TEN);
  expect(pool.hosts).toEqual(["node1", "node2"]);
  expect([...pool.named]).toEqual(["node1", "node2"]);
  expect(pool.sources.map((source) => [source.hosts.length, source.problem])).toEqual([
    [2, undefined],
    [0, "no host of type 'ssh' is in group 'nix'; its groups are 'client'"],
  ]);
});

describe("for any directory", () => {
  const known = hostIds("h[1-12]");
  const someHosts = fc.subarray(known);
  const entries = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom(...known),
      type: fc.constantFrom("ssh", "local"),
      groups: fc.subarray(["a", "b"]),
    }),
    { selector: (entry) => entry.id },
  );
  const directory = entries.map((list): ResourceDirectory => {
    const managers = ["ssh", "local"].map((type) => ({
      type,
      hosts: list.filter((entry) => entry.type === type).map((entry) => host(entry.id, type, entry.groups)),
      span: SPAN,
    }));
    return { rootName: "plush", managers };
  });
  const resources = fc.array(
    fc
      .tuple(
        fc.constantFrom("ssh", "local", "none"),
        fc.constantFrom(undefined, "a", "b", "c"),
        fc.constantFrom(undefined, "h[1-6]", "h*", "@a!h2"),
      )
      .map((parts) => resource(...parts)),
    { maxLength: 4 },
  );
  const wanted = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.nat({ max: 4 }), resources)
    .map(([hostsMin, more, list]) => request(hostsMin, hostsMin + more, ...list));
  const given = fc
    .record({ kept: someHosts, held: someHosts, mine: someHosts, failed: someHosts, preferred: someHosts })
    .map(({ kept, held, mine, failed, preferred }): MatchContext => {
      const holders: [HostId, string][] = [...held, ...mine].map((id) => [
        id,
        mine.includes(id) ? "Cluster2" : "other",
      ]);
      return { kept, preferred, held: new Map(holders), failed: new Map(failed.map((id) => [id, "down"])) };
    });

  test("no failed, held or unoffered host, none twice, a number in the range, kept ones first, always the same", () => {
    fc.assert(
      fc.property(wanted, directory, given, (each, from, when) => {
        const result = matchComponent(each, from, when);
        expect(matchComponent(each, from, when)).toEqual(result);
        const isFree = (id: HostId) =>
          !when.failed.has(id) && (when.held.get(id) ?? "Cluster2") === "Cluster2";
        const pool = poolOf(each.resources, from).hosts;
        const available = new Set([...when.kept, ...pool].filter(isFree));
        if (result.kind === "noMatch") {
          expect(available.size).toBeLessThan(each.hostsMin);
          expect(result.found).toBe(available.size);
          const rejected = result.rejections.flatMap((rejection) => rejection.hosts);
          expect([...rejected].sort()).toEqual(pool.filter((id) => !isFree(id)).sort());
          return;
        }
        expect(new Set(result.hosts).size).toBe(result.hosts.length);
        expect(result.hosts.every((id) => available.has(id))).toBe(true);
        expect(result.hosts).toHaveLength(Math.min(each.hostsMax, available.size));
        const kept = when.kept.filter(isFree).slice(0, each.hostsMax);
        expect(result.hosts.slice(0, kept.length)).toEqual(kept);
      }),
      { numRuns: 1000 },
    );
  });

  test("a bigger pool never turns a match into none", () => {
    fc.assert(
      fc.property(wanted, directory, given, someHosts, (each, from, when, more) => {
        if (matchComponent(each, from, when).kind === "noMatch") return;
        const listed = new Set(from.managers.flatMap((manager) => manager.hosts.map((entry) => entry.id)));
        const added = more.filter((id) => !listed.has(id)).map((id) => host(id, "ssh", ["a", "b"]));
        const bigger = { ...from, managers: [...from.managers, { type: "ssh", hosts: added, span: SPAN }] };
        const biggerRequest = { ...each, resources: [...each.resources, resource("ssh")] };
        expect(matchComponent(each, bigger, when).kind).toBe("matched");
        expect(matchComponent(biggerRequest, bigger, when).kind).toBe("matched");
      }),
      { numRuns: 1000 },
    );
  });
});
