// Asks a service once whether it is healthy: by a command, by its port or by HTTP.
import type { IncomingMessage, request as requestHttp, RequestOptions } from "node:http";
import { connect } from "node:net";
import type { Readable } from "node:stream";
import type { HealthCheck, ResourceLimits } from "#shared/application/application.ts";
import type { EndProcesses } from "./end-processes.ts";
import type { Launch, LaunchRequest, Launched } from "./launch.ts";

export interface ProbeResult {
  readonly ok: boolean;
  /** For people: what was found, on one line. */
  readonly detail: string;
}

export type ProbeOrder = HealthCheck["probe"];

/** Where a command runs: as the process that it asks about, with its marks in the environment. */
export type ProbePlace = Pick<LaunchRequest, "cwd" | "workDirectory" | "environment" | "user">;

/** Never fails; gives up at the time-out, or when `signal` is aborted. */
export type Probe = (
  order: ProbeOrder,
  place: ProbePlace,
  timeoutMs: number,
  signal: AbortSignal,
) => Promise<ProbeResult>;

export interface ProbeParts {
  readonly launch: Launch;
  readonly endProcesses: EndProcesses;
  /** Of this host, besides the loopback ones: a service may listen on that only. */
  readonly address: string;
}

/** The end of what a command says; the rest is read and dropped. */
const DETAIL_CHARACTERS_MAX = 200;
const TAIL_BYTES = 1024;
/** Whoever listens on one of these answers for the service. */
const LOOPBACKS = ["127.0.0.1", "::1"] as const;
const NO_LIMITS: ResourceLimits = {
  openFiles: undefined,
  memoryBytes: undefined,
  fileSizeBytes: undefined,
  cpuSeconds: undefined,
  processes: undefined,
  outputBytes: undefined,
};

export function createProbe(parts: ProbeParts): Probe {
  return async (order, place, timeoutMs, signal) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([timeout, signal]);
    try {
      const result = await ask(parts, order, place, either);
      if (result.ok || !either.aborted) return result;
    } catch (error) {
      if (!either.aborted) return { ok: false, detail: wordsOf(error) };
    }
    return { ok: false, detail: timeout.aborted ? `no answer within ${String(timeoutMs)} ms` : "given up" };
  };
}

function ask(
  parts: ProbeParts,
  order: ProbeOrder,
  place: ProbePlace,
  signal: AbortSignal,
): Promise<ProbeResult> {
  switch (order.kind) {
    case "command":
      return askCommand(parts, { ...place, ...order, limits: NO_LIMITS, wantsInput: false }, signal);
    case "port":
      return askPort([...LOOPBACKS, parts.address], order.port, signal);
    case "http":
      return askHttp(order.url, signal);
  }
}

/** In a group of its own, which never outlives the question. */
async function askCommand(
  parts: ProbeParts,
  request: LaunchRequest,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const launched = await parts.launch(request, () => signal.aborted);
  if ("step" in launched) return { ok: false, detail: `${launched.step}: ${launched.reason}` };
  const end = (): void => void parts.endProcesses.endGroup(launched.pid, 0);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const said = tailOf(launched);
  try {
    const { status, signal: endedBy } = await launched.exited;
    const how = status === undefined ? `ended by ${String(endedBy)}` : `exit status ${String(status)}`;
    const words = said();
    return { ok: status === 0, detail: words === "" ? how : `${how}: ${words}` };
  } finally {
    signal.removeEventListener("abort", end);
    if (parts.endProcesses.groupLives(launched.pid)) await parts.endProcesses.endGroup(launched.pid, 0);
    launched.stdout.close();
    launched.stderr.close();
  }
}

function tailOf({ stdout, stderr }: Launched): () => string {
  let tail = Buffer.alloc(0);
  const take = (bytes: Buffer): void => {
    tail = Buffer.concat([tail, bytes]).subarray(-TAIL_BYTES);
  };
  const watch = (stream: Readable): void => {
    stream.on("data", take);
    stream.on("error", () => {
      // Torn down when the command is ended.
    });
  };
  watch(stdout.stream());
  watch(stderr.stream());
  return () => tail.toString("utf8").trim().split("\n").at(-1)?.slice(0, DETAIL_CHARACTERS_MAX) ?? "";
}

async function askPort(hosts: readonly string[], port: string, signal: AbortSignal): Promise<ProbeResult> {
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    return { ok: false, detail: `"${port}" is not a port` };
  try {
    await Promise.any(hosts.map((host) => reach(host, number, signal)));
    return { ok: true, detail: `port ${port} answers` };
  } catch (error) {
    const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
    return { ok: false, detail: `port ${port}: ${wordsOf(first)}` };
  }
}

function reach(host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
  });
}

/** Loaded when a service is asked by HTTP: few are, and each client would pay for it at its start. */
async function httpRequestFor(url: string): Promise<typeof requestHttp> {
  if (!url.startsWith("https:")) return (await import("node:http")).request;
  const [https, { trustedContext }] = await Promise.all([
    import("node:https"),
    import("#shared/node/trusted-authorities.ts"),
  ]);
  const secureContext = trustedContext(process.env);
  return ((address: string, options: RequestOptions, onAnswer: (answer: IncomingMessage) => void) =>
    https.request(address, { ...options, ...{ secureContext } }, onAnswer)) as typeof requestHttp;
}

/** 200 to 399 is healthy; redirects are not followed. */
async function askHttp(url: string, signal: AbortSignal): Promise<ProbeResult> {
  const request = await httpRequestFor(url);
  return new Promise((resolve, reject) => {
    const asked = request(url, { signal, agent: false }, (response) => {
      const status = response.statusCode ?? 0;
      resolve({
        ok: status >= 200 && status < 400,
        detail: `${String(status)} ${response.statusMessage ?? ""}`.trim(),
      });
      asked.destroy();
    });
    // Also after the answer: then nobody hears it any more.
    asked.on("error", reject);
    asked.end();
  });
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
