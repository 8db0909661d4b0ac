// Node sets: what each piece of the grammar gives, what is refused and where, and the laws that must hold for any set.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareNames, foldNames, NodeSet, parseNodeSet } from "../../../src-shared/node-set/node-set.ts";
import { HOSTS_MAX } from "../../../src-shared/application/application-limits.ts";
import { NAMES_MAX } from "../../../src-shared/node-set/name-pattern.ts";
import type { NodeSetContext } from "../../../src-shared/node-set/node-set.ts";

const CONTEXT: NodeSetContext = {
  all: ["node1", "node2", "node10", "web1", "web2", "db.site.org"],
  groups: (source, name) => GROUPS.get(source === undefined ? name : `${source}:${name}`),
};
const GROUPS = new Map<string, readonly string[]>([
  ["web", ["web1", "web2"]],
  ["ssh:web", ["node1"]],
  ["rack1", ["node1"]],
  ["rack2", ["node2", "node10"]],
  ["empty", []],
]);

function namesOf(text: string, context: NodeSetContext = CONTEXT): readonly string[] {
  const result = parseNodeSet(text, context);
  if (result.kind === "error") throw new Error(`'${text}': ${result.message}`);
  return result.set.names();
}

describe("a text gives its names in natural order", () => {
  test.each<[string, string]>([
    ["", ""],
    ["node7", "node7"],
    ["node[9-11]", "node9 node10 node11"],
    ["node[009-011]", "node009 node010 node011"],
    ["node[08-10]", "node08 node09 node10"],
    ["node[98-101]", "node98 node99 node100 node101"],
    ["node[098-101]", "node098 node099 node100 node101"],
    ["node[01-3,1-2]", "error"],
    ["node[1,01,001]", "node1 node01 node001"],
    ["[0-10/5]", "0 5 10"],
    ["n[1-8/3]", "n1 n4 n7"],
    ["n[01-09/4]", "n01 n05 n09"],
    ["r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2"],
    ["r[1-2][8-9]", "r18 r19 r28 r29"],
    ["node1[2-3]", "node12 node13"],
    ["node[1-2]5", "node15 node25"],
    ["node[1-2].site.org", "node1.site.org node2.site.org"],
    ["10.0.0.[1-2]", "10.0.0.1 10.0.0.2"],
    ["fe80::[1-2]", "fe80::1 fe80::2"],
    ["host[1-2]:15400", "host1:15400 host2:15400"],
    ["b,a,a", "a b"],
    [" a , b\n c ", "a b c"],
    ["a b[1-2] c", "a b1 b2 c"],
    ["n[1-5]!n[2-3]", "n1 n4 n5"],
    ["n[1-5] & n[4-9]", "n4 n5"],
    ["n[1-5]^n[4-7]", "n1 n2 n3 n6 n7"],
    ["n1,n2!n2,n3", "n1 n3"],
    ["n[1-3]!n1&n[1-2]", "n2"],
    ["n1!n[1-9]", ""],
    ["@web", "web1 web2"],
    ["@ssh:web", "node1"],
    ["@rack[1-2]", "node1 node2 node10"],
    ["@empty", ""],
    ["@*", "db.site.org node1 node2 node10 web1 web2"],
    ["@*!@web", "db.site.org node1 node2 node10"],
    ["node*", "node1 node2 node10"],
    ["node?", "node1 node2"],
    ["*1", "node1 web1"],
    ["*.site.*", "db.site.org"],
    ["*[1-2]", "node1 node2 web1 web2"],
    ["zebra*", ""],
    ["*", "db.site.org node1 node2 node10 web1 web2"],
  ])("%j", (text, wanted) => {
    if (wanted === "error") expect(parseNodeSet(text).kind).toBe("error");
    else expect(namesOf(text)).toEqual(wanted === "" ? [] : wanted.split(" "));
  });
});

