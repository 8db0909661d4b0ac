// The wiring of a client: overlay, software, processes, keeper and log around the pure core.
import { mkdir, rm } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { delimiter, join, resolve } from "node:path";
import type { RunId } from "#shared/base/ids.ts";
import { createSystemClock } from "#shared/node/system-clock.ts";
import { createTimerTable } from "#shared/node/timer-table.ts";
import type { LogFile } from "#shared/node/log-file.ts";
import { FilePuller } from "#shared/node/pull-files.ts";
import { createFileServer, type FileServer, type ServedFile } from "#shared/node/serve-files.ts";
import type { BulkMessage, FileKey, StreamKey } from "#shared/protocol/bulk.ts";
import type { ClientStart } from "#shared/protocol/client-start.ts";
import type { SoftwarePlan } from "#shared/protocol/commands.ts";
import type { CollectableFile, Report } from "#shared/protocol/reports.ts";
import { PROTOCOL_VERSION } from "#shared/protocol/commands.ts";
import { collectFiles, COLLECT_SETTINGS, type Collection } from "./collect/collect-files.ts";
import { ClientCore } from "./core/client-core.ts";
import type { ClientEffect, ClientEvent, ProcessRequest } from "./core/client-events.ts";
import { createRedactor } from "./core/redact.ts";
import { InputQueue } from "./input-queue.ts";
import { OutputUplink } from "./output-uplink.ts";
import { createClientLog } from "./log/client-log.ts";
import { openOutbox, type Outbox } from "./overlay-member/outbox.ts";
import { createOverlayMember, type RunningOverlayMember } from "./overlay-member/overlay-member.ts";
import { createEndProcesses } from "./processes/end-processes.ts";
import { createKeeper, type Keeper } from "./processes/keeper.ts";
import { createLaunch } from "./processes/launch.ts";
import { createOutputPipes, type OutputPipes } from "./processes/output-pipes.ts";
import { findRunAs } from "./processes/run-as.ts";
import { createProbe, type Probe } from "./processes/probe.ts";
import { createClientToken } from "./processes/process-marker.ts";
import { createProcessTable } from "./processes/process-table.ts";
import { createProcesses, type ProcessEvent, type Processes } from "./processes/processes.ts";
import { RING_BYTES } from "./processes/ring-file.ts";
import { createUsageSampler } from "./processes/usage-sampler.ts";
import { createSoftwareInstaller, softwareSettings, type SoftwareInstaller } from "./software/install-software.ts";
import { linkSoftware } from "./software/link-software.ts";
import { wordsOf } from "./software/software-failure.ts";

/** Between TERM and KILL for processes whose client has died. */
const KEEPER_GRACE_MS = 3000;
/** For what is still there at the end of a run, after its processes were stopped with their own graces. */
const STRAY_GRACE_MS = 1000;

/** What the shell remembers of a run. */
interface RunFiles {
  readonly directory: string;
  readonly workDirectory: string;
  readonly installing: AbortController;
  software: readonly { readonly name: string; readonly key: string; readonly directory: string }[];
  collection: Collection | undefined;
}

/** Resolves once it dials; `exit` is called when it has cleaned up. */
export async function startClient(start: ClientStart, exit: (status: number) => void): Promise<void> {
  const { directory, credentials } = start;
  await mkdir(join(directory, "output"), { recursive: true, mode: 0o700 });
  const onProblem = (reason: string): boolean => process.stderr.write(`${reason}\n`);
  const log = await createClientLog({ directory: join(directory, "log"), host: credentials.host, portOrPid: process.pid, nowMs: Date.now, onProblem });
  const client = new Client(start, log, exit);
  client.begin();
}

class Client {
  readonly #start: ClientStart;
  readonly #exit: (status: number) => void;
  readonly #core: ClientCore;
  readonly #log: LogFile;
  readonly #outbox: Outbox;
  readonly #keeper: Keeper;
  readonly #pipes: OutputPipes;
  readonly #usage = createUsageSampler();
  readonly #processes: Processes;
  readonly #probeOnce: Probe;
  readonly #installer: SoftwareInstaller;
  readonly #puller: FilePuller;
  readonly #server: FileServer;
  readonly #uplink: OutputUplink;
  readonly #input: InputQueue;
  readonly #timers = createTimerTable((name) => { this.#step({ kind: "timer", name }); });
  readonly #runs = new Map<RunId, RunFiles>();
  readonly #requests = new Map<string, ProcessRequest>();
  readonly #keys = new Set<string>();
  #member: RunningOverlayMember | undefined;
  #leaving = false;

