// Drives one pure run: performs its effects on the fleet and on files, and feeds back what comes of them.
import { createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import type { HostId } from "#shared/base/ids.ts";
import type { RunEvent, RunEventBody, RunVerdict } from "#shared/controller-api/run-events.ts";
import type { RunWait } from "#shared/controller-api/run-waits.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { StreamKey } from "#shared/protocol/bulk.ts";
import type { Command } from "#shared/protocol/commands.ts";
import type { CollectableFile, Report } from "#shared/protocol/reports.ts";
import { createTimerTable, type TimerTable } from "#shared/node/timer-table.ts";
import type { OutputStore, OutputStoreParts } from "../results/output-store.ts";
import type { RunResults } from "../results/run-results.ts";
import { OutputDecoder } from "./decode-output.ts";
import type { HostTraffic } from "./host-traffic-shell.ts";
import { processNameOf } from "./report-events.ts";
import { summaryJson, summaryText } from "./run-summary.ts";
import type { GatherProblem, RunEffect, RunInput } from "./run-traffic.ts";
import { RunViewFold } from "./run-view.ts";
import type { Run } from "./run.ts";

/** After the last process has ended: for output that is still on its way. */
const DRAIN_MS = 30_000;
/** For one collected file; a link of 1 Mb/s moves 70 MB in it. */
const COLLECT_MS = 10 * 60_000;
/** Collected files on their way at once. */
const COLLECT_AT_ONCE = 16;

/** What the run needs of the rest of the controller. */
export interface RunSurroundings {
  connect(hosts: readonly HostId[]): void;
  command(hosts: readonly HostId[], command: Command): void;
  giveUp(host: HostId, reason: string): void;
  /** The run is over: hosts that nobody else needs may go. Resolves when they are clean. */
  release(hosts: readonly HostId[]): Promise<ReadonlyMap<HostId, readonly string[]>>;
  publish(event: RunEvent): void;
}

export interface RunShellParts {
  readonly run: Run;
  readonly results: RunResults;
  readonly createOutputs: (parts: OutputStoreParts) => OutputStore;
  readonly traffic: HostTraffic;
  readonly surroundings: RunSurroundings;
  readonly secrets: Readonly<Record<string, string>>;
  /** Bytes kept of each stream of this block's process. */
  readonly outputLimitOf: (block: string) => number;
  readonly makeParent: (path: string) => Promise<void>;
}

interface OutputPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly missing: number;
  readonly ageMs: number;
}

export class RunShell {
  readonly run: Run;
  readonly fold: RunViewFold;
  readonly ended: Promise<RunVerdict>;
  readonly outputs: OutputStore;
  readonly #parts: RunShellParts;
  readonly #timers: TimerTable;
  readonly #decoders = new Map<string, OutputDecoder>();
  readonly #startedMs = performance.now();
  readonly #everHosts = new Set<HostId>();
  /** Ctrl-C: files and output that are still on their way are left where they are. */
  readonly #interrupted = new AbortController();
  #endedWith: (verdict: RunVerdict) => void = () => undefined;

