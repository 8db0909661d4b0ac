// Reads the hostname of a node: a host or a node set, with a port or without, IPv6 in brackets too.
import { parseNodeSet } from "../node-set/node-set.ts";

export interface HostNames {
  readonly names: readonly string[];
  readonly port: number | undefined;
}

export type HostNameResult =
  | ({ readonly kind: "ok" } & HostNames)
  | { readonly kind: "error"; readonly offset: number; readonly message: string; readonly remedy: string };

const PORT_MAX = 65_535;
/** Hexadecimal groups, at least two colons, an IPv4 end and a zone if need be: what cannot be a node set. */
const IPV6 = /^(?=.*:.*:)[0-9a-fA-F:]+(?:\.\d{1,3}){0,3}(?:%[A-Za-z0-9._-]+)?$/;

/** `host`, `host:15400`, `node[1-4,7]:15400`, `::1`, `[::1]:15400`; the port holds for all names. */
export function parseHostName(written: string): HostNameResult {
  const lead = written.length - written.trimStart().length;
  const text = written.trim();
  const bracketed = /^\[([^\]]*:[^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed?.[1] !== undefined) {
    const port = portOf(bracketed[2], lead + text.lastIndexOf("]") + 2);
    if (!IPV6.test(bracketed[1]))
      return nameError(lead + 1, "this is no IPv6 address", "Write it as [2001:db8::1]:PORT.");
    return port.kind === "error"
      ? port
      : { kind: "ok", names: [bracketed[1].toLowerCase()], port: port.port };
  }
  if (IPV6.test(text)) return { kind: "ok", names: [text.toLowerCase()], port: undefined };
  if (/^[^[@,\s]+@/.test(text))
    return nameError(lead, "the user does not belong here", 'Write it as user="…".');
  const colon = text.lastIndexOf(":");
  const hosts = colon === -1 ? text : text.slice(0, colon);
  if (hosts.includes(":")) {
    return nameError(
      lead + hosts.indexOf(":"),
      "there is more than one port",
      "Write one <node> for each port.",
    );
  }
  const port = portOf(colon === -1 ? undefined : text.slice(colon + 1), lead + colon + 1);
  if (port.kind === "error") return port;
  const result = parseNodeSet(hosts);
  if (result.kind === "error")
    return nameError(
      lead + result.offset,
      result.message,
      "Write a host's name, or names such as node[1-10].",
    );
  if (result.set.size === 0)
    return nameError(lead, "no host is left of it", "Write a host's name, or names such as node[1-10].");
  return { kind: "ok", names: result.set.names(), port: port.port };
}

type PortResult =
  | { readonly kind: "ok"; readonly port: number | undefined }
  | Extract<HostNameResult, { kind: "error" }>;

function portOf(text: string | undefined, offset: number): PortResult {
  if (text === undefined) return { kind: "ok", port: undefined };
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= PORT_MAX) return { kind: "ok", port };
  return nameError(offset, `'${text}' is no port`, `Write a number from 1 to ${String(PORT_MAX)}.`);
}

function nameError(
  offset: number,
  message: string,
  remedy: string,
): Extract<HostNameResult, { kind: "error" }> {
  return { kind: "error", offset, message, remedy };
}
