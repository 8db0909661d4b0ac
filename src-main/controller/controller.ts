// The controller: the one place where runs, hosts and documents meet; every face talks to it by ControllerApi.
import { resolve, join } from "node:path";
import { DEFAULTS } from "#shared/application/application-limits.ts";
import { runIdOf, type HostId, type RunId } from "#shared/base/ids.ts";
import { hasErrors, type Problem } from "#shared/base/problem.ts";
import type * as Api from "#shared/controller-api/controller-api.ts";
import type { RunEvent, RunVerdict } from "#shared/controller-api/run-events.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import type { BulkMessage } from "#shared/protocol/bulk.ts";
import type { Report } from "#shared/protocol/reports.ts";
import type { HostEntry, ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import type { DocumentResult } from "../documents/read-document.ts";
import type { Fleet, FleetCallbacks } from "../fleet/fleet.ts";
import type { RunningOverlayRoot } from "../overlay-root/overlay-root.ts";
import type { OutputStore, OutputStoreParts } from "../results/output-store.ts";
import type { RunResults, RunResultsSettings } from "../results/run-results.ts";
import { chooseHosts, planCommand } from "./command-plan.ts";
import { HostTraffic } from "./host-traffic-shell.ts";
import { giveLocalAddresses } from "./local-addresses.ts";
import { LoadedDocuments, problemsAt, summaryOf } from "./loaded-documents-shell.ts";
import { planRun, type RunPlan } from "./run-plan.ts";
import { RunShell } from "./run-shell.ts";
import { Run } from "./run.ts";
import { readSecrets } from "./secrets-shell.ts";
import { planSoftware } from "./software-plans-shell.ts";

/** Input for processes is cut into commands of this size at most. */
const INPUT_BYTES_MAX = 64 * 1024;
/** Input waits while a host has so many commands that it has not acknowledged. */
const INPUT_PENDING_MAX = 16;
const INPUT_PAUSE_MS = 20;

export interface ControllerParts {
  readonly overlay: RunningOverlayRoot;
  readonly createFleet: (callbacks: FleetCallbacks) => Fleet;
  readonly openResults: (settings: RunResultsSettings) => Promise<RunResults>;
  readonly createOutputs: (parts: OutputStoreParts) => OutputStore;
  readonly makeParent: (path: string) => Promise<void>;
  readonly readDocument: (path: string) => Promise<DocumentResult>;
  readonly removeOldRuns: () => Promise<void>;
  /** Ends what is below: overlay, deployments, logs. */
  readonly close: () => Promise<void>;
  readonly log: (text: string) => void;
}

export interface ControllerSettings {
  readonly session: string;
  readonly runsDirectory: string;
  /** Decides the loopback addresses of embedded hosts; undefined where there is only 127.0.0.1. */
  readonly localSeed: number | undefined;
}

interface Started {
  readonly plan: RunPlan;
  readonly directory: ResourceDirectory;
  readonly documents: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly results: string | undefined;
  readonly stayConnected: boolean;
  readonly keep: boolean;
  readonly fanout: number;
}

export class Controller implements Api.ControllerApi {
  readonly #parts: ControllerParts;
  readonly #settings: ControllerSettings;
  readonly #documents: LoadedDocuments;
  readonly #fleet: Fleet;
  readonly traffic: HostTraffic;
  readonly #runs = new Map<string, RunShell>();
  readonly #listeners = new Set<(event: RunEvent) => void>();
  /** Connected by hand: they outlive runs. */
  readonly #pinned = new Set<HostId>();
  readonly #connectWaits = new Map<HostId, ((failure: string | undefined) => void)[]>();
  #lastHosts: readonly HostId[] = [];
  #runCount = 0;

  constructor(parts: ControllerParts, settings: ControllerSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#documents = new LoadedDocuments({
      read: parts.readDocument,
      adapt: (directory) => (settings.localSeed === undefined ? directory : giveLocalAddresses(directory, settings.localSeed)),
    });
    this.#fleet = parts.createFleet({
      onConnected: (host) => { this.#connected(host); },
      onNotConnected: (host, failure) => {
        this.#settleConnect(host, `${failure.step}: ${failure.reason}`);
        this.#eachRun(host, (run) => { run.input({ kind: "hostNotConnected", host, failure }); });
      },
      onOrphaned: (host, reason) => { this.#eachRun(host, (run) => { run.input({ kind: "hostOrphaned", host, reason }); }); },
      onBack: (host) => { this.#back(host); },
      onLost: (host, reason) => { this.#lost(host, reason); },
      onReport: (host, report) => { this.#report(host, report); },
      onStateChange: (host) => { parts.log(`${host}: ${this.#fleet.host(host)?.state ?? ""} ${this.#fleet.host(host)?.reason ?? ""}`); },
    });
    this.traffic = new HostTraffic({
      send: (host, message) => parts.overlay.bulk(host, message),
      onOutput: (host, message) => { this.#runs.get(message.run)?.outputs.message(host, message); },
    });
  }

  /** What the overlay tells goes through here. */
  get fleet(): Fleet {
    return this.#fleet;
  }

  bulk(host: HostId, message: BulkMessage): void {
    this.traffic.message(host, message);
  }

  bulkWritable(host: HostId): void {
    this.traffic.writable(host);
    this.#eachRun(host, (run) => { run.outputs.resume(host); });
  }

  loadApplication(source: Api.DocumentSource): Promise<Api.LoadResult> {
    return this.#documents.loadApplication(source);
  }

  loadDirectory(source: Api.DocumentSource): Promise<Api.LoadResult> {
    return this.#documents.loadDirectory(source);
  }

  loaded(): { application: Api.ApplicationSummary | undefined; directory: string | undefined } {
    const { application, directory } = this.#documents;
    return { application: application === undefined ? undefined : summaryOf(application), directory: directory?.path };
  }

  async startRun(options: Api.RunOptions): Promise<Api.StartResult> {
    const { application, directory } = this.#documents;
    if (application === undefined) return refused(6, "no application is loaded");
    if (directory === undefined) return refused(6, "no resource directory is loaded");
    const { specification, text, path } = application;
    const { project } = specification;
    if (project.experiment === undefined) return refused(6, `${path} has no experiment, so there is nothing to run`);
    const unknown = Object.keys(options.variables).filter((name) => !project.variables.some((variable) => variable.name === name));
    if (unknown.length > 0) return refused(6, `the application has no variable ${unknown.join(", ")}`);
    if ([...this.#runs.values()].some((run) => !run.run.over && run.run.plan.components.some((component) => component.blocks.length > 0) && run.run.plan.startTogether)) {
      return refused(1, "an application is running already; wait for it or abort it");
    }
    const variables = new Map(project.variables.map((variable) => [variable.name, options.variables[variable.name] ?? variable.value]));
    const run = this.#newRunId();
    const software = await planSoftware(project, path, run, variables);
    const secrets = await readSecrets(project, path);
    const problems = [...this.#documents.checkTogether(), ...problemsAt(text, [...software.problems, ...secrets.problems])];
    if (hasErrors(problems)) return { kind: "refused", exitCode: 6, problems, reason: `${path} cannot be run` };
    for (const file of software.files) this.traffic.offer(file.sha256, file);
    const plan = planRun(specification, { run, applicationPath: path, deadlineMs: options.deadlineMs, variables: options.variables, software: software.plans });
    const documents = { "application.xml": text, "directory.xml": directory.text };
    return this.#start({ plan, directory: directory.directory, documents, secrets: secrets.values, ...options });
  }

  async startCommand(options: Api.CommandOptions): Promise<Api.StartResult> {
    const { directory } = this.#documents;
    if (directory === undefined) return refused(6, "no resource directory is loaded");
    const choice = chooseHosts(directory.directory, options);
    if (choice.kind === "refused") return refused(6, choice.message);
    const hosts = options.connectedOnly ? choice.hosts.filter((host) => this.#fleet.isConnected(host)) : choice.hosts;
    if (hosts.length === 0) return refused(4, "no host is connected");
    const plan = planCommand(directory.directory, { run: this.#newRunId(), command: options.command, hosts, wantsInput: options.wantsInput, deadlineMs: options.deadlineMs });
    const documents = { "command.txt": `${options.command}\n`, "directory.xml": directory.text };
    return this.#start({ plan, directory: directory.directory, documents, secrets: {}, ...options });
  }

  async sendInput(run: string, bytes: Uint8Array, end: boolean): Promise<void> {
    const shell = this.#runs.get(run);
    if (shell === undefined) return;
    for (let at = 0; at < bytes.length || (at === 0 && end); at += INPUT_BYTES_MAX) {
      const piece = bytes.subarray(at, at + INPUT_BYTES_MAX);
      const last = end && at + INPUT_BYTES_MAX >= bytes.length;
      while (!shell.run.over && this.#behind(shell)) await pause(INPUT_PAUSE_MS);
      const hosts = shell.run.members.filter((member) => member.phase === "executing").map((member) => member.host);
      this.#fleet.command(hosts, { kind: "input", run: shell.run.plan.run, bytes: piece, end: last });
    }
  }

  async ended(run: string): Promise<RunVerdict> {
    const shell = this.#runs.get(run);
    return shell === undefined ? { exitCode: 1, reason: `there is no run ${run}` } : shell.ended;
  }

  endRun(run: string, cause: Api.EndCause, reason: string): Api.ActionResult {
    const shell = this.#runs.get(run);
    if (shell === undefined || shell.run.over) return { kind: "refused", message: `run ${run} is not going on` };
    shell.input({ kind: "end", cause, reason });
    return { kind: "done", message: `run ${run} is being ended` };
  }

  failHost(host: string, reason: string): Api.ActionResult {
    const runs = [...this.#runs.values()].filter((run) => !run.run.over && run.concerns(host as HostId));
    for (const run of runs) run.input({ kind: "failHost", host: host as HostId, reason });
    if (runs.length === 0) return { kind: "refused", message: `${host} takes part in no run` };
    return { kind: "done", message: `${host} is given up` };
  }

  force(run: string, name: string): Api.ActionResult {
    const shell = this.#runs.get(run);
    const barrier = shell?.run.plan.barriers.find((candidate) => candidate.name === name);
    if (shell === undefined || shell.run.over) return { kind: "refused", message: `run ${run} is not going on` };
    if (barrier === undefined) return { kind: "refused", message: `there is no barrier '${name}'` };
    shell.input({ kind: "force", name });
    return { kind: "done", message: `barrier '${name}' is forced` };
  }

  async connect(hosts: string | undefined, options: Api.DeployOptions): Promise<Api.ActionResult> {
    const { directory } = this.#documents;
    if (directory === undefined) return { kind: "refused", message: "no resource directory is loaded" };
    const choice = chooseHosts(directory.directory, { hosts, group: undefined, exclude: undefined });
    if (choice.kind === "refused") return { kind: "refused", message: choice.message };
    const results = choice.hosts.map(async (host) => ({ host, failure: await this.#waitConnected(host) }));
    for (const host of choice.hosts) this.#pinned.add(host);
    this.#fleet.connect(entriesOf(directory.directory, choice.hosts), { fanout: options.fanout, controllerAbsenceMs: DEFAULTS.controllerAbsenceMs });
    const all = await Promise.all(results);
    const failed = all.filter((result) => result.failure !== undefined);
    const connected = all.filter((result) => result.failure === undefined).map((result) => result.host);
    for (const { host } of failed) this.#pinned.delete(host);
    if (failed.length === 0) return { kind: "done", message: `connected: ${foldNames(connected)}` };
    const reasons = failed.map((result) => `${result.host}: ${result.failure ?? ""}`).join("; ");
    return { kind: "refused", message: `${String(connected.length)} of ${String(all.length)} connected; ${reasons}` };
  }

  async disconnect(hosts: string | undefined, options: { readonly keep: boolean }): Promise<Api.ActionResult> {
    const { directory } = this.#documents;
    const connected = this.#fleet.connected();
    const choice = hosts === undefined || directory === undefined ? { kind: "chosen", hosts: connected } as const : chooseHosts(directory.directory, { hosts, group: undefined, exclude: undefined });
    if (choice.kind === "refused") return { kind: "refused", message: choice.message };
    const busy = choice.hosts.filter((host) => [...this.#runs.values()].some((run) => !run.run.over && run.concerns(host)));
    if (busy.length > 0) return { kind: "refused", message: `a run is going on on ${foldNames(busy)}; abort it first` };
    const going = choice.hosts.filter((host) => connected.includes(host));
    for (const host of going) this.#pinned.delete(host);
    const problems = await this.#fleet.disconnect(going, options.keep);
    await Promise.all(going.map((host) => this.traffic.forget(host)));
    const texts = [...problems].map(([host, list]) => `${host}: ${list.join(", ")}`);
    if (texts.length > 0) return { kind: "refused", message: texts.join("; ") };
    return { kind: "done", message: going.length === 0 ? "no host was connected" : `disconnected: ${foldNames(going)}` };
  }

  hosts(): readonly Api.HostView[] {
    const entries = this.#documents.directory?.directory.managers.flatMap((manager) => manager.hosts) ?? [];
    return entries.map((entry) => this.#hostView(entry));
  }

  mesh(): Api.MeshView {
    const { overlay } = this.#parts;
    return { overlay: "star", address: `${overlay.address}:${String(overlay.port)}`, members: overlay.members(), ...overlay.traffic() };
  }

  control(): Api.ControlView {
    const { application, directory } = this.loaded();
    const current = [...this.#runs.values()].at(-1);
    return { session: this.#settings.session, application: application?.path, directory, run: current?.fold.view() };
  }

  runs(): readonly Api.RunView[] {
    return [...this.#runs.values()].map((run) => run.fold.view());
  }

  subscribe(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async quit(): Promise<void> {
    const open = [...this.#runs.values()].filter((run) => !run.run.over);
    for (const run of open) run.input({ kind: "end", cause: "interrupt", reason: "the controller is quitting" });
    await Promise.all([...this.#runs.values()].map((run) => run.ended));
    await this.#fleet.close();
    await this.traffic.close();
    await this.#parts.removeOldRuns();
    await this.#parts.close();
  }

  async #start(started: Started): Promise<Api.StartResult> {
    const { plan, directory } = started;
    const { run: id } = plan;
    const folder = started.results === undefined ? join(this.#settings.runsDirectory, id) : resolve(started.results);
    let results: RunResults;
    try {
      results = await this.#parts.openResults({ directory: folder, documents: started.documents });
    } catch (error) {
      return refused(1, `the results folder ${folder} cannot be made: ${error instanceof Error ? error.message : String(error)}`);
    }
    const run = new Run(plan, { directory, preferred: this.#lastHosts, keep: started.keep });
    const shell = new RunShell({
      run,
      results,
      createOutputs: this.#parts.createOutputs,
      traffic: this.traffic,
      secrets: started.secrets,
      outputLimitOf: outputLimits(plan),
      makeParent: this.#parts.makeParent,
      surroundings: {
        connect: (hosts) => { this.#fleet.connect(entriesOf(directory, hosts), { fanout: started.fanout, controllerAbsenceMs: plan.controllerAbsenceMs }); },
        command: (hosts, command) => { this.#fleet.command(hosts, command); },
        giveUp: (host, reason) => { this.#giveUp(id, host, reason); },
        release: (hosts) => this.#release(id, hosts, started),
        publish: (event) => { for (const listener of this.#listeners) listener(event); },
      },
    });
    this.#runs.set(id, shell);
    // Later, so that whoever started it can follow it from its first event.
    setImmediate(() => { shell.input({ kind: "start" }); });
    return { kind: "started", run: id, results: folder };
  }

  #newRunId(): RunId {
    this.#runCount += 1;
    const stamp = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
    return runIdOf(`${stamp}-${this.#settings.session.slice(-4)}${String(this.#runCount)}`);
  }

  #eachRun(host: HostId, give: (run: RunShell) => void): void {
    for (const run of this.#runs.values()) if (!run.run.over && run.concerns(host)) give(run);
  }

  #connected(host: HostId): void {
    this.#settleConnect(host, undefined);
    this.#eachRun(host, (run) => { run.input({ kind: "hostConnected", host }); });
  }

  #back(host: HostId): void {
    this.traffic.linked(host);
    this.#eachRun(host, (run) => {
      run.outputs.resume(host);
      run.input({ kind: "hostBack", host });
    });
  }

  #lost(host: HostId, reason: string): void {
    this.#pinned.delete(host);
    void this.traffic.forget(host);
    this.#eachRun(host, (run) => {
      run.outputs.abandon(host);
      run.input({ kind: "hostLost", host, reason });
    });
  }

  #report(host: HostId, report: Report): void {
    if (report.kind === "commandDropped") {
      this.#eachRun(host, (run) => { run.input({ kind: "hostLost", host, reason: `controller and client do not understand each other: ${report.reason}` }); });
      return;
    }
    if (!("run" in report)) {
      this.#eachRun(host, (run) => { run.report(host, report); });
      return;
    }
    const run = this.#runs.get(report.run);
    if (run !== undefined && !run.run.over) run.report(host, report);
  }

  #giveUp(id: RunId, host: HostId, reason: string): void {
    const shared = [...this.#runs.values()].some((run) => run.run.plan.run !== id && !run.run.over && run.concerns(host));
    if (shared) return;
    this.#pinned.delete(host);
    void this.#fleet.giveUp(host, reason).then(() => this.traffic.forget(host));
  }

  async #release(id: RunId, hosts: readonly HostId[], started: Started): Promise<ReadonlyMap<HostId, readonly string[]>> {
    this.#lastHosts = hosts;
    if (started.stayConnected) return new Map();
    const shared = (host: HostId): boolean => [...this.#runs.values()].some((run) => run.run.plan.run !== id && !run.run.over && run.concerns(host));
    const going = hosts.filter((host) => !this.#pinned.has(host) && !shared(host));
    const problems = await this.#fleet.disconnect(going, started.keep);
    await Promise.all(going.map((host) => this.traffic.forget(host)));
    return problems;
  }

  #behind(shell: RunShell): boolean {
    const hosts = new Set<HostId>(shell.run.members.map((member) => member.host));
    if (shell.run.members.some((member) => member.phase === "connecting" || member.phase === "preparing" || member.phase === "prepared")) return true;
    return this.#parts.overlay.members().some((member) => hosts.has(member.host) && member.state === "attached" && member.pendingCommands > INPUT_PENDING_MAX);
  }

  #waitConnected(host: HostId): Promise<string | undefined> {
    return new Promise((done) => {
      const waits = this.#connectWaits.get(host) ?? [];
      waits.push(done);
      this.#connectWaits.set(host, waits);
    });
  }

  #settleConnect(host: HostId, failure: string | undefined): void {
    const waits = this.#connectWaits.get(host) ?? [];
    this.#connectWaits.delete(host);
    for (const done of waits) done(failure);
  }

  #hostView(entry: HostEntry): Api.HostView {
    const fleetHost = this.#fleet.host(entry.id);
    const run = [...this.#runs.values()].findLast((candidate) => !candidate.run.over && candidate.concerns(entry.id));
    const inRun = run?.fold.host(entry.id);
    const facts = fleetHost?.facts;
    return {
      host: entry.id,
      managerType: entry.managerType,
      groups: entry.groups,
      site: entry.site,
      address: entry.address,
      component: inRun?.component ?? undefined,
      state: inRun?.state ?? fleetHost?.state ?? "disconnected",
      reason: inRun?.reason ?? fleetHost?.reason ?? "",
      sinceMs: fleetHost?.sinceMs ?? 0,
      client: facts === undefined ? undefined : { pid: facts.pid, node: facts.node, directory: facts.directory, platform: `${facts.platform} ${facts.architecture}` },
      processes: inRun?.processes ?? [],
    };
  }
}

function entriesOf(directory: ResourceDirectory, hosts: readonly HostId[]): HostEntry[] {
  const wanted = new Set(hosts);
  return directory.managers.flatMap((manager) => manager.hosts.filter((host) => wanted.has(host.id)));
}

function outputLimits(plan: RunPlan): (block: string) => number {
  const blocks = plan.components.flatMap((component) => component.blocks.flatMap((componentBlock) => componentBlock.blocks));
  const limits = new Map(blocks.map((block) => [block.path as string, block.kind === "process" ? block.process.limits.outputBytes : undefined]));
  return (block) => limits.get(block) ?? DEFAULTS.outputBytes;
}

function refused(exitCode: number, reason: string): Api.StartResult {
  const problems: readonly Problem[] = [];
  return { kind: "refused", exitCode, problems, reason };
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}
