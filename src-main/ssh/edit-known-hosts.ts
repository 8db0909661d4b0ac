// Takes a host's keys out of the text of a known_hosts file, line by line, and nothing of any other host.
import { knownHostName, parseKnownHosts, type KnownHost } from "./known-hosts.ts";

export type EditedText =
  | { readonly kind: "ok"; readonly text: string }
  /** For people: why it must be done by hand. */
  | { readonly kind: "refused"; readonly reason: string };

/** `lines`: those of this file, as they were when the host was judged. */
export function forgetKeys(
  text: string,
  lines: readonly KnownHost[],
  host: string,
  port: number,
): EditedText {
  const name = knownHostName(host, port);
  const raw = text.split("\n");
  const kept = new Map<number, string | undefined>();
  for (const known of lines) {
    const { file, line, hosts, key, marker } = known;
    const [now] = parseKnownHosts(raw[line - 1] ?? "", file).entries;
    if (now === undefined || now.hosts !== hosts || now.key !== key || now.marker !== marker) {
      return { kind: "refused", reason: `${file} has changed meanwhile: connect again, and look again` };
    }
    const names = hosts.split(",");
    if (!hosts.startsWith("|") && names.some((pattern) => /[*?!]/.test(pattern))) {
      const reason = `line ${String(line)} of ${file} is about several hosts (${hosts}): edit it by hand`;
      return { kind: "refused", reason };
    }
    const others = hosts.startsWith("|") ? [] : names.filter((one) => one.toLowerCase() !== name);
    const whole = raw[line - 1] ?? "";
    kept.set(line, others.length === 0 ? undefined : whole.replace(hosts, () => others.join(",")));
  }
  const left = raw.flatMap((whole, at) => (kept.has(at + 1) ? (kept.get(at + 1) ?? []) : whole));
  return { kind: "ok", text: left.join("\n") };
}