  constructor(start: ClientStart, log: LogFile, exit: (status: number) => void) {
    const { directory, credentials } = start;
    this.#start = start;
    this.#exit = exit;
    this.#log = log;
    const token = createClientToken();
    this.#keeper = createKeeper(
      { onLost: (reason) => { this.#note(`the keeper is gone (${reason}): after a crash nobody cleans up here`); } },
      { token, directory, keep: false, graceMs: KEEPER_GRACE_MS },
    );
    const facts = { host: credentials.host, address: start.address, site: start.site, user: userName(), directory, node: process.execPath };
    this.#core = new ClientCore(facts);
    this.#outbox = openOutbox({ directory: join(directory, "outbox"), incarnation: credentials.incarnation });
    this.#pipes = createOutputPipes({ directory: join(directory, "output") });
    const launch = createLaunch({ pipes: this.#pipes, findRunAs });
    const endProcesses = createEndProcesses(createProcessTable());
    this.#probeOnce = createProbe({ launch, endProcesses, address: start.address });
    this.#processes = createProcesses(
      {
        listener: (event) => { this.#onProcess(event); },
        launch,
        endProcesses,
        usage: this.#usage,
        createRedactor,
        onSudoUser: (user) => { this.#keeper.addSudoUser(user); },
      },
      { token, outputDirectory: join(directory, "output"), ringBytes: RING_BYTES, leaveChildren: false },
    );
    this.#puller = new FilePuller((message) => { this.#member?.sendBulk(message); });
    this.#server = createFileServer((file) => this.#collected(file), (message) => this.#member?.sendBulk(message) ?? "dropped");
    this.#uplink = new OutputUplink({ send: (message) => this.#member?.sendBulk(message) ?? "dropped", ringOf: (key) => this.#processes.output(idOf(key), key.stream) });
    this.#input = new InputQueue((id, bytes, end) => this.#processes.input(id, bytes, end), (id) => { this.#note(`${id} does not read its input; it was cut`); });
    this.#installer = createSoftwareInstaller(
      {
        storeDirectory: join(directory, "store"),
        keptStoreDirectory: start.keptStore,
        pullFile: (sha256, size, sink, signal) => this.#puller.pull(`package:${sha256}`, size, sink, signal),
        random: Math.random,
        now: Date.now,
      },
      softwareSettings(process.env, process.platform),
    );
  }

  begin(): void {
    const { credentials, directory } = this.#start;
    this.#member = createOverlayMember(
      {
        clock: createSystemClock(),
        random: Math.random,
        outbox: this.#outbox,
        callbacks: {
          onCommand: (_sequence, command) => { this.#step({ kind: "command", command }); },
          onBulk: (message) => { this.#bulk(message); },
          onBulkWritable: () => {
            this.#uplink.writable();
            this.#server.writable();
          },
          onAttached: () => {
            this.#note("attached to the controller");
            this.#puller.linked();
          },
          onOrphaned: (reason) => {
            this.#note(`the controller is away: ${reason}`);
            this.#uplink.linkDown();
          },
          onAbandoned: (reason) => { this.#step({ kind: "abandoned", reason }); },
          onMalformedCommand: (reason) => {
            this.#note(reason);
            this.#report({ kind: "commandDropped", reason });
          },
          onProblem: (reason) => { this.#note(reason); },
        },
      },
      { credentials },
    );
    const facts = { hostName: hostname(), platform: process.platform, architecture: process.arch, node: process.versions.node, pid: process.pid, user: userName(), directory };
    this.#member.report({ kind: "facts", ...facts, clientVersion: String(PROTOCOL_VERSION) });
    // Whoever means to end the client gets what a leave would give: processes stopped, files removed.
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => { this.#step({ kind: "abandoned", reason: `it was ended by ${signal}` }); });
    }
  }

  #note(text: string): void {
    this.#log.write("client", "main", text);
  }

  /** Too large only with thousands of long file names, which are bounded where they are listed. */
  #report(report: Report): void {
    try {
      this.#member?.report(report);
    } catch (error) {
      this.#note(`a ${report.kind} report could not be sent: ${wordsOf(error)}`);
    }
  }

  #step(event: ClientEvent): void {
    for (const effect of this.#core.step(event)) this.#perform(effect);
  }

  #perform(effect: ClientEffect): void {
    switch (effect.kind) {
      case "report":
        this.#report(effect.report);
        return;
      case "install":
        void this.#install(effect.run, effect.software);
        return;
      case "makeWork":
        void this.#makeWork(effect.run, effect.software);
        return;
      case "spawn":
        this.#spawn(effect.request);
        return;
      case "stopProcess":
        void this.#processes.stop(effect.process, effect.graceMs);
        return;
      case "probe":
        void this.#probe(effect);
        return;
      case "input":
        this.#input.push(effect.process, effect.bytes, effect.end);
        return;
      case "setTimer":
        this.#timers.set(effect.name, effect.delayMs);
        return;
      case "clearTimer":
        this.#timers.clear(effect.name);
        return;
      case "stopRun":
        void this.#stopRun(effect.run);
        return;
      case "collect":
        void this.#collect(effect.run, effect.rules);
        return;
      case "cleanRun":
        void this.#cleanRun(effect.run);
        return;
      case "allowAbsence":
        this.#member?.allowAbsence(effect.ms);
        return;
      case "leave":
        void this.#leave(effect.keep, effect.reason);
        return;
    }
  }

  #filesOf(run: RunId): RunFiles {
    const known = this.#runs.get(run);
    if (known !== undefined) return known;
    const directory = join(this.#start.directory, "runs", run);
    const files = { directory, workDirectory: join(directory, "work"), installing: new AbortController(), software: [], collection: undefined };
    this.#runs.set(run, files);
    return files;
  }

  async #install(run: RunId, software: SoftwarePlan): Promise<void> {
    const { installing } = this.#filesOf(run);
    const { name, key } = software;
    const result = await this.#installer.install(software, installing.signal, (state) => { this.#step({ kind: "softwareState", run, software: name, state }); });
    if (result.kind === "failed") {
      this.#step({ kind: "installFailed", run, software: name, step: result.step, reason: result.reason });
      return;
    }
    this.#keys.add(key);
    const files = this.#filesOf(run);
    files.software = [...files.software, { name, key, directory: result.directory }];
    this.#step({ kind: "installed", run, software: name, directory: result.directory, alreadyThere: result.kind === "alreadyThere" });
  }

  async #makeWork(run: RunId, software: readonly SoftwarePlan[]): Promise<void> {
    const files = this.#filesOf(run);
    try {
      await mkdir(files.workDirectory, { recursive: true });
    } catch (error) {
      this.#step({ kind: "workFailed", run, step: "make the work directory", reason: wordsOf(error) });
      return;
    }
    // In the order of the specification, whatever the order of arrival.
    const trees = software.flatMap((plan) => files.software.find((installed) => installed.name === plan.name) ?? []);
    const linked = trees.length === 0 ? { kind: "linked" as const } : await linkSoftware(trees, files.workDirectory);
    if (linked.kind === "linked") this.#step({ kind: "workReady", run, directory: files.workDirectory });
    else this.#step({ kind: "workFailed", run, step: linked.step, reason: linked.reason });
  }

  #spawn(request: ProcessRequest): void {
    const { workDirectory } = this.#filesOf(request.run);
    this.#requests.set(request.id, request);
    const { id, run, path, args, user, limits, wantsInput, secrets } = request;
    const cwd = resolve(workDirectory, request.cwd);
    const environment = { ...loginEnvironment(workDirectory), ...request.environment };
    this.#processes.start({ id, run, path, args, cwd, environment, user, limits, wantsInput, secrets });
  }

