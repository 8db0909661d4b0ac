// Names and link targets of archives: what is trusted, on which platform, and why a chain of links cannot escape.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entryPathOf, linkTargetProblem } from "../../../src-client/software/entry-path.ts";

describe("names", () => {
  it.each([
    ["a/b", ["a", "b"]],
    ["./a//b/./c/", ["a", "b", "c"]],
    [".", []],
    ["...", ["..."]],
    ["a..b/..c", ["a..b", "..c"]],
    ["con/nul.txt:x ", ["con", "nul.txt:x "]],
  ])("%j is %j", (name, parts) => {
    expect(entryPathOf(name, "linux")).toEqual({ kind: "path", parts });
  });

  it.each(["con", "a/NUL.txt", "com1", "LPT9.x", "ab:c", "a.", "a ", "conin$"])(
    "%j is a trap on Windows only",
    (name) => {
      expect(entryPathOf(name, "win32").kind).toBe("bad");
      expect(entryPathOf(name, "linux").kind).toBe("path");
    },
  );

  it.each(["console", "nullify", "com", "lpt", "a.b", "comma1"])("%j is a name on Windows too", (name) => {
    expect(entryPathOf(name, "win32").kind).toBe("path");
  });
});

describe("links", () => {
  /** Follows a path through folders and links as the operating system does; undefined when it steps out. */
  function walk(
    path: readonly string[],
    links: ReadonlyMap<string, string>,
    at: string[] = [],
    budget = { left: 40 },
  ): string[] | undefined {
    let here = at;
    for (const part of path) {
      if (part === ".." && here.length === 0) return undefined;
      const next = part === ".." ? here.slice(0, -1) : [...here, part];
      const target = part === ".." ? undefined : links.get(next.join("/"));
      budget.left -= 1;
      if (budget.left < 0) return [];
      const led = target === undefined ? next : walk(partsOf(target), links, here, budget);
      if (led === undefined) return undefined;
      here = led;
    }
    return here;
  }
  const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");

  it("never lead out, in any chain, once each was allowed by itself", () => {
    const part = fc.constantFrom("a", "b", "l", "m", "..", ".");
    const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
    const place = fc.array(fc.constantFrom("a", "b", "l", "m"), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(place, path), { maxLength: 6 }), path, (wanted, start) => {
        const links = new Map<string, string>();
        for (const [parts, target] of wanted) {
          // As the tree writer has it: no link stands below another, and none takes another's place.
          const shadowed = [...links.keys()].some(
            (key) => isPrefix(key, parts.join("/")) || isPrefix(parts.join("/"), key),
          );
          if (!shadowed && linkTargetProblem(target, parts) === undefined) links.set(parts.join("/"), target);
        }
        const inside = partsOf(start).filter((one) => one !== "..");
        expect(walk(inside, links)).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });

  function isPrefix(short: string, long: string): boolean {
    return long === short || long.startsWith(`${short}/`);
  }
});
