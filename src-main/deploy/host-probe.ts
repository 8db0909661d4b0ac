// What a host's answer to the probe says: fit for a client, or why not and what to do (pure).
import type { AnswerLine } from "./remote-shell.ts";
import type { DeployFailure } from "./deployment.ts";

/** The client refuses older ones by itself; here it is said before anything is sent. */
export const NODE_MIN = { major: 20, minor: 18 } as const;

export interface FitHost {
  /** Path of the program. */
  readonly node: string;
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

export function judgeProbe(lines: readonly AnswerLine[]): ProbeResult {
  const all = (key: string): string[] => lines.filter((line) => line.key === key).map(({ text }) => text);
  const has = (key: string): boolean => all(key).length > 0;
  if (has("unfit-shell"))
    return unfit(
      "shell",
      "/bin/sh has no printf of its own, so that keys cannot be handed over safely",
      "Use a host whose /bin/sh is dash, bash, ksh, zsh or busybox.",
    );
  const [system = ""] = all("system");
  if (!/^(?:Linux|Darwin|FreeBSD)\b/u.test(system))
    return unfit(
      "system",
      `${system || "an unknown system"} is not supported`,
      "Use Linux, macOS or FreeBSD.",
    );
  const node = nodeOf(all("node"), all("libc").includes("musl"));
  if (node.kind === "unfit") return node;
  const [base] = all("base");
  if (base === undefined)
    return unfit(
      "disk",
      `no directory for the client: ${all("unfit").join("; ") || "no reason given"}`,
      "Make one of them usable: free space, write permission, no noexec, owned by you.",
    );
  const [seen = ""] = all("seen");
  return {
    kind: "fit",
    host: {
      node: node.path,
      base,
      hasBundle: has("bundle"),
      hasGunzip: has("gunzip"),
      controllerAddress: addressIn(seen.split(" ")[0]),
      hostAddress: addressIn(seen.split(" ")[2]),
    },
  };
}

/** Without the zone that only this host knows. */
function addressIn(word: string | undefined): string | undefined {
  return /^[\da-fA-F.:]+/u.exec(word ?? "")?.[0];
}

type NodeResult =
  | { readonly kind: "node"; readonly path: string }
  | { readonly kind: "unfit"; readonly failure: DeployFailure };

/** The script looks until one is new enough, so that is the last one. */
function nodeOf(found: readonly string[], isMusl: boolean): NodeResult {
  const needed = `${String(NODE_MIN.major)}.${String(NODE_MIN.minor)} or later`;
  const best = found.findLast((text) => isEnough(text)) ?? found.at(-1);
  if (best === undefined)
    return unfit(
      "node",
      "node: not found",
      `Install Node ${needed}, or put it into the PATH of non-interactive logins.`,
    );
  if (!isEnough(best))
    return unfit(
      "node",
      `Node ${versionOf(best).join(".")} is too old`,
      `Install Node ${needed}; the older one may stay.`,
    );
  if (isMusl)
    return unfit("node", "this host has musl (Alpine)", "Use a host or container with glibc 2.28 or later.");
  return { kind: "node", path: best.slice(best.indexOf(" ") + 1) };
}

function isEnough(text: string): boolean {
  const [major = 0, minor = 0] = versionOf(text);
  return major > NODE_MIN.major || (major === NODE_MIN.major && minor >= NODE_MIN.minor);
}

function versionOf(text: string): number[] {
  const match = /^v(\d+)\.(\d+)/u.exec(text);
  return match === null ? [0, 0] : [Number(match[1]), Number(match[2])];
}

function unfit(step: string, reason: string, remedy: string): { kind: "unfit"; failure: DeployFailure } {
  return { kind: "unfit", failure: { step, reason, remedy, unreachable: false } };
}
