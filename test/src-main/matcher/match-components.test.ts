// Matching all components at once: nobody takes what another cannot do without, and a shortage is a real one.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostIdOf, type HostId } from "../../../src-shared/base/ids.ts";
import type {
  HostEntry,
  ResourceDirectory,
} from "../../../src-shared/resource-directory/resource-directory.ts";
import { matchComponents, type ComponentMatch } from "../../../src-main/matcher/match-components.ts";
import { matchComponent, type MatchRequest } from "../../../src-main/matcher/matcher.ts";

const SPAN = { start: 0, end: 0 };
const NOTHING = { held: new Map<HostId, string>(), failed: new Map<HostId, string>(), preferred: [] };

function directoryOf(groupsByHost: Readonly<Record<string, readonly string[]>>): ResourceDirectory {
  const hosts = Object.entries(groupsByHost).map(([name, groups]): HostEntry => ({
    id: hostIdOf(name),
    managerType: "ssh",
    groups,
    address: name,
    port: undefined,
    user: undefined,
    transport: undefined,
    hostKeyPolicy: undefined,
    site: undefined,
    latitude: undefined,
    longitude: undefined,
    span: SPAN,
  }));
  return { rootName: "plush", managers: [{ type: "ssh", hosts, span: SPAN }] };
}

function request(
  component: string,
  hostsMin: number,
  hostsMax: number,
  ...groups: readonly string[]
): MatchRequest {
  return {
    component,
    hostsMin,
    hostsMax,
    resources: groups.map((group) => ({ type: "ssh", group, hosts: undefined, span: SPAN })),
  };
}

function write(matches: readonly ComponentMatch[]): readonly string[] {
  return matches.map(({ component, result }) =>
    result.kind === "matched" ? `${component}: ${result.hosts.join(" ")}` : result.message,
  );
}

describe("all components at once", () => {
  test("the first leaves to the second what only that can use", () => {
    const directory = directoryOf({ n1: ["any", "special"], n2: ["any"], n3: ["any"] });
    const requests = [request("A", 1, 2, "any"), request("B", 1, 1, "special")];
    expect(write(matchComponents(requests, directory, NOTHING))).toEqual(["A: n2 n3", "B: n1"]);
  });

  test("also over several steps", () => {
    const directory = directoryOf({ n1: ["a", "b"], n2: ["a", "c"], n3: ["b", "c"], n4: ["a"] });
    const requests = [request("A", 2, 2, "a"), request("B", 1, 1, "b"), request("C", 1, 1, "c")];
    const matches = matchComponents(requests, directory, NOTHING);
    expect(matches.every((match) => match.result.kind === "matched")).toBe(true);
  });

  test("what is left goes to the first", () => {
    const directory = directoryOf({ n1: ["g"], n2: ["g"], n3: ["g"], n4: ["g"] });
    const requests = [request("A", 1, 3, "g"), request("B", 1, 3, "g")];
    expect(write(matchComponents(requests, directory, NOTHING))).toEqual(["A: n1 n3 n4", "B: n2"]);
  });

  test("a shortage says who holds the rest", () => {
    const directory = directoryOf({ n1: ["g"], n2: ["g"], n3: ["g"] });
    const requests = [request("A", 2, 2, "g"), request("B", 2, 2, "g")];
    expect(write(matchComponents(requests, directory, NOTHING))).toEqual([
      "A: n1 n2",
      "component 'B' needs 2 hosts and there is 1: 2 used by component 'A' (n[1-2]); the resource directory has 3 hosts of type 'ssh' in group 'g'",
    ]);
  });
});

describe("for any directory", () => {
  const groups = ["a", "b", "c"];
  const directory = fc.array(fc.subarray(groups), { maxLength: 7 }).map((list) => {
    return directoryOf(Object.fromEntries(list.map((labels, index) => [`n${index}`, labels])));
  });
  const requests = fc
    .array(
      fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat({ max: 2 }), fc.subarray(groups, { minLength: 1 })),
      { maxLength: 4 },
    )
    .map((list) =>
      list.map(([min, more, labels], index) => request(`C${index}`, min, min + more, ...labels)),
    );

  test("every minimum is met whenever that is possible at all; no host goes to two", () => {
    fc.assert(
      fc.property(requests, directory, (wanted, from) => {
        const matches = matchComponents(wanted, from, NOTHING);
        expect(matches.map((match) => match.component)).toEqual(wanted.map((each) => each.component));
        const isComplete = matches.every((match) => match.result.kind === "matched");
        expect(isComplete).toBe(isPossible(wanted, from));
        const given = matches.flatMap((match) => (match.result.kind === "matched" ? match.result.hosts : []));
        expect(new Set(given).size).toBe(given.length);
        for (const [index, { result }] of matches.entries()) {
          if (result.kind === "noMatch") expect(result.found).toBeLessThan(result.wanted);
          else expect(result.hosts.length).toBeLessThanOrEqual(wanted[index]!.hostsMax);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("a component alone gets what the matcher gives it", () => {
    fc.assert(
      fc.property(requests, directory, ([only], from) => {
        if (only === undefined) return;
        const [match] = matchComponents([only], from, NOTHING);
        expect(match?.result).toEqual(matchComponent(only, from, { ...NOTHING, kept: [] }));
      }),
    );
  });
});

/** Hall's condition: any set of components finds as many hosts in their groups together as they want together. */
function isPossible(wanted: readonly MatchRequest[], directory: ResourceDirectory): boolean {
  const hosts = directory.managers.flatMap((manager) => manager.hosts);
  const subsets = Array.from({ length: 2 ** wanted.length }, (_, bits) =>
    wanted.filter((__, index) => (bits >> index) & 1),
  );
  return subsets.every((subset) => {
    const groups = new Set(subset.flatMap((each) => each.resources.map((resource) => resource.group)));
    const offered = hosts.filter((host) => host.groups.some((group) => groups.has(group)));
    return offered.length >= subset.reduce((sum, each) => sum + each.hostsMin, 0);
  });
}
