// What a host's answer to the probe says: fit for a client, or why not and what to do (pure).
import type { AnswerLine } from "./remote-shell.ts";
import type { DeployFailure } from "./deployment.ts";
import { GLIBC_MIN, type NodePlatform } from "./node-pins.ts";

/** The client refuses older ones by itself; here it is said before anything is sent. */
export const NODE_MIN = { major: 20, minor: 18 } as const;
const NEEDED = `${String(NODE_MIN.major)}.${String(NODE_MIN.minor)} or later`;
/** By what `uname -sm` says. */
const PLATFORMS: Readonly<Record<string, NodePlatform>> = {
  "Linux x86_64": "linux-x64",
  "Linux aarch64": "linux-arm64",
};

/** Where Node is not, and what kind of it would run. */
export interface NodeLack {
  readonly kind: "lacking";
  readonly platform: NodePlatform;
  /** `node: not found`, or which one is too old. */
  readonly reason: string;
  /** Digests of those that were brought before. */
  readonly present: readonly string[];
}

export interface FitHost {
  readonly node: { readonly kind: "there"; readonly path: string } | NodeLack;
  /** Directory for everything of ours. */
  readonly base: string;
  readonly hasBundle: boolean;
  readonly hasGunzip: boolean;
  /** Where the connection came from, as the host sees it: mostly this controller. */
  readonly controllerAddress: string | undefined;
  /** Where it went to: the host's own address, as it sees it. */
  readonly hostAddress: string | undefined;
}

export type ProbeResult =
  | { readonly kind: "fit"; readonly host: FitHost }
  | { readonly kind: "unfit"; readonly failure: DeployFailure };

interface Seen {
  all(key: string): readonly string[];
  has(key: string): boolean;
}

/** `mayPush`: a Node may be brought where there is none. */
export function judgeProbe(lines: readonly AnswerLine[], mayPush: boolean): ProbeResult {
  const seen = seenIn(lines);
  const unfit = judgeSystem(seen);
  if (unfit !== undefined) return { kind: "unfit", failure: unfit };
  const node = judgeNode(seen, mayPush);
  if (node.kind === "unfit") return node;
  const [base] = seen.all("base");
  if (base === undefined) return { kind: "unfit", failure: noBase(seen) };
  const [from = ""] = seen.all("seen");
  return {
    kind: "fit",
    host: {
      node,
      base,
      hasBundle: seen.has("bundle"),
      hasGunzip: seen.has("gunzip"),
      controllerAddress: addressIn(from.split(" ")[0]),
      hostAddress: addressIn(from.split(" ")[2]),
    },
  };
}

/** Without the zone that only this host knows. */
function addressIn(word: string | undefined): string | undefined {
  return /^[\da-fA-F.:]+/u.exec(word ?? "")?.[0];
}

export function seenIn(lines: readonly AnswerLine[]): Seen {
  const all = (key: string): string[] => lines.filter((line) => line.key === key).map(({ text }) => text);
  return { all, has: (key) => all(key).length > 0 };
}

export function judgeSystem(seen: Seen): DeployFailure | undefined {
  if (seen.has("unfit-shell"))
    return failure(
      "shell",
      "/bin/sh has no printf of its own, so that keys cannot be handed over safely",
      "Use a host whose /bin/sh is dash, bash, ksh, zsh or busybox.",
    );
  const [system = ""] = seen.all("system");
  if (/^(?:Linux|Darwin|FreeBSD)\b/u.test(system)) return undefined;
  return failure(
    "system",
    `${system || "an unknown system"} is not supported`,
    "Use Linux, macOS or FreeBSD.",
  );
}

export function noBase(seen: Seen): DeployFailure {
  return failure(
    "disk",
    `no directory for the client: ${seen.all("unfit").join("; ") || "no reason given"}`,
    "Make one of them usable: free space, write permission, no noexec, owned by you.",
  );
}

/** The script looks until one is new enough, so that is the last one. */
export function judgeNode(
  seen: Seen,
  mayPush: boolean,
): FitHost["node"] | { readonly kind: "unfit"; readonly failure: DeployFailure } {
  const unfit = (reason: string, remedy: string): { kind: "unfit"; failure: DeployFailure } => ({
    kind: "unfit",
    failure: failure("node", reason, remedy),
  });
  const found = seen.all("node");
  const [libc = ""] = seen.all("libc");
  if (libc === "musl")
    return unfit("this host has musl (Alpine)", "Use a host or container with glibc 2.28 or later.");
  const best = found.findLast((text) => isEnough(text)) ?? found.at(-1);
  if (best !== undefined && isEnough(best)) return { kind: "there", path: best.slice(best.indexOf(" ") + 1) };
  const reason = best === undefined ? "node: not found" : `Node ${versionOf(best).join(".")} is too old`;
  const install =
    best === undefined
      ? `Install Node ${NEEDED}, or put it into the PATH of non-interactive logins`
      : `Install Node ${NEEDED}; the older one may stay`;
  if (!mayPush) return unfit(reason, `${install}. Or let Nebula bring one: push_node = yes.`);
  const [system = ""] = seen.all("system");
  const platform = PLATFORMS[system];
  if (platform === undefined) return unfit(`${reason}, and Nebula brings none for ${system}`, `${install}.`);
  const glibc = /^glibc (\d+)\.(\d+)/u.exec(libc);
  if (glibc !== null && !isAtLeast([Number(glibc[1]), Number(glibc[2])], GLIBC_MIN))
    return unfit(
      `${reason}, and the one that Nebula brings needs glibc 2.28, which is ${libc.slice("glibc ".length)} here`,
      `Install Node ${NEEDED} that is built for this system.`,
    );
  return { kind: "lacking", platform, reason, present: seen.all("runtime") };
}

function isEnough(text: string): boolean {
  return isAtLeast(versionOf(text), NODE_MIN);
}

function isAtLeast(
  [major = 0, minor = 0]: readonly number[],
  min: { readonly major: number; readonly minor: number },
): boolean {
  return major > min.major || (major === min.major && minor >= min.minor);
}

function versionOf(text: string): number[] {
  const match = /^v(\d+)\.(\d+)/u.exec(text);
  return match === null ? [0, 0] : [Number(match[1]), Number(match[2])];
}

function failure(step: string, reason: string, remedy: string): DeployFailure {
  return { step, reason, remedy, unreachable: false };
}
