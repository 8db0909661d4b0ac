// The filter language of hosts: what each form means, and where it says that something is wrong.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHostQuery, type HostFacts } from "#shared/host-query/host-query.ts";

const FACTS: HostFacts = {
  host: "node17",
  state: "executing",
  site: "ucsd",
  component: "peers",
  address: "node17.example",
  parent: "node4",
  way: "client",
  reason: "",
  groups: ["seed", "fast"],
  blocks: ["receive-files"],
  depth: 3,
  load: 2.5,
  cpu: 90,
  memory: 9.6,
  disk: undefined,
  rtt: 51.2,
  children: 2,
  pid: 4121,
  seconds: 12,
  ancestors: ["node4", "node1", "controller"],
};

function holds(text: string, facts: Partial<HostFacts> = {}): boolean {
  const result = parseHostQuery(text);
  if (result.kind === "error") throw new Error(`${text}: ${result.message} at ${String(result.offset)}`);
  return result.query({ ...FACTS, ...facts });
}

function errorOf(text: string): { readonly message: string; readonly at: string } {
  const result = parseHostQuery(text);
  if (result.kind === "ok") throw new Error(`${text} is taken`);
  return { message: result.message, at: text.slice(result.offset, result.end) };
}

describe("what holds", () => {
  it.each([
    "",
    "   ",
    "state:executing",
    "state:exec",
    "site=ucsd",
    "site!=sin",
    "depth>2",
    "depth>=3 depth<=3 depth=3 depth:3 depth!=4",
    "load>2 load<3 load=2.5",
    "cpu>=90% cpu=90 memory<10% rtt>50 rtt<52ms seconds>1s OR load>2",
    "NOT disk<100% NOT disk>0",
    "children<3",
    "seconds>10",
    "pid:4121",
    "@seed",
    "group:fast",
    "host:node[1-40]",
    "host:node[1-40]!node3",
    "under:node1",
    "under:node[1-3]",
    "block:receive",
    "node17",
    "UCSD",
    '"node17"',
    "NOT state:failed",
    "NOT NOT site:ucsd",
    "state:failed OR site:ucsd",
    "state:executing AND (site:sin OR depth>2) AND NOT @spare under:node4",
    "(((node)))",
    '"AND" OR node17',
  ])("%s", (text) => expect(holds(text)).toBe(true));

  it.each([
    "state:failed",
    "site!=ucsd",
    "depth>3",
    "@see",
    "host:node[1-16]",
    "under:node17",
    "NOT node17",
    "node17 nowhere",
    "state:failed OR site:sin AND depth:3",
    '"NOT node17"',
  ])("not %s", (text) => expect(holds(text)).toBe(false));

  it("binds AND closer than OR", () => {
    expect(holds("node17 OR nowhere nothing")).toBe(true);
    expect(holds("(node17 OR nowhere) nothing")).toBe(false);
  });

  it("has no number for hosts outside the overlay, whatever is compared", () => {
    for (const comparison of [">", "<", "=", "!=", ">=", "<="])
      expect(holds(`depth${comparison}1`, { depth: undefined })).toBe(false);
  });
});

describe("what is wrong, and where", () => {
  it.each([
    ["stat:failed", "did you mean state?", "stat"],
    ["nonsense:x", "there are: state", "nonsense"],
    ["depth>deep", "depth is a number", "depth>deep"],
    ["site>a", "cannot be compared", "site>a"],
    ["site:", "site of what?", "site:"],
    ["(a b", "not closed", "("],
    ["a b)", "no ( for this", ")"],
    ["a AND", "missing at the end", ""],
    ["OR a", "missing before OR", "OR"],
    ["a ()", "missing before )", ")"],
    ["NOT", "missing at the end", ""],
    ['a "b', "not closed", '"b'],
    ["host:node[1-", "", "host:node[1-"],
  ])("%s", (text, message, at) => {
    const error = errorOf(text);
    expect(error.message).toContain(message);
    expect(error.at).toBe(at);
  });

  it("nests only so deep", () => {
    expect(errorOf("(".repeat(1000)).message).toContain("nested too deeply");
  });
});

it("never throws, and says where inside the text it is wrong", () => {
  const pieces = fc.constantFrom(
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    '"',
    "@a",
    "depth>",
    "state:",
    "node[1-3]",
    "x",
    " ",
    "1",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
      const text = parts.join(" ");
      const result = parseHostQuery(text);
      if (result.kind === "ok") expect(typeof result.query(FACTS)).toBe("boolean");
      else {
        expect(result.offset).toBeGreaterThanOrEqual(0);
        expect(result.end).toBeLessThanOrEqual(text.length);
      }
    }),
  );
});
