// Reads, writes and judges by known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"); no files are touched here.
import { createHmac } from "node:crypto";

/** The port that known_hosts does not write down. */
const SSH_PORT = 22;
/** How a hashed name begins; 1 is HMAC-SHA1, the only kind there is. */
const HASH_MAGIC = "|1|";

export type KnownHostMarker = "none" | "revoked" | "cert-authority";

/** One line that can be used. */
export interface KnownHost {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly marker: KnownHostMarker;
  /** Comma-separated patterns, or one hashed name. */
  readonly hosts: string;
  readonly keyType: string;
  /** The public key as it travels, in base64. */
  readonly key: string;
}

/** A line that cannot be used; it does not make the others useless. */
export interface BadKnownHostsLine {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface KnownHosts {
  readonly entries: readonly KnownHost[];
  readonly bad: readonly BadKnownHostsLine[];
}

export type HostKeyJudgement =
  | { readonly kind: "known" }
  | { readonly kind: "unknown" }
  /** The host is known by other keys, all of them in these lines. */
  | { readonly kind: "changed"; readonly lines: readonly KnownHost[] }
  | { readonly kind: "revoked"; readonly line: KnownHost }
  /** Nothing but a certificate authority vouches for the host, and what it has shown is no certificate. */
  | { readonly kind: "caOnly"; readonly line: KnownHost };

/** A key's type, from its first field (RFC 4253, 6.6); undefined if there is none. */
export function keyTypeOf(key: Uint8Array): string | undefined {
  if (key.length < 4) return undefined;
  const length = new DataView(key.buffer, key.byteOffset).getUint32(0);
  if (length === 0 || length > key.length - 4) return undefined;
  return Buffer.from(key.subarray(4, 4 + length)).toString("latin1");
}

type LineContent = Omit<KnownHost, "file" | "line">;

function markerOf(word: string): KnownHostMarker | undefined {
  if (word === "@revoked") return "revoked";
  return word === "@cert-authority" ? "cert-authority" : undefined;
}

function parseLine(text: string): LineContent | string {
  const words = text.split(/[ \t]+/);
  let marker: KnownHostMarker = "none";
  if (words[0]?.startsWith("@") === true) {
    const found = markerOf(words[0]);
    if (found === undefined) return `the marker ${words[0]} does not exist`;
    marker = found;
    words.shift();
  }
  const [hosts, keyType, key] = words;
  if (hosts === undefined || keyType === undefined || key === undefined) {
    return "a line is: hosts, key type, key";
  }
  if (hosts.startsWith("|") && !/^\|1\|[A-Za-z0-9+/]+=*\|[A-Za-z0-9+/]+=*$/.test(hosts)) {
    return "the hashed name is malformed";
  }
  if (!/^[A-Za-z0-9+/]+=*$/.test(key)) return "the key is not in base64";
  const bytes = Buffer.from(key, "base64");
  if (keyTypeOf(bytes) !== keyType) return `the key is no ${keyType} key`;
  return { marker, hosts, keyType, key: bytes.toString("base64") };
}

/** Takes what can be used of a known_hosts file; `file` is only for messages. */
export function parseKnownHosts(text: string, file: string): KnownHosts {
  const entries: KnownHost[] = [];
  const bad: BadKnownHostsLine[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const content = raw.trim();
    if (content === "" || content.startsWith("#")) continue;
    const parsed = parseLine(content);
    const line = index + 1;
    if (typeof parsed === "string") bad.push({ file, line, message: parsed });
    else entries.push({ file, line, ...parsed });
  }
  return { entries, bad };
}

/** A host as known_hosts writes it: `host`, or `[host]:port` for another port than 22. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === SSH_PORT ? name : `[${name}]:${String(port)}`;
}

function hashName(name: string, salt: Uint8Array): string {
  return createHmac("sha1", salt).update(name).digest("base64");
}

/** `*` and `?` only, as in ssh_config(5); without backtracking over more than the last star, so in O(n·m). */
function wildcardMatches(pattern: string, name: string): boolean {
  let at = 0;
  let inName = 0;
  let star = -1;
  let resumeAt = 0;
  while (inName < name.length) {
    if (pattern[at] === "*") {
      star = at;
      resumeAt = inName;
      at += 1;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[inName])) {
      at += 1;
      inName += 1;
    } else if (star >= 0) {
      at = star + 1;
      resumeAt += 1;
      inName = resumeAt;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

/** Whether a list of patterns means a name: some must match, and none of those with a `!`. */
export function patternsMatch(patterns: readonly string[], name: string): boolean {
  let matched = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith("!");
    if (!wildcardMatches((negated ? pattern.slice(1) : pattern).toLowerCase(), name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function lineMatches(hosts: string, name: string): boolean {
  if (!hosts.startsWith(HASH_MAGIC)) return patternsMatch(hosts.split(","), name);
  const [salt = "", hash = ""] = hosts.slice(HASH_MAGIC.length).split("|");
  return hashName(name, Buffer.from(salt, "base64")) === hash;
}

/** The lines about a host. A key of its plain name vouches for its other ports too, as it does for OpenSSH. */
export interface HostLines {
  readonly own: readonly KnownHost[];
  readonly ofPlainName: readonly KnownHost[];
}

export function linesAbout(entries: readonly KnownHost[], host: string, port: number): HostLines {
  const name = knownHostName(host, port);
  const plain = knownHostName(host, SSH_PORT);
  return {
    own: entries.filter((entry) => lineMatches(entry.hosts, name)),
    ofPlainName: name === plain ? [] : entries.filter((entry) => lineMatches(entry.hosts, plain)),
  };
}

/**
 * Judges a host's public key. A host that is known by a key of another type only has *changed*: otherwise it would
 * be enough for an impostor to offer a type that nobody has written down.
 */
export function judgeHostKey(
  entries: readonly KnownHost[],
  host: string,
  port: number,
  key: Uint8Array,
): HostKeyJudgement {
  const { own, ofPlainName } = linesAbout(entries, host, port);
  const shown = Buffer.from(key).toString("base64");
  const revoked = [...own, ...ofPlainName].find((line) => line.marker === "revoked" && line.key === shown);
  if (revoked !== undefined) return { kind: "revoked", line: revoked };
  const vouches = (line: KnownHost): boolean => line.marker === "none" && line.key === shown;
  if (own.some(vouches)) return { kind: "known" };
  const others = own.filter((line) => line.marker === "none");
  if (others.length > 0) return { kind: "changed", lines: others };
  if (ofPlainName.some(vouches)) return { kind: "known" };
  const authority = own.find((line) => line.marker === "cert-authority");
  if (authority !== undefined) return { kind: "caOnly", line: authority };
  return { kind: "unknown" };
}

/** A line for a new host, without its end; with a salt (20 random bytes) the name is hashed. */
export function writeKnownHostsLine(
  host: string,
  port: number,
  key: Uint8Array,
  salt: Uint8Array | undefined,
): string {
  const name = knownHostName(host, port);
  const written =
    salt === undefined
      ? name
      : `${HASH_MAGIC}${Buffer.from(salt).toString("base64")}|${hashName(name, salt)}`;
  return `${written} ${keyTypeOf(key) ?? ""} ${Buffer.from(key).toString("base64")}`;
}