  constructor(parts: RunShellParts) {
    this.#parts = parts;
    this.run = parts.run;
    this.fold = new RunViewFold(parts.run.plan.run, parts.results.directory);
    this.ended = new Promise((resolve) => {
      this.#endedWith = resolve;
    });
    this.#timers = createTimerTable((name) => {
      this.input({ kind: "timer", name });
    });
    this.outputs = parts.createOutputs({
      pathOf: (host, key) => parts.results.outputPath(host, key.block, key.attempt, key.stream),
      sendCredit: (host, credit) => {
        parts.traffic.send(host, credit);
      },
      onOutput: (host, key, offset, bytes, missing, ageMs) => {
        this.#output(host, key, { offset, bytes, missing, ageMs });
      },
      onProblem: (host, message) => {
        this.#problem(host, "output", message);
      },
    });
  }

  get #runId(): string {
    return this.run.plan.run;
  }

  concerns(host: HostId): boolean {
    return this.run.member(host) !== undefined;
  }

  waits(): readonly RunWait[] {
    const nowMs = performance.now();
    return this.run.waits({
      nowMs,
      elapsedMs: nowMs - this.#startedMs,
      spansOf: (host) => this.fold.spans.of(host),
      ageOf: (time) => Date.now() - Date.parse(time),
    });
  }

  input(input: RunInput): void {
    if (input.kind === "end" && input.cause === "interrupt") this.#interrupted.abort(new Error(input.reason));
    for (const effect of this.run.step(input, performance.now())) this.#perform(effect);
  }

  report(host: HostId, report: Report): void {
    if (report.kind === "processStarted") {
      const { run, block, attempt } = report;
      this.outputs.open(host, { run, block, attempt }, this.#parts.outputLimitOf(block));
      // All that a short process has printed comes with the news of its start.
      queueMicrotask(() => this.outputs.grant(host, { run, block, attempt }));
    }
    if (report.kind === "wholeOutput") return this.outputs.whole(host, report);
    this.input({ kind: "report", host, report });
    if (report.kind === "processExited") {
      const { run, block, attempt } = report;
      this.outputs.expect(host, { run, block, attempt }, report.outputEnd);
    }
  }

  #perform(effect: RunEffect): void {
    const { surroundings } = this.#parts;
    switch (effect.kind) {
      case "event":
        this.#emit(effect.body);
        return;
      case "connect":
        for (const host of effect.hosts) this.#everHosts.add(host);
        surroundings.connect(effect.hosts);
        return;
      case "command":
        if (effect.hosts.length > 0) this.#command(effect.hosts, effect.command);
        return;
      case "sendSecrets":
        surroundings.command(effect.hosts, {
          kind: "secrets",
          run: this.run.plan.run,
          values: this.#parts.secrets,
        });
        return;
      case "giveUp":
        this.outputs.abandon(effect.host);
        surroundings.giveUp(effect.host, effect.reason);
        return;
      case "setTimer":
        this.#timers.set(effect.name, effect.delayMs);
        return;
      case "clearTimer":
        this.#timers.clear(effect.name);
        return;
      case "gather":
        void this.#gather(effect.files).then((problems) => {
          this.input({ kind: "gathered", problems });
        });
        return;
      case "ended":
        void this.#end(effect);
        return;
    }
  }

  #command(hosts: readonly HostId[], command: Command): void {
    try {
      this.#parts.surroundings.command(hosts, command);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // A specification of many thousand blocks: said in words instead of ending the controller.
      const reason = `the application is too large to be sent to a host: ${error.message}`;
      setImmediate(() => {
        this.input({ kind: "end", cause: "abort", reason });
      });
    }
  }

  #emit(body: RunEventBody): void {
    const { event, ...rest } = body;
    const stamped = { event, time: new Date().toISOString(), run: this.#runId, ...rest } as RunEvent;
    this.fold.add(stamped);
    this.#parts.results.event(stamped);
    this.#parts.surroundings.publish(stamped);
  }

  #problem(hosts: string, step: string, message: string): void {
    this.#emit({
      event: "problem",
      severity: "warning",
      hosts,
      step,
      message,
      remedy: "see the results folder",
    });
  }

  #output(host: HostId, key: StreamKey, piece: OutputPiece): void {
    const { offset, bytes, missing, ageMs } = piece;
    const name = `${host} ${key.block} ${String(key.attempt)} ${key.stream}`;
    const decoder = this.#decoders.get(name) ?? new OutputDecoder();
    this.#decoders.set(name, decoder);
    const { block, attempt, stream } = key;
    const base = { event: "output", host, process: processNameOf(block), block, attempt, stream } as const;
    const text = (missing > 0 ? decoder.flush() : "") + decoder.decode(bytes);
    const age = ageMs > 0 ? { ageMs } : {};
    this.#emit({ ...base, offset, text, ...age, ...(missing > 0 ? { missingBytes: missing } : {}) });
  }

  /** The rest of the output, and the files that the hosts have listed. */
  async #gather(files: ReadonlyMap<HostId, readonly CollectableFile[]>): Promise<GatherProblem[]> {
    const problems: GatherProblem[] = [];
    const { signal } = this.#interrupted;
    const drained = await Promise.race([
      this.outputs.drained().then(() => true),
      pause(DRAIN_MS),
      abortOf(signal),
    ]);
    if (drained === false) {
      for (const host of this.outputs.pending())
        problems.push({
          host,
          message: `its output did not arrive completely within ${String(DRAIN_MS / 1000)} s`,
        });
    }
    const jobs = [...files].flatMap(([host, list]) => list.map((file) => ({ host, file })));
    const work = async (): Promise<void> => {
      for (let job = jobs.shift(); job !== undefined && !signal.aborted; job = jobs.shift()) {
        const problem = await this.#collect(job.host, job.file);
        if (problem !== undefined) problems.push({ host: job.host, message: problem });
      }
    };
    await Promise.all(Array.from({ length: COLLECT_AT_ONCE }, work));
    return problems;
  }

  async #collect(host: HostId, file: CollectableFile): Promise<string | undefined> {
    const { results, traffic, makeParent } = this.#parts;
    const path = results.collectedPath(host, file.path);
    if (path === undefined)
      return `the file ${JSON.stringify(file.path)} would lie outside of the results; it was not taken`;
    let stream: WriteStream | undefined;
    try {
      await makeParent(path);
      stream = createWriteStream(path, { mode: file.mode & 0o666 });
      const opened = stream;
      const failed = new Promise<never>((_, reject) => {
        opened.once("error", reject);
      });
      // Thrown by whoever waits for the file below; when nobody does, there is nothing to tell.
      failed.catch((error: unknown) => error);
      const sink = async (bytes: Uint8Array): Promise<void> => {
        if (!opened.write(bytes)) await Promise.race([once(opened, "drain"), failed]);
      };
      const key = `collected:${this.#runId}:${file.index}` as const;
      const signal = AbortSignal.any([AbortSignal.timeout(COLLECT_MS), this.#interrupted.signal]);
      await Promise.race([traffic.pull(host, key, file.size, sink, signal), failed]);
      stream.end();
      await Promise.race([once(stream, "close"), failed]);
      this.#emit({ event: "collected", host, file: file.path, size: file.size });
      return undefined;
    } catch (error) {
      stream?.destroy();
      return `cannot collect ${file.path}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async #end(effect: Extract<RunEffect, { kind: "ended" }>): Promise<void> {
    const { results, surroundings } = this.#parts;
    this.#timers.clearAll();
    for (const [host, texts] of await surroundings.release([...this.#everHosts])) {
      for (const text of texts) this.#problem(host, "clean up", text);
    }
    this.#flushOutput();
    const durationMs = Math.round(performance.now() - this.#startedMs);
    const { end, verdict, hosts } = effect;
    if (results.problem !== undefined) this.#problem("", "results", results.problem);
    const folded = {
      succeeded: foldNames(hosts.succeeded),
      failed: foldNames(hosts.failed),
      unreachable: foldNames(hosts.unreachable),
      replaced: foldNames(hosts.replaced),
    };
    this.#emit({
      event: "run",
      state: end,
      version: 1,
      exitCode: verdict.exitCode,
      reason: verdict.reason,
      results: results.directory,
      hosts: folded,
      durationMs,
    });
    const parts = {
      view: this.fold.view(),
      endState: end,
      exitCode: verdict.exitCode,
      reason: verdict.reason,
      hosts,
      durationMs,
    };
    await results.write("summary.txt", summaryText(parts));
    await results.write("summary.json", summaryJson(parts));
    this.outputs.close();
    await results.close();
    this.#endedWith(verdict);
  }

  /** Bytes of characters that were never completed. */
  #flushOutput(): void {
    for (const [name, decoder] of this.#decoders) {
      const text = decoder.flush();
      const [host = "", ...rest] = name.split(" ");
      const stream = rest.pop() as StreamKey["stream"];
      const attempt = Number(rest.pop());
      const block = rest.join(" ");
      if (text !== "")
        this.#emit({
          event: "output",
          host,
          process: processNameOf(block),
          block,
          attempt,
          stream,
          offset: 0,
          text,
        });
    }
  }
}

function pause(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, false).unref();
  });
}

function abortOf(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else
      signal.addEventListener(
        "abort",
        () => {
          resolve(undefined);
        },
        { once: true },
      );
  });
}
