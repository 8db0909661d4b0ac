// Groups that are added to a directory's text: what is written, what stays as it was, what is refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addGroup, whyNoGroupName } from "#shared/resource-directory/add-group.ts";
import { parseDirectory } from "#shared/resource-directory/parse-directory.ts";

const TEXT = `<?xml version="1.0"?>
<!-- ours -->
<plush>
\t<resource_manager type='ssh'>
\t\t<node hostname="node[1-4].example:15400" group="lab"/> <!-- the lab -->
\t\t<node hostname="[2001:db8::1]:22"/>
\t</resource_manager>
\t<resource_manager type="local" count="3"/>
</plush>
`;

function membersOf(text: string, group: string): readonly string[] {
  const { directory } = parseDirectory(text);
  const hosts = directory?.managers.flatMap((manager) => manager.hosts) ?? [];
  return hosts.filter((host) => host.groups.includes(group)).map((host) => host.id);
}

describe("a group", () => {
  it("is added to each manager, and the rest stays byte for byte", () => {
    const hosts = ["node2.example", "node4.example", "2001:db8::1", "local3"];
    const added = addGroup(TEXT, "odd", hosts);
    if (added.kind === "refused") throw new Error(added.message);
    expect(added.text).toBe(
      TEXT.replace(
        '<node hostname="[2001:db8::1]:22"/>\n',
        '<node hostname="[2001:db8::1]:22"/>\n\t\t<node hostname="node[2,4].example" group="odd"/>\n\t\t<node hostname="[2001:db8::1]" group="odd"/>\n',
      ).replace(
        'count="3"/>',
        'count="3">\n\t\t<node hostname="local3" group="odd"/>\n\t</resource_manager>',
      ),
    );
    expect(membersOf(added.text, "odd").toSorted()).toEqual(hosts.toSorted());
    expect(added.hosts.toSorted()).toEqual(hosts.toSorted());
  });

  it("that is there gets only who is not in it yet", () => {
    const added = addGroup(TEXT, "lab", ["node1.example", "local1"]);
    if (added.kind === "refused") throw new Error(added.message);
    expect(added.text.match(/group="lab"/g)).toHaveLength(2);
    expect(added.hosts).toHaveLength(5);
    expect(addGroup(TEXT, "lab", ["node1.example"])).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("already"),
    });
  });

  it.each([
    ["<plush>", "odd", ["a"], "has errors"],
    [TEXT, "odd", ["node1.example", "x1", "x2"], "not in the directory: x[1-2]"],
    [TEXT, "a,b", ["local1"], "letters"],
    [TEXT, "", ["local1"], "needs a name"],
    [TEXT, '"/><x', ["local1"], "letters"],
  ])("is refused: %#", (text, group, hosts, words) => {
    expect(addGroup(text, group, hosts)).toEqual({
      kind: "refused",
      message: expect.stringContaining(words),
    });
  });

  it("reads back as it was meant, for any choice of hosts", () => {
    const all =
      parseDirectory(TEXT).directory?.managers.flatMap((manager) => manager.hosts.map((host) => host.id)) ??
      [];
    fc.assert(
      fc.property(fc.subarray<string>([...all], { minLength: 1 }), (hosts) => {
        const added = addGroup(TEXT, "any", hosts);
        expect(added.kind).toBe("added");
        if (added.kind === "added") expect(membersOf(added.text, "any")).toEqual(hosts);
      }),
    );
  });
});

it("names of groups are those that node sets and filters can say", () => {
  expect(["lab", "a.b-c_d", "Zürich2"].map(whyNoGroupName)).toEqual([undefined, undefined, undefined]);
  for (const name of ["-x", "a b", "a[1]", "a!b", "a:b", "a.", "@a", "a".repeat(101)])
    expect(whyNoGroupName(name)).toBeDefined();
});
