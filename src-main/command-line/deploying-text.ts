// What takes long on the way to hosts, in words.
import { neutraliseLine } from "#shared/output-text/neutralise-output.ts";

const MEGABYTE = 1_000_000;

/** `node[1-3]: no Node that will do; bringing Node 24.21.0`, then `sending Node 24.21.0 (45 MB) to node[1-3]`. */
export function deployingText(
  hosts: string,
  doing: "fetching" | "sending",
  what: string,
  bytes: number,
): string {
  if (doing === "fetching") return `${hosts}: no Node that will do; bringing ${neutraliseLine(what)}`;
  return `sending ${neutraliseLine(what)} (${String(Math.ceil(bytes / MEGABYTE))} MB) to ${hosts}`;
}
