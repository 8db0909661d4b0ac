// The wiring of a client: overlay, software, processes, keeper and log around the pure core.
import { mkdir, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import type { RunId } from "#shared/base/ids.ts";
import type { LogFile } from "#shared/node/log-file.ts";
import { FilePuller } from "#shared/node/pull-files.ts";
import { createFileServer, type FileServer } from "#shared/node/serve-files.ts";
import { createSystemClock } from "#shared/node/system-clock.ts";
import { createTimerTable } from "#shared/node/timer-table.ts";
import type { BulkMessage } from "#shared/protocol/bulk.ts";
import type { ClientStart } from "#shared/protocol/client-start.ts";
import { PROTOCOL_VERSION } from "#shared/protocol/commands.ts";
import type { Report } from "#shared/protocol/reports.ts";
import { ClientCore } from "./core/client-core.ts";
import type { ClientEffect, ClientEvent, HostFacts } from "./core/client-events.ts";
import { createRedactor } from "./core/redact.ts";
import { HostProcesses } from "./host-processes.ts";
import { HostSoftware } from "./host-software.ts";
import { createClientLog } from "./log/client-log.ts";
import { userName } from "./login-environment.ts";
import { listenForOffers, type OfferedStreams } from "./overlay-member/offered-streams.ts";
import { openOutbox, type Outbox } from "./overlay-member/outbox.ts";
import {
  createOverlayMember,
  type OverlayMemberCallbacks,
  type RunningOverlayMember,
} from "./overlay-member/overlay-member.ts";
import { MetricsSampler } from "./metrics/metrics-sampler.ts";
import { createEndProcesses } from "./processes/end-processes.ts";
import { createKeeper, type Keeper } from "./processes/keeper.ts";
import { createLaunch } from "./processes/launch.ts";
import { createOutputPipes, type OutputPipes } from "./processes/output-pipes.ts";
import { createProbe } from "./processes/probe.ts";
import { createClientToken } from "./processes/process-marker.ts";
import { createProcessTable } from "./processes/process-table.ts";
import { createProcesses } from "./processes/processes.ts";
import { RING_BYTES } from "./processes/ring-file.ts";
import { RunAsUsers } from "./processes/run-as.ts";
import type { SudoWay } from "./processes/sudo-command.ts";
import { createUsageSampler, type UsageSampler } from "./processes/usage-sampler.ts";
import { sayToStarter } from "./say-to-starter.ts";
import type { SoftwareInstaller } from "./software/install-software.ts";
import { wordsOf } from "./software/software-failure.ts";

/** Between TERM and KILL for processes whose client has died. */
const KEEPER_GRACE_MS = 3000;

/** Longer than a busy controller takes for a handshake, shorter than a firewall that swallows packets is silent. */
const UNREACHED_MS = 3000;

/** Resolves once it dials; `exit` is called when it has cleaned up. */
export async function startClient(start: ClientStart, exit: (status: number) => void): Promise<void> {
  const { directory, credentials } = start;
  await mkdir(join(directory, "output"), { recursive: true, mode: 0o700 });
  const log = await createClientLog({
    directory: join(directory, "log"),
    host: credentials.host,
    portOrPid: process.pid,
    nowMs: Date.now,
    onProblem: (reason) => process.stderr.write(`${reason}\n`),
  });
  await new Client(start, log, exit).begin();
}

class Client {
  readonly #start: ClientStart;
  readonly #exit: (status: number) => void;
  readonly #core: ClientCore;
  readonly #log: LogFile;
  readonly #outbox: Outbox;
  readonly #keeper: Keeper;
  readonly #pipes: OutputPipes;
  readonly #usage: UsageSampler;
  readonly #metrics: MetricsSampler;
  readonly #software: HostSoftware;
  readonly #processes: HostProcesses;
  readonly #puller: FilePuller;
  readonly #server: FileServer;
  readonly #timers = createTimerTable((name) => this.#step({ kind: "timer", name }));
  readonly #sendBulk = (message: BulkMessage) => this.#member?.sendBulk(message) ?? "dropped";
  #installer: Promise<SoftwareInstaller> | undefined;
  #member: RunningOverlayMember | undefined;
  #offers: OfferedStreams | undefined;
  readonly #runAs = new RunAsUsers();
  /** For the password of the account. */
  readonly #waiting: ((password: string | undefined) => void)[] = [];
  #leaving = false;

  constructor(start: ClientStart, log: LogFile, exit: (status: number) => void) {
    const { directory, credentials } = start;
    const token = createClientToken();
    const onLost = (reason: string): void =>
      this.#note(`the keeper is gone (${reason}): after a crash nobody cleans up here`);
    this.#start = start;
    this.#exit = exit;
    this.#log = log;
    this.#keeper = createKeeper({ onLost }, { token, directory, keep: false, graceMs: KEEPER_GRACE_MS });
    this.#core = new ClientCore(factsOf(start));
    this.#outbox = openOutbox({ directory: join(directory, "outbox"), incarnation: credentials.incarnation });
    this.#pipes = createOutputPipes({ directory: join(directory, "output") });
    this.#usage = createUsageSampler();
    this.#metrics = new MetricsSampler({
      directory,
      rttMs: () => this.#member?.rttMs,
      tell: (metrics) => this.#member?.tellMetrics(metrics),
    });
    this.#puller = new FilePuller((message) => void this.#sendBulk(message));
    this.#software = new HostSoftware(
      { installer: () => (this.#installer ??= this.#createInstaller()), step: (event) => this.#step(event) },
      directory,
    );
    this.#server = createFileServer((file) => this.#software.served(file), this.#sendBulk);
    this.#processes = this.#createProcesses(token);
  }

  async begin(): Promise<void> {
    this.#member = createOverlayMember(
      { clock: createSystemClock(), random: Math.random, outbox: this.#outbox, callbacks: this.#callbacks() },
      { credentials: this.#start.credentials },
    );
    const { platform, arch: architecture, pid } = process;
    this.#report({
      kind: "facts",
      hostName: hostname(),
      platform,
      architecture,
      node: process.versions.node,
      pid,
      user: userName(),
      directory: this.#start.directory,
      clientVersion: String(PROTOCOL_VERSION),
    });
    // Whoever means to end the client gets what a leave would give: processes stopped, files removed.
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => this.#step({ kind: "abandoned", reason: `it was ended by ${signal}` }));
    }
    this.#metrics.start();
    await this.#listen();
  }

  /** Only where the controller may want to come by itself. */
  async #listen(): Promise<void> {
    const { directory, listen } = this.#start;
    if (listen === null) return;
    setTimeout(() => {
      if (this.#member?.attached === false) sayToStarter("unreached", "no answer");
    }, UNREACHED_MS).unref();
    const offers = await listenForOffers(
      { directory, port: listen.port },
      { onStream: (stream) => void this.#offered(stream), onProblem: (reason) => this.#note(reason) },
    );
    this.#offers = offers;
    if (this.#leaving) offers.close();
    else if (offers.port !== undefined) sayToStarter("listening", String(offers.port));
  }

  async #offered(stream: Socket): Promise<void> {
    if ((await this.#member?.offer(stream)) === true) this.#offers?.proved(stream);
  }

  async #createInstaller(): Promise<SoftwareInstaller> {
    const { directory, keptStore } = this.#start;
    const { createSoftwareInstaller, softwareSettings } = await import("./software/install-software.ts");
    return createSoftwareInstaller(
      {
        storeDirectory: join(directory, "store"),
        keptStoreDirectory: keptStore,
        pullFile: (sha256, size, sink, signal) => this.#puller.pull(`package:${sha256}`, size, sink, signal),
        random: Math.random,
        now: Date.now,
      },
      softwareSettings(process.env, process.platform),
    );
  }

  #createProcesses(token: string): HostProcesses {
    const { directory, address } = this.#start;
    const launch = createLaunch({ pipes: this.#pipes, findRunAs: (user) => this.#runAs.find(user) });
    const endProcesses = createEndProcesses(createProcessTable());
    const usage = this.#usage;
    const onSudo = (way: SudoWay): void => this.#keeper.addSudo(way);
    const settings = {
      token,
      outputDirectory: join(directory, "output"),
      ringBytes: RING_BYTES,
      leaveChildren: false,
    };
    return new HostProcesses({
      createProcesses: (listener) =>
        createProcesses({ listener, launch, endProcesses, usage, createRedactor, onSudo }, settings),
      probe: createProbe({ launch, endProcesses, address }),
      filesOf: (run) => this.#software.filesOf(run),
      send: this.#sendBulk,
      step: (event) => this.#step(event),
      note: (text) => this.#note(text),
    });
  }

  #callbacks(): OverlayMemberCallbacks {
    return {
      onCommand: (_sequence, command) => this.#step({ kind: "command", command }),
      onBulk: (message) => this.#bulk(message),
      onBulkWritable: () => {
        this.#processes.uplink.writable();
        this.#server.writable();
      },
      onAttached: () => {
        this.#note("attached to the controller");
        this.#puller.linked();
      },
      onOrphaned: (reason) => {
        this.#note(`the controller is away: ${reason}`);
        this.#processes.uplink.linkDown();
      },
      onUnreached: (reason) => {
        if (this.#start.listen !== null) sayToStarter("unreached", reason);
      },
      onAbandoned: (reason) => this.#step({ kind: "abandoned", reason }),
      onMalformedCommand: (reason) => {
        this.#note(reason);
        this.#report({ kind: "commandDropped", reason });
      },
      onProblem: (reason) => this.#note(reason),
    };
  }

  #note(text: string): void {
    this.#log.write("client", "main", text);
  }

  /** Too large only with thousands of long file names, which are bounded where they are listed. */
  #report(report: Report, patient = false): void {
    try {
      this.#member?.report(report, patient);
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
        return this.#report(effect.report, effect.patient);
      case "install":
        return void this.#software.install(effect.run, effect.software);
      case "makeWork":
        return void this.#makeWork(effect);
      case "password":
        return this.#answered(effect.password);
      case "spawn":
        return this.#processes.start(effect.request);
      case "stopProcess":
        return this.#processes.stop(effect.process, effect.graceMs);
      case "probe":
        return void this.#processes.probe(effect);
      case "input":
        return this.#processes.input(effect.process, effect.bytes, effect.end);
      case "setTimer":
        return this.#timers.set(effect.name, effect.delayMs);
      case "clearTimer":
        return this.#timers.clear(effect.name);
      case "stopRun":
        return void this.#processes.stopRun(effect.run);
      case "seekLeft":
        return void this.#processes.seekLeft(effect.run);
      case "collect":
        return void this.#software.collect(effect.run, effect.rules);
      case "cleanRun":
        return void this.#cleanRun(effect);
      case "allowAbsence":
        return this.#member?.allowAbsence(effect.ms);
      case "addresses":
        this.#note(`the controller's addresses are now ${effect.addresses.join(", ")}`);
        return this.#member?.findRootAt(effect.addresses);
      case "measure":
        return this.#metrics.measure(effect.everyMs, effect.forMs);
      case "leave":
        return void this.#leave(effect.keep, effect.reason);
    }
  }

  async #makeWork({ run, software, users }: Extract<ClientEffect, { kind: "makeWork" }>): Promise<void> {
    for (const user of users) {
      const found = await this.#runAs.find(user, (wrong) => this.#askPassword(run, wrong));
      if (!("step" in found)) continue;
      this.#step({ kind: "workFailed", run, ...found });
      return;
    }
    await this.#software.makeWork(run, software);
  }

  #askPassword(run: RunId, wrong: boolean): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#step({ kind: "passwordWanted", run, wrong });
    });
  }

  /** The account has one password, whoever has asked for it. */
  #answered(password: string | undefined): void {
    for (const resolve of this.#waiting.splice(0)) resolve(password);
  }

  async #cleanRun({ run }: Extract<ClientEffect, { kind: "cleanRun" }>): Promise<void> {
    await this.#processes.forgetRun(run);
    const problems = await this.#software.removeRun(run);
    this.#step({ kind: "runCleaned", run, problems });
  }

  async #leave(keep: boolean, reason: string): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    const { directory } = this.#start;
    this.#note(`leaving: ${reason}`);
    if (keep) for (const problem of await this.#software.keep()) this.#note(problem);
    this.#timers.clearAll();
    this.#usage.close();
    this.#metrics.close();
    this.#processes.uplink.close();
    this.#puller.close("the client is leaving");
    await this.#server.close();
    await this.#pipes.close();
    await this.#member?.leave();
    this.#offers?.close();
    this.#member?.close();
    this.#outbox.close();
    await this.#log.close();
    try {
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      process.stderr.write(`cannot remove ${directory}: ${wordsOf(error)}\n`);
    }
    await this.#keeper.done();
    this.#exit(0);
  }

  #bulk(message: BulkMessage): void {
    switch (message.kind) {
      case "credit":
        return this.#processes.uplink.credit(message);
      case "pull":
        return this.#server.message(message);
      case "chunk":
      case "pullFailed":
        return this.#puller.message(message);
      case "output":
        return; // goes up only
    }
  }
}

function factsOf({ credentials, address, site, directory }: ClientStart): HostFacts {
  return { host: credentials.host, address, site, user: userName(), directory, node: process.execPath };
}
