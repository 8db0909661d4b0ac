// The processes of one simulated host: what they would do is known when they start, and told as time comes to it.
import type { BulkMessage, StreamKey, StreamName } from "#shared/protocol/bulk.ts";
import type { RunId } from "#shared/base/ids.ts";
import type { Random } from "#shared/base/random.ts";
import type { ClientEvent, ProcessRequest } from "../core/client-events.ts";
import { createOutputSender, type OutputEvent } from "../core/output-sender.ts";
import { simulateProgram, type SimulatedProgram } from "./simulate-program.ts";

export interface SimulatedProcessesParts {
  readonly host: string;
  readonly random: Random;
  readonly now: () => number;
  /** Nothing comes of it once the host is gone. */
  readonly after: (delayMs: number, act: () => void) => void;
  readonly step: (event: ClientEvent) => void;
  readonly sendBulk: (message: BulkMessage) => void;
}

interface SimulatedProcess {
  readonly request: ProcessRequest;
  /** Some of its output goes in bulk. */
  flows: boolean;
  readonly output: Readonly<Record<StreamName, { bytes: Uint8Array }>>;
  startedMs: number;
  ended: boolean;
}

/** From the request until the process is there. */
const START_MS = 5;
/** From a signal until the process is gone. */
const STOP_MS = 20;
/** Output as short as this goes with the end of the process, as a real client's does. */
const SHORT_BYTES_MAX = 2048;
const PID_FIRST = 1000;
const STREAMS: readonly StreamName[] = ["stdout", "stderr"];

export class SimulatedProcesses {
  readonly #parts: SimulatedProcessesParts;
  readonly #processes = new Map<string, SimulatedProcess>();
  readonly #sender = createOutputSender();
  #lastPid = PID_FIRST;
  /** Only the newest timer of the sender counts. */
  #wake = 0;

  constructor(parts: SimulatedProcessesParts) {
    this.#parts = parts;
  }

  get running(): number {
    return [...this.#processes.values()].filter(({ ended }) => !ended).length;
  }

  start(request: ProcessRequest): void {
    const { host, random, after, step } = this.#parts;
    const outcome = simulateProgram(request, host, random);
    if (outcome.kind === "wrong") {
      const { reason } = outcome;
      return after(START_MS, () =>
        step({ kind: "notStarted", process: request.id, step: "simulate", reason }),
      );
    }
    after(START_MS, () => this.#begin(request, outcome.program));
  }

  stop(id: string): void {
    this.#parts.after(STOP_MS, () => this.#end(id, undefined, "SIGTERM"));
  }

  /** What the processes of the run have printed is all in reports. */
  areAllPrinted(run: RunId): boolean {
    return [...this.#processes.values()].every(({ request, flows }) => request.run !== run || !flows);
  }

  stopRun(run: RunId): void {
    for (const [id, { request, ended }] of this.#processes)
      if (request.run === run && !ended) this.#end(id, undefined, "SIGKILL");
  }

  forgetRun(run: RunId): void {
    for (const [id, { request }] of this.#processes) {
      if (request.run !== run) continue;
      this.#processes.delete(id);
      for (const stream of STREAMS) this.#output({ kind: "forget", stream: keyOf(request, stream) });
    }
  }

  credit(message: Extract<BulkMessage, { kind: "credit" }>): void {
    const { run, block, attempt, stream, have, upTo, again } = message;
    this.#output({ kind: "credit", stream: { run, block, attempt, stream }, have, upTo, again });
  }

  linkDown(): void {
    this.#output({ kind: "linkDown" });
  }

  #begin(request: ProcessRequest, { prints, durationMs, status }: SimulatedProgram): void {
    const { after, step, now } = this.#parts;
    const { id } = request;
    const output = { stdout: { bytes: new Uint8Array() }, stderr: { bytes: new Uint8Array() } };
    this.#lastPid += 1;
    this.#processes.set(id, { request, output, startedMs: now(), ended: false, flows: false });
    for (const stream of STREAMS) this.#output({ kind: "opened", stream: keyOf(request, stream) });
    step({ kind: "started", process: id, pid: this.#lastPid });
    for (const { atMs, stream, text } of prints) after(atMs, () => this.#print(id, stream, text));
    after(durationMs, () => this.#end(id, status, undefined));
  }

  #print(id: string, stream: StreamName, text: string): void {
    const process = this.#processes.get(id);
    if (process === undefined || process.ended) return;
    const kept = process.output[stream];
    const more = new TextEncoder().encode(text);
    const bytes = new Uint8Array(kept.bytes.length + more.length);
    bytes.set(kept.bytes);
    bytes.set(more, kept.bytes.length);
    kept.bytes = bytes;
    const key = keyOf(process.request, stream);
    this.#output({ kind: "produced", stream: key, produced: bytes.length, oldest: 0 });
  }

  #end(id: string, status: number | undefined, signal: string | undefined): void {
    const process = this.#processes.get(id);
    if (process === undefined || process.ended) return;
    process.ended = true;
    const { request, startedMs } = process;
    const stdout = process.output.stdout.bytes;
    const stderr = process.output.stderr.bytes;
    const outputEnd = { stdout: stdout.length, stderr: stderr.length };
    const keys = STREAMS.map((stream) => keyOf(request, stream));
    const isShort = stdout.length <= SHORT_BYTES_MAX && stderr.length <= SHORT_BYTES_MAX;
    const isWhole = isShort && keys.every((key) => this.#sender.isUntouched(key));
    if (isWhole) for (const stream of keys) this.#output({ kind: "forget", stream });
    const { step, now } = this.#parts;
    if (isWhole && stdout.length + stderr.length > 0) step({ kind: "printed", process: id, stdout, stderr });
    process.flows = !isWhole;
    const usage = { wallMs: now() - startedMs, cpuMs: undefined, memoryBytesMax: undefined };
    step({ kind: "exited", process: id, status, signal, usage, outputEnd });
    if (isWhole) return;
    for (const stream of keys)
      this.#output({ kind: "closed", stream, produced: outputEnd[stream.stream], oldest: 0 });
  }

  #output(event: OutputEvent): void {
    const { now, after, sendBulk } = this.#parts;
    for (const effect of this.#sender.step(event, now())) {
      switch (effect.kind) {
        case "send":
          sendBulk(effect.message);
          break;
        case "read":
          this.#read(effect.stream, effect.offset, effect.length);
          break;
        case "setTimer": {
          this.#wake += 1;
          const wake = this.#wake;
          after(effect.delayMs, () => {
            if (wake === this.#wake) this.#output({ kind: "timer" });
          });
        }
      }
    }
  }

  /** Answered in another turn: the sender asks in the middle of a step. */
  #read(key: StreamKey, offset: number, length: number): void {
    this.#parts.after(0, () => {
      const bytes = this.#processes.get(idOf(key))?.output[key.stream].bytes ?? new Uint8Array();
      this.#output({ kind: "read", offset, bytes: bytes.subarray(offset, offset + length) });
    });
  }
}

function keyOf({ run, block, attempt }: ProcessRequest, stream: StreamName): StreamKey {
  return { run, block, attempt, stream };
}

/** As the core names processes. */
function idOf(key: StreamKey): string {
  return `${key.run} ${key.block} ${String(key.attempt)}`;
}
