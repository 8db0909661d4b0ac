// The processes of runs on this host: starts, feeds, probes and ends them, and sends up what they print.
import { resolve } from "node:path";
import type { RunId } from "#shared/base/ids.ts";
import type { BulkOutcome } from "#shared/node/frame-link.ts";
import type { BulkMessage, StreamKey } from "#shared/protocol/bulk.ts";
import type { ClientEffect, ClientEvent, ProcessRequest } from "./core/client-events.ts";
import { InputQueue } from "./input-queue.ts";
import { loginEnvironment } from "./login-environment.ts";
import { OutputUplink } from "./output-uplink.ts";
import type { Probe } from "./processes/probe.ts";
import type { ProcessEvent, Processes } from "./processes/processes.ts";
import type { RunFiles } from "./run-files.ts";

/** For what is still there at the end of a run, after its processes were stopped with their own graces. */
const STRAY_GRACE_MS = 1000;

export interface HostProcessesParts {
  readonly createProcesses: (listener: (event: ProcessEvent) => void) => Processes;
  readonly probe: Probe;
  readonly filesOf: (run: RunId) => RunFiles;
  readonly send: (message: BulkMessage) => BulkOutcome;
  readonly step: (event: ClientEvent) => void;
  readonly note: (text: string) => void;
}

export class HostProcesses {
  readonly #parts: HostProcessesParts;
  readonly #processes: Processes;
  readonly #input: InputQueue;
  readonly #requests = new Map<string, ProcessRequest>();
  /** Runs of which not all output could go with the end of its process: it is pulled. */
  readonly #flowing = new Set<RunId>();
  readonly uplink: OutputUplink;

  constructor(parts: HostProcessesParts) {
    this.#parts = parts;
    this.#processes = parts.createProcesses((event) => {
      this.#hear(event);
    });
    this.uplink = new OutputUplink({
      send: parts.send,
      ringOf: (key) => this.#processes.output(idOf(key), key.stream),
    });
    this.#input = new InputQueue(
      (id, bytes, end) => this.#processes.input(id, bytes, end),
      (id) => {
        parts.note(`${id} does not read its input; it was cut`);
      },
    );
  }

  start(request: ProcessRequest): void {
    const { workDirectory } = this.#parts.filesOf(request.run);
    this.#requests.set(request.id, request);
    const { id, run, path, args, user, limits, wantsInput, secrets } = request;
    const cwd = resolve(workDirectory, request.cwd);
    const environment = { ...loginEnvironment(workDirectory), ...request.environment };
    this.#processes.start({
      id,
      run,
      path,
      args,
      cwd,
      workDirectory,
      environment,
      user,
      limits,
      wantsInput,
      secrets,
    });
  }

  stop(id: string, graceMs: number): void {
    void this.#processes.stop(id, graceMs);
  }

  input(id: string, bytes: Uint8Array, end: boolean): void {
    this.#input.push(id, bytes, end);
  }

  async probe(effect: Extract<ClientEffect, { kind: "probe" }>): Promise<void> {
    const { workDirectory, installing } = this.#parts.filesOf(effect.run);
    const environment = { ...loginEnvironment(workDirectory), ...this.#processes.marksOf(effect.process) };
    const place = {
      cwd: workDirectory,
      workDirectory,
      environment,
      user: this.#requests.get(effect.process)?.user,
    };
    const result = await this.#parts.probe(effect.probe, place, effect.timeoutMs, installing.signal);
    this.#parts.step({ kind: "probed", process: effect.process, healthy: result.ok, detail: result.detail });
  }

  async stopRun(run: RunId): Promise<void> {
    this.#parts.filesOf(run).installing.abort();
    const leftovers = await this.#processes.stopAll(run, STRAY_GRACE_MS);
    const texts = leftovers.map(
      ({ pid, name, reason }) => `process ${pid} (${name}) could not be ended: ${reason}`,
    );
    this.#parts.step({ kind: "runStopped", run, leftovers: texts });
  }

  async seekLeft(run: RunId): Promise<void> {
    if (!(await this.#processes.isClear(run))) return;
    this.#parts.step({ kind: "nothingLeft", run, printed: !this.#flowing.has(run) });
  }

  async forgetRun(run: RunId): Promise<void> {
    await this.#processes.forgetRun(run);
    this.#flowing.delete(run);
    for (const [id, request] of this.#requests) {
      if (request.run !== run) continue;
      this.#requests.delete(id);
      this.uplink.forget(request);
    }
  }

  #hear(event: ProcessEvent): void {
    const request = this.#requests.get(event.id);
    if (request === undefined) return;
    const { step, note } = this.#parts;
    const { run, block, attempt } = request;
    switch (event.kind) {
      case "started":
        this.uplink.opened({ run, block, attempt });
        step({ kind: "started", process: event.id, pid: event.pid });
        return;
      case "notStarted":
        step({ kind: "notStarted", process: event.id, step: event.step, reason: event.reason });
        return;
      case "output":
        this.uplink.produced({ run, block, attempt }, event.stream);
        return;
      case "inputReady":
        this.#input.ready(event.id);
        return;
      case "problem":
        note(`${event.id}: ${event.reason}`);
        return;
      case "exited": {
        this.#input.forget(event.id);
        const { exit, usage, outputEnd } = event;
        const { status, signal } = exit;
        const printed = this.uplink.takeWhole({ run, block, attempt });
        if (printed === undefined) this.#flowing.add(run);
        else if (outputEnd.stdout + outputEnd.stderr > 0)
          step({ kind: "printed", process: event.id, ...printed });
        step({ kind: "exited", process: event.id, status, signal, usage, outputEnd });
        this.uplink.closed({ run, block, attempt });
        return;
      }
    }
  }
}

/** As the core names processes; a stream's key says the same in parts. */
function idOf(key: StreamKey): string {
  return `${key.run} ${key.block} ${String(key.attempt)}`;
}
