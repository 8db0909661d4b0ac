// Adds a group to a directory's text: further entries of hosts that are listed already, which join their groups.
import { applyEdits, insertInside } from "../application/edit-application.ts";
import { elementAt, readXml } from "../application/xml-document.ts";
import { sketch } from "../application/write-xml.ts";
import { hasErrors } from "../base/problem.ts";
import { foldNames } from "../node-set/node-set.ts";
import { parseDirectory } from "./parse-directory.ts";

export type GroupAdded =
  | {
      readonly kind: "added";
      readonly text: string;
      /** The hosts that the group has now, with those that it had before. */
      readonly hosts: readonly string[];
    }
  | { readonly kind: "refused"; readonly message: string };

const GROUP_CHARACTERS_MAX = 100;
/** What node sets, filters and the comma lists of `group` read as one name. */
const GROUP_NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?$/u;

/** Undefined when it can be a group's name; else why not, for people. */
export function whyNoGroupName(name: string): string | undefined {
  if (name === "") return "a group needs a name";
  if (name.length > GROUP_CHARACTERS_MAX)
    return `a group's name has at most ${String(GROUP_CHARACTERS_MAX)} characters`;
  return GROUP_NAME.test(name)
    ? undefined
    : "a group's name is made of letters, digits and _ . - and begins with a letter or a digit";
}

/** Whatever else is in the text stays byte for byte. Hosts that the group has already are not written again. */
export function addGroup(text: string, group: string, hosts: readonly string[]): GroupAdded {
  const reason = whyNoGroupName(group);
  if (reason !== undefined) return refused(reason);
  const xml = readXml(text);
  const { directory, problems } = parseDirectory(text);
  if (xml.kind === "error" || directory === undefined || hasErrors(problems))
    return refused("the resource directory has errors; mend them first");
  const wanted = new Set(hosts);
  const members = directory.managers.flatMap((manager) =>
    manager.hosts.filter((host) => host.groups.includes(group)).map((host) => host.id),
  );
  const known = new Set<string>(
    directory.managers.flatMap((manager) => manager.hosts.map((host) => host.id)),
  );
  const strangers = hosts.filter((host) => !known.has(host));
  if (strangers.length > 0) return refused(`not in the directory: ${foldNames(strangers)}`);
  const edits = directory.managers.flatMap((manager) => {
    const element = elementAt(xml.document, manager.span.start);
    const names = manager.hosts
      .filter((host) => wanted.has(host.id) && !host.groups.includes(group))
      .map((host) => host.id);
    if (element === undefined || names.length === 0) return [];
    return hostnamesOf(names).map((hostname) => ({ element, node: sketch("node", { hostname, group }) }));
  });
  if (edits.length === 0) return refused(`all of these hosts are in @${group} already`);
  const changed = applyEdits(
    text,
    edits.flatMap(({ element, node }) => insertInside(xml.document, element, node)),
  );
  // A name that reads back as something else must not get into the file.
  const now = parseDirectory(changed);
  const all = now.directory?.managers.flatMap((manager) => manager.hosts) ?? [];
  const result = all.filter((host) => host.groups.includes(group)).map((host) => host.id);
  const expected = new Set<string>([...hosts, ...members]);
  const isRight = result.length === expected.size && result.every((host) => expected.has(host));
  if (hasErrors(now.problems) || all.length !== known.size || !isRight)
    return refused("these hosts cannot be written as a node set; list them in the directory by hand");
  return { kind: "added", text: changed, hosts: result };
}

/** A colon would be read as a port: such addresses stand alone, in brackets. */
function hostnamesOf(names: readonly string[]): readonly string[] {
  const plain = names.filter((name) => !name.includes(":"));
  const folded = plain.length === 0 ? [] : [foldNames(plain)];
  return [...folded, ...names.filter((name) => name.includes(":")).map((name) => `[${name}]`)];
}

function refused(message: string): GroupAdded {
  return { kind: "refused", message };
}