  #onProcess(event: ProcessEvent): void {
    const request = this.#requests.get(event.id);
    if (request === undefined) return;
    const { run, block, attempt } = request;
    switch (event.kind) {
      case "started":
        this.#uplink.opened({ run, block, attempt });
        this.#step({ kind: "started", process: event.id, pid: event.pid });
        return;
      case "notStarted":
        this.#step({ kind: "notStarted", process: event.id, step: event.step, reason: event.reason });
        return;
      case "output":
        this.#uplink.produced({ run, block, attempt }, event.stream);
        return;
      case "inputReady":
        this.#input.ready(event.id);
        return;
      case "problem":
        this.#note(`${event.id}: ${event.reason}`);
        return;
      case "exited": {
        this.#input.forget(event.id);
        const { exit, usage, outputEnd } = event;
        this.#step({ kind: "exited", process: event.id, status: exit.status, signal: exit.signal, usage, outputEnd });
        this.#uplink.closed({ run, block, attempt });
        return;
      }
    }
  }

  async #probe(effect: Extract<ClientEffect, { kind: "probe" }>): Promise<void> {
    const { workDirectory } = this.#filesOf(effect.run);
    const environment = { ...loginEnvironment(workDirectory), ...this.#processes.marksOf(effect.process) };
    const place = { cwd: workDirectory, environment, user: this.#requests.get(effect.process)?.user };
    const result = await this.#probeOnce(effect.probe, place, effect.timeoutMs, this.#filesOf(effect.run).installing.signal);
    this.#step({ kind: "probed", process: effect.process, healthy: result.ok, detail: result.detail });
  }

  async #stopRun(run: RunId): Promise<void> {
    this.#filesOf(run).installing.abort();
    const leftovers = await this.#processes.stopAll(run, STRAY_GRACE_MS);
    this.#step({ kind: "runStopped", run, leftovers: leftovers.map((left) => `process ${String(left.pid)} (${left.name}) could not be ended: ${left.reason}`) });
  }

  async #collect(run: RunId, rules: Extract<ClientEffect, { kind: "collect" }>["rules"]): Promise<void> {
    const files = this.#filesOf(run);
    const places = { workDirectory: files.workDirectory, softwareDirectories: files.software.map((software) => software.directory) };
    try {
      const collection = await collectFiles(rules, places, COLLECT_SETTINGS, new AbortController().signal);
      files.collection = collection;
      const { listed, problem } = boundedList(collection.files);
      this.#step({ kind: "collectable", run, files: listed, problems: problem === undefined ? collection.problems : [...collection.problems, problem] });
    } catch (error) {
      this.#step({ kind: "collectable", run, files: [], problems: [wordsOf(error)] });
    }
  }

  #collected(file: FileKey): ServedFile | undefined {
    const [kind, run = "", index = ""] = file.split(":");
    const collection = this.#runs.get(run as RunId)?.collection;
    const found = collection?.files[Number(index)];
    if (kind !== "collected" || collection === undefined || found === undefined) return undefined;
    return {
      size: found.size,
      read: async (offset, length) => {
        const result = await collection.read(found.index, offset, length);
        if (result.kind === "failed") throw new Error(result.reason);
        return result.bytes;
      },
      close: () => Promise.resolve(),
    };
  }

  async #cleanRun(run: RunId): Promise<void> {
    const files = this.#filesOf(run);
    const problems: string[] = [];
    await this.#processes.forgetRun(run);
    for (const [id, request] of this.#requests) {
      if (request.run !== run) continue;
      this.#requests.delete(id);
      this.#uplink.forget(request);
    }
    await rm(files.directory, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
      problems.push(`cannot remove ${files.directory}: ${wordsOf(error)}`);
    });
    this.#runs.delete(run);
    this.#step({ kind: "runCleaned", run, problems });
  }

  async #leave(keep: boolean, reason: string): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#note(`leaving: ${reason}`);
    if (keep) {
      const { problems } = await this.#installer.keepSoftware([...this.#keys]);
      for (const problem of problems) this.#note(problem);
    }
    this.#timers.clearAll();
    this.#usage.close();
    this.#uplink.close();
    this.#puller.close("the client is leaving");
    await this.#server.close();
    await this.#pipes.close();
    await this.#member?.leave();
    this.#member?.close();
    this.#outbox.close();
    await this.#log.close();
    await rm(this.#start.directory, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
      process.stderr.write(`cannot remove ${this.#start.directory}: ${wordsOf(error)}\n`);
    });
    await this.#keeper.done();
    this.#exit(0);
  }

  #bulk(message: BulkMessage): void {
    switch (message.kind) {
      case "credit":
        this.#uplink.credit(message);
        return;
      case "pull":
        this.#server.message(message);
        return;
      case "chunk":
      case "pullFailed":
        this.#puller.message(message);
        return;
      case "output":
        return; // goes up only
    }
  }
}

/** What one report can carry: names of so many bytes in all. */
const LISTED_BYTES_MAX = 512 * 1024;

function boundedList(files: readonly CollectableFile[]): { listed: readonly CollectableFile[]; problem: string | undefined } {
  let bytes = 0;
  const cut = files.findIndex((file) => {
    bytes += Buffer.byteLength(file.path) + 32;
    return bytes > LISTED_BYTES_MAX;
  });
  if (cut < 0) return { listed: files, problem: undefined };
  return { listed: files.slice(0, cut), problem: `${String(files.length - cut)} of ${String(files.length)} files are left out: their names are too long for one list` };
}

/** As the core names processes; a stream's key says the same in parts. */
function idOf(key: StreamKey): string {
  return `${key.run} ${key.block} ${String(key.attempt)}`;
}

/** The client's own, but for what belongs to Node; programs of the software are found by their bare names, last. */
function loginEnvironment(workDirectory: string): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("NODE_"));
  const environment = Object.fromEntries(entries);
  return { ...environment, PATH: [environment["PATH"] ?? "/usr/bin:/bin", workDirectory].join(delimiter) };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? ""); // a user that is in no list
  }
}
