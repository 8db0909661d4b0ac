// `--where FILTER`: hosts by the filter language of the window's lists, on the command line.
import { parseHostQuery } from "#shared/host-query/host-query.ts";
import { matchingHosts } from "#shared/host-query/matching-hosts.ts";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import { foldNames, parseNodeSet } from "#shared/node-set/node-set.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import { cutToWidth } from "./text-width.ts";

const REMEDY = "Words, field:text, field>number, @group, AND, OR, NOT and parentheses: plush help filters";
/** Of a filter that is wrong, so much is shown before and behind the place. */
const SHOWN_AROUND = 60;

/** The hosts for which the filter holds, by name; refused with the place in it when it cannot be read. */
export function namesWhere(
  api: Pick<ControllerApi, "hosts" | "mesh" | "runs">,
  filter: string,
): readonly string[] {
  const parsed = parseHostQuery(filter);
  if (parsed.kind === "error") {
    const place = placeLines(filter, parsed.offset, parsed.end);
    throw new CommandFailure(EXIT.usage, `the filter is wrong: ${parsed.message}\n${place}`, REMEDY);
  }
  const now = { hosts: api.hosts(), mesh: api.mesh(), runs: api.runs() };
  const names = matchingHosts(now, parsed.query);
  if (names.length > 0) return names;
  const remedy = api.hosts().some((host) => host.client !== undefined)
    ? "info nodes shows how the hosts are."
    : "No host is connected yet: only names, groups, sites and addresses are known, and each is 'unused'.";
  throw new CommandFailure(
    EXIT.invalid,
    `the filter '${cutToWidth(filter, SHOWN_AROUND * 2)}' holds for no host`,
    remedy,
  );
}

/**
 * The node set, restricted to the hosts for which the filter holds. What the directory does not have stays in it, and a
 * set that cannot be read stays as it is: the controller refuses both, in its own words.
 */
export function hostsWhere(
  api: ControllerApi,
  hosts: string | undefined,
  filter: string | undefined,
): string | undefined {
  if (filter === undefined) return hosts;
  const names = namesWhere(api, filter);
  if (hosts === undefined) return foldNames(names);
  const all = api.hosts().map((host) => host.host);
  const groups = (_source: string | undefined, group: string): readonly string[] | undefined => {
    const members = api.hosts().filter((host) => host.groups.includes(group));
    return members.length === 0 ? undefined : members.map((host) => host.host);
  };
  const parsed = parseNodeSet(hosts, { groups, all });
  if (parsed.kind === "error") return hosts;
  const holds = new Set(names);
  const known = new Set(all);
  const left = parsed.set.names().filter((name) => holds.has(name) || !known.has(name));
  if (left.length > 0) return foldNames(left);
  throw new CommandFailure(
    EXIT.invalid,
    `the filter holds for none of ${cutToWidth(hosts, SHOWN_AROUND * 2)}`,
    cutToWidth(`It holds for ${foldNames(names)}.`, SHOWN_AROUND * 2),
  );
}

/** The filter with a line below that points at what is wrong. */
function placeLines(filter: string, offset: number, end: number): string {
  const from = Math.max(0, offset - SHOWN_AROUND);
  const shown = filter.slice(from, end + SHOWN_AROUND).replace(/\s/g, " ");
  const marks = "^".repeat(Math.max(1, Math.min(end, from + shown.length) - offset));
  return `  ${shown}\n  ${" ".repeat(offset - from)}${marks}`;
}