describe("what is wrong is said, with its place", () => {
  test.each<[string, number, RegExp]>([
    ["node[1-3", 4, /never closed/],
    ["a,node[1-3", 6, /never closed/],
    ["node1]", 5, /never opened/],
    ["node[1-[2]]", 7, /bracket inside of a bracket/],
    ["node[]", 5, /brackets are empty/],
    ["node[1,,3]", 7, /missing between the commas/],
    ["node[1,]", 7, /missing between the commas/],
    ["node[5-1]", 5, /runs backwards; write it as 1-5/],
    ["node[1-]", 5, /no number, range/],
    ["node[-1]", 5, /no number, range/],
    ["node[a-f]", 5, /'a-f' is no number/],
    ["node[1 - 3]", 5, /'1 - 3' is no number/],
    ["node[1-9/0]", 5, /step of '1-9\/0' is 0/],
    ["node[5/2]", 5, /no number, range/],
    ["node[001-10]", 5, /mixes widths; write 001-010/],
    ["node[1-010]", 5, /mixes widths; write 001-010/],
    ["node[1-2,01-3]", 9, /mixes widths; write 01-03/],
    ["node[1234567890123456]", 5, /more than 15 digits/],
    ["a,", 1, /missing after ','/],
    ["a!", 1, /missing after '!'/],
    ["a & ", 2, /missing after '&'/],
    [",a", 0, /missing before ','/],
    ["a,!b", 2, /missing before '!'/],
    ["!a", 0, /missing before '!'/],
    ["a,hôte1", 3, /'ô' \(U\+00F4\) cannot be part of a host name/],
    ["😀", 0, /\(U\+1F600\)/],
    ["user@host", 4, /'@' \(U\+0040\)/],
    ["a/b", 1, /'\/'/],
    ["a,@nix", 2, /there is no group 'nix'/],
    ["@far:web", 0, /there is no group 'web' in source 'far'/],
    ["@rack[1-3]", 0, /there is no group 'rack3'/],
    ["@", 0, /names no group/],
    ["@:web", 0, /names no group/],
    ["@ssh:", 0, /names no group/],
    ["@rack*", 0, /cannot be chosen by wildcards/],
    ["@we[1-", 3, /never closed/],
    ["node[1-999999999]", 0, /unfolds to 999999999 names; at most 100000/],
    ["x,a[1-1000]b[1-1000]c[1-1000]", 2, /unfolds to 1000000000 names/],
    ["[1-999999999999999][1-999999999999999][1-999999999999999]", 0, /at most 100000/],
    ["a[1-100000],b1", 12, /more than 100000 names with 'b1'/],
    ["x".repeat(300), 0, /a name of 300 characters/],
    [Array.from({ length: 12 }, () => "a[1-100000]").join("&"), 120, /more than 1000000 names in all/],
  ])("%j", (text, offset, message) => {
    const result = parseNodeSet(text, CONTEXT);
    expect(result).toMatchObject({ kind: "error", offset });
    expect(result.kind === "error" && result.message).toMatch(message);
  });

  test("groups, @* and wildcards need something to refer to", () => {
    expect(parseNodeSet("@web")).toMatchObject({ kind: "error", message: "there is no group 'web'" });
    expect(parseNodeSet("@*")).toMatchObject({ kind: "error", offset: 0 });
    expect(parseNodeSet("a,node*")).toMatchObject({ kind: "error", offset: 2 });
  });

  test("a node set may have as many names as a component may have hosts", () => {
    expect(NAMES_MAX).toBe(HOSTS_MAX);
    expect(namesOf(`n[1-${NAMES_MAX}]`)).toHaveLength(NAMES_MAX);
  });

  test("many stars are no trap", () => {
    const all = Array.from({ length: 1000 }, (_, index) => `${"a".repeat(200)}${index}`);
    expect(namesOf(`${"*a".repeat(100)}b`, { all })).toEqual([]);
  });
});

