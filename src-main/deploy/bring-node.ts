// Brings a Node to a host that has none: by its digest, once for all clients there, a few hosts at a time.
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { DeployFailure, DeployProgress } from "./deployment.ts";
import { createGate } from "./gate.ts";
import type { NodeLack } from "./host-probe.ts";
import type { NodeRuntime, NodeRuntimes } from "./node-runtimes.ts";
import { oneLine } from "./remote-script.ts";
import type { RemoteShell } from "./remote-shell.ts";
import { RUNTIME_SCRIPT } from "./runtime-script.ts";
import { uploadRemedy } from "./failure-remedies.ts";

/** Together they fill the line of a small office; more would only make each of them slower, and hold up output. */
const UPLOADS_MAX = 4;
/** Without a byte taken, and for unpacking and digesting it at the end, on a slow disk. */
const STALLED_MS = 120_000;
/** Another client of the same user brings it meanwhile: as long as that may take over a slow line. */
const WAIT_MS = 3_600_000;
const LEARN_MS = 20_000;

export interface NodeNeed {
  readonly lack: NodeLack;
  readonly base: string;
  readonly hasGunzip: boolean;
}

export type NodeBrought =
  | { readonly kind: "ok"; readonly path: string }
  | { readonly kind: "failed"; readonly failure: DeployFailure };

export interface NodeBringer {
  /** `tell` is called when it is going to take longer than a host may hold up others. */
  bring(
    shell: RemoteShell,
    need: NodeNeed,
    tell: (progress: DeployProgress) => void,
    signal: AbortSignal,
  ): Promise<NodeBrought>;
  close(): void;
}

export function createNodeBringer(runtimes: NodeRuntimes): NodeBringer {
  const uploads = createGate(UPLOADS_MAX);

  async function bring(
    shell: RemoteShell,
    need: NodeNeed,
    tell: (progress: DeployProgress) => void,
    signal: AbortSignal,
  ): Promise<NodeBrought> {
    const { platform, present, reason } = need.lack;
    const there = present.find((hash) => runtimes.isKnown(platform, hash));
    if (there !== undefined) return { kind: "ok", path: `${need.base}/node-${there}` };
    tell({ doing: "fetching", what: runtimes.nameOf(platform), bytes: 0 });
    const result = await abortable(runtimes.get(platform), signal);
    if (result === undefined) return givenUp();
    if (result.kind === "failed") return failed("node", `${reason}; ${result.reason}`, result.remedy);
    const { runtime } = result;
    if (present.includes(runtime.hash)) return { kind: "ok", path: `${need.base}/node-${runtime.hash}` };
    const sent = await uploads.through(() => send(shell, runtime, need, tell, signal), signal);
    return sent ?? givenUp();
  }

  return { bring, close: () => runtimes.close() };
}

async function send(
  shell: RemoteShell,
  runtime: NodeRuntime,
  { hasGunzip }: NodeNeed,
  tell: (progress: DeployProgress) => void,
  signal: AbortSignal,
): Promise<NodeBrought> {
  const learnt = await shell.ask(["learn", oneLine(RUNTIME_SCRIPT)], { deadlineMs: LEARN_MS, signal });
  if (learnt.kind === "failed") return failed("upload", learnt.reason);
  const asked = await shell.ask(["do_runtime", runtime.hash], { deadlineMs: WAIT_MS, signal });
  if (asked.kind === "failed") return failed("upload", asked.reason);
  const found = asked.lines.find(({ key }) => key === "runtime")?.text ?? "";
  if (found !== "send") return { kind: "ok", path: found };
  const body = hasGunzip ? runtime.packed : await unpacked(runtime.packed);
  tell({ doing: "sending", what: runtime.name, bytes: body.length });
  const order = ["do_receive", runtime.hash, String(body.length), hasGunzip ? "gzip" : "plain"];
  const answer = await shell.ask(order, { body, deadlineMs: STALLED_MS, signal });
  if (answer.kind === "failed")
    return failed("upload", `${runtime.name}: ${answer.reason}`, remedyOf(answer.reason));
  return { kind: "ok", path: answer.lines.find(({ key }) => key === "runtime")?.text ?? "" };
}

function unpacked(packed: Uint8Array): Promise<Uint8Array> {
  return promisify(gunzip)(packed);
}

function remedyOf(reason: string): string {
  if (/does not run there/u.test(reason))
    return "Install Node 20.18 or later there by its own package manager: it fits the host's libraries.";
  return uploadRemedy(reason);
}

/** Undefined when the signal comes first. The work goes on for others who wait for it. */
function abortable<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      resolve(undefined);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}

function failed(step: string, reason: string, remedy = ""): NodeBrought {
  return { kind: "failed", failure: { step, reason, remedy, unreachable: false } };
}

function givenUp(): NodeBrought {
  return failed("upload", "given up");
}
