// Variables: found, replaced, escaped, and the table of hosts that stays small.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  packedCount,
  packedNameAt,
  packNames,
  unpackNames,
} from "../../../src-shared/application/packed-names.ts";
import { parseApplication } from "../../../src-shared/application/parse-application.ts";
import {
  createVariableTable,
  escapeVariables,
  substitute,
  variablesIn,
  type HostVariables,
} from "../../../src-shared/application/variables.ts";

const HOST: HostVariables = {
  name: "node7",
  address: "10.0.0.7",
  index: 6,
  component: "my workers v1.2",
  user: "alice",
  site: "San Diego",
  directory: "/srv/alice/run/",
  node: "/usr/bin/node",
};

const { specification } = parseApplication(`<plush><project name="p">
<software name="app 1.0" type="tar"><package name="a"><path>https://a.b/a.tar</path><dest_path>app/$\{var.version}</dest_path></package></software>
<software name="tool" type="none"><package name="t"><path>https://a.b/t</path><dest_path>bin/tool</dest_path></package></software>
<software name="plain" type="none"><package name="t"><path>https://a.b/t</path></package></software>
</project></plush>`);

const TABLE = createVariableTable({
  runId: "run-1",
  variables: new Map([
    ["version", "1.2"],
    ["odd", "${host.name} $& $1 $$"],
    ["__proto__", "proto"],
  ]),
  components: [
    {
      name: "my workers v1.2",
      hosts: Array.from({ length: 1000 }, (_, index) => ({
        name: `node${String(index + 1)}`,
        address: `10.0.${String(index >> 8)}.${String(index & 255)}`,
      })),
    },
    { name: "x", hosts: [{ name: "::1", address: "::1" }] },
    { name: "nobody", hosts: [] },
  ],
  software: specification!.project.software,
});

describe("substitution", () => {
  test.each([
    ["${host.name}:${host.index}", "node7:6"],
    ["${host.address} ${host.user} ${host.site} ${host.node}", "10.0.0.7 alice San Diego /usr/bin/node"],
    ["${host.directory} ${run.directory} ${run.id}", "/srv/alice/run/ /srv/alice/run/ run-1"],
    ["${component.name} ${component.my workers v1.2.count}", "my workers v1.2 1000"],
    ["${component.my workers v1.2.host.999} ${component.my workers v1.2.address.256}", "node1000 10.0.1.0"],
    ["${component.x.hosts} ${component.x.addresses} ${component.x.count}", "::1 ::1 1"],
    ["[${component.nobody.hosts}]", "[]"],
    ["${software.app 1.0.directory}/bin", "/srv/alice/run/app/1.2/bin"],
    ["${software.tool.directory} ${software.plain.directory}", "/srv/alice/run/bin /srv/alice/run/"],
    ["${var.version}", "1.2"],
    ["${var.odd}", "${host.name} $& $1 $$"],
    ["${var.__proto__}", "proto"],
    [
      "${HOME} ${file%.txt} ${1:-a.b} $HOME $(x.y) ${} ${.x} ${host",
      "${HOME} ${file%.txt} ${1:-a.b} $HOME $(x.y) ${} ${.x} ${host",
    ],
    ["$${host.name} $${HOME} $$ $$$", "${host.name} ${HOME} $$ $$$"],
    ["$$${host.name}", "$${host.name}"],
    ["", ""],
  ])("%s", (text, expected) => {
    expect(substitute(text, TABLE, HOST)).toEqual({ kind: "ok", text: expected });
  });

  test("all hosts of a component, in their order", () => {
    const result = substitute("${component.my workers v1.2.hosts}", TABLE, HOST);
    expect(result.kind === "ok" && result.text.split(",").slice(0, 3)).toEqual(["node1", "node2", "node3"]);
  });

  test("names that stand for nothing are told, each once", () => {
    const text =
      "${host.x} ${var.no} ${component.y.count} ${component.x.host.1} ${software.z.directory} ${run.x} ${what.ever} ${host.x}";
    expect(substitute(text, TABLE, HOST)).toEqual({
      kind: "unknown",
      unknown: [
        "host.x",
        "var.no",
        "component.y.count",
        "component.x.host.1",
        "software.z.directory",
        "run.x",
        "what.ever",
      ],
    });
  });

  test("without a host, only what all hosts share has a value", () => {
    expect(substitute("${run.id} ${var.version}", TABLE, undefined)).toEqual({
      kind: "ok",
      text: "run-1 1.2",
    });
    expect(substitute("${host.name} ${run.directory} ${component.name}", TABLE, undefined)).toEqual({
      kind: "unknown",
      unknown: ["host.name", "run.directory", "component.name"],
    });
  });

  test("what is escaped comes back as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("$", "{", "}", "host.name", "a", ".", " ")), (pieces) => {
        const text = pieces.join("");
        expect(substitute(escapeVariables(text), TABLE, HOST)).toEqual({ kind: "ok", text });
      }),
    );
  });
});

test("uses are found with their places", () => {
  const text = "a ${host.name} $${no.no} ${HOME} ${var.x y}";
  expect(variablesIn(text).map(({ name, span }) => [name, text.slice(span.start, span.end)])).toEqual([
    ["host.name", "${host.name}"],
    ["var.x y", "${var.x y}"],
  ]);
});

describe("packed names", () => {
  test("the table of a thousand hosts is small", () => {
    expect(JSON.stringify(TABLE).length).toBeLessThan(1500);
  });

  test("runs become one entry, zeros and places in the name are kept", () => {
    expect(packNames(["n8", "n9", "n10", "n011", "n012", "b", "r1-x", "r2-x"])).toEqual([
      { prefix: "n", suffix: "", from: 8, to: 10, width: 1 },
      { prefix: "n", suffix: "", from: 11, to: 12, width: 3 },
      "b",
      { prefix: "r", suffix: "-x", from: 1, to: 2, width: 1 },
    ]);
  });

  test("any names come back in their order", () => {
    const name = fc.oneof(
      fc
        .tuple(fc.constantFrom("node", "a0", ""), fc.nat(12), fc.constantFrom("", ".x", "-1"))
        .map(([lead, number, tail]) => `${lead}${String(number)}${tail}`),
      fc
        .tuple(fc.constantFrom("n"), fc.nat(120))
        .map(([lead, number]) => lead + String(number).padStart(3, "0")),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 40 }), (names) => {
        const packed = packNames(names);
        expect(unpackNames(packed)).toEqual(names);
        expect(packedCount(packed)).toBe(names.length);
        expect(names.map((_, index) => packedNameAt(packed, index))).toEqual(names);
        expect(packedNameAt(packed, names.length)).toBeUndefined();
      }),
    );
  });
});