describe("folding", () => {
  test.each<[string, string]>([
    ["", ""],
    ["node1", "node1"],
    ["node1 node2", "node[1-2]"],
    ["node55 node3 node1 node2", "node[1-3,55]"],
    ["node9 node10 node11", "node[9-11]"],
    ["node09 node10 node11", "node[09-11]"],
    ["node1 node01 node001", "node[1,01,001]"],
    ["node8 node9 node09 node10 node11", "node[8-11,09]"],
    ["node099 node100", "node[099-100]"],
    ["node01 node10", "node[01,10]"],
    ["r1n1 r1n2 r2n1 r2n2 r1n3 r2n3", "r[1-2]n[1-3]"],
    ["r1n1 r1n2 r2n1", "r1n[1-2],r2n1"],
    ["a1b1c1 a1b1c2 a1b2c1 a1b2c2 a2b1c1 a2b1c2 a2b2c1 a2b2c2", "a[1-2]b[1-2]c[1-2]"],
    ["10.0.0.1 10.0.0.2 10.0.0.3", "10.0.0.[1-3]"],
    ["127.1.0.1 127.1.1.1 127.1.0.2 127.1.1.2", "127.1.[0-1].[1-2]"],
    ["1 2 3", "[1-3]"],
    ["n1.x n2.x n1.y", "n[1-2].x,n1.y"],
    ["host host2 host1", "host,host[1-2]"],
    [
      "n20240101000000000000000001 n20240101000000000000000002",
      "n20240101000000000000000001,n20240101000000000000000002",
    ],
    ["b a c", "a,b,c"],
  ])("%j", (names, wanted) => {
    expect(foldNames(names.split(" ").filter((name) => name !== ""))).toBe(wanted);
  });

  test("lists what is no valid name as it stands, so that any list can be shown", () => {
    expect(foldNames(["n1", "n2", "the [old] host", "é1", "é2"])).toBe("n[1-2],the [old] host,é1,é2");
  });

  test("names with more numbers than are folded keep the first ones apart", () => {
    const names = ["1.2.3.4.5.6.7.8.9.1", "1.2.3.4.5.6.7.8.9.2", "2.2.3.4.5.6.7.8.9.1"];
    expect(foldNames(names)).toBe("1.2.3.4.5.6.7.8.9.[1-2],2.2.3.4.5.6.7.8.9.1");
  });
});

/** Names that fold well (few stems, small numbers, all paddings) among names that do not. */
const numberPart = fc
  .tuple(fc.nat({ max: 120 }), fc.integer({ min: 1, max: 4 }))
  .map(([value, width]) => String(value).padStart(width, "0"));
const stem = fc.constantFrom("", "n", "node", "r", "a-b", "x_", ".", ":", "0x");
const familyName = fc
  .array(fc.tuple(stem, numberPart), { minLength: 1, maxLength: 3 })
  .chain((pairs) => fc.constantFrom("", ".site.org", "-x").map((end) => pairs.flat().join("") + end));
const address = fc
  .tuple(fc.nat({ max: 2 }), fc.nat({ max: 30 }))
  .map(([third, last]) => `10.0.${third}.${last}`);
const anyName = fc.stringMatching(/^[A-Za-z0-9._:-]{1,30}$/);
const digitsOnly = fc.stringMatching(/^[0-9]{1,24}$/);
const name = fc.oneof({ weight: 6, arbitrary: familyName }, address, anyName, digitsOnly);
const names = fc.array(name, { maxLength: 60 });

describe("laws", () => {
  test("unfolding what was folded gives the same names back", () => {
    fc.assert(
      fc.property(names, (list) => {
        expect([...namesOf(foldNames(list), {})].sort()).toEqual([...new Set(list)].sort());
      }),
      { numRuns: 1000 },
    );
  });

  test("a full grid of numbers folds to one piece", () => {
    const range = fc.uniqueArray(fc.nat({ max: 30 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(range, range, range, (first, second, third) => {
        const grid = first.flatMap((a) => second.flatMap((b) => third.map((c) => `r${a}n${b}.c${c}`)));
        const pieces = foldNames(grid)
          .replaceAll(/\[[^\]]*\]/g, "")
          .split(",");
        expect(pieces).toHaveLength(1);
      }),
    );
  });

  test("the same set folds to the same text, in whatever order and however often its names come", () => {
    const shuffled = names.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(foldNames(other)).toBe(foldNames(list));
      }),
      { numRuns: 300 },
    );
  });

  test("the operators are those of plain sets, as methods and in the text", () => {
    fc.assert(
      fc.property(names, names, (leftNames, rightNames) => {
        const left = new NodeSet(leftNames);
        const right = new NodeSet(rightNames);
        const inBoth = leftNames.filter((each) => right.has(each));
        const onlyLeft = leftNames.filter((each) => !right.has(each));
        const onlyRight = rightNames.filter((each) => !left.has(each));
        expectSet(left.union(right), [...leftNames, ...rightNames]);
        expectSet(left.intersection(right), inBoth);
        expectSet(left.difference(right), onlyLeft);
        expectSet(left.xor(right), [...onlyLeft, ...onlyRight]);
        if (left.size === 0 || right.size === 0) return;
        // One operand each: several pieces would be joined from left to right.
        const groups = (_: string | undefined, group: string) => (group === "l" ? leftNames : rightNames);
        expect(namesOf("@l,@r", { groups })).toEqual(left.union(right).names());
        expect(namesOf("@l&@r", { groups })).toEqual(left.intersection(right).names());
        expect(namesOf("@l!@r", { groups })).toEqual(left.difference(right).names());
        expect(namesOf("@l^@r", { groups })).toEqual(left.xor(right).names());
      }),
      { numRuns: 200 },
    );
  });

  test("union, intersection and xor commute and associate; union and intersection are idempotent", () => {
    const set = names.map((list) => new NodeSet(list));
    fc.assert(
      fc.property(set, set, set, (a, b, c) => {
        for (const operator of ["union", "intersection", "xor"] as const) {
          expect(a[operator](b).fold()).toBe(b[operator](a).fold());
          expect(a[operator](b)[operator](c).fold()).toBe(a[operator](b[operator](c)).fold());
        }
        expect(a.union(a).fold()).toBe(a.fold());
        expect(a.intersection(a).fold()).toBe(a.fold());
        expect(a.difference(a).size).toBe(0);
        expect(a.xor(a).size).toBe(0);
        expect(a.difference(b).union(a.intersection(b)).fold()).toBe(a.fold());
        expect(a.union(b).difference(a.intersection(b)).fold()).toBe(a.xor(b).fold());
        expect(a.difference(b.union(c)).fold()).toBe(a.difference(b).intersection(a.difference(c)).fold());
      }),
      { numRuns: 200 },
    );
  });

  test("no operation changes its operands", () => {
    const left = new NodeSet(["a", "b"]);
    const right = new NodeSet(["b", "c"]);
    for (const operator of ["union", "difference", "intersection", "xor"] as const) left[operator](right);
    expect(left.names()).toEqual(["a", "b"]);
    expect(right.names()).toEqual(["b", "c"]);
  });

  test("any text gives a set or an error inside of the text, and never throws", () => {
    const piece = fc.constantFrom(
      ..."[]-,/!&^@:*? ",
      "node",
      "1",
      "01",
      "[1-3]",
      "[1-99999999]",
      "@web",
      "é",
      "😀",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (anyText) => {
        const result = parseNodeSet(anyText, CONTEXT);
        if (result.kind === "ok") return;
        expect(result.message).not.toBe("");
        expect(result.offset).toBeGreaterThanOrEqual(0);
        expect(result.offset).toBeLessThanOrEqual(anyText.length);
      }),
      { numRuns: 3000 },
    );
  });

  test("names have one order", () => {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        expect(Math.sign(compareNames(a, b))).toBe(0 - Math.sign(compareNames(b, a)));
        expect(compareNames(a, b) === 0).toBe(a === b);
        if (compareNames(a, b) <= 0 && compareNames(b, c) <= 0)
          expect(compareNames(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 1000 },
    );
  });
});

function expectSet(set: NodeSet, wanted: readonly string[]): void {
  expect([...set.names()].sort()).toEqual([...new Set(wanted)].sort());
  expect(set.size).toBe(new Set(wanted).size);
  expect(wanted.every((each) => set.has(each))).toBe(true);
}
