// The controller: the one place where runs, hosts and documents meet; every face talks to it by ControllerApi.
import { join, resolve } from "node:path";
import { runIdOf, type HostId, type RunId } from "#shared/base/ids.ts";
import { hasErrors } from "#shared/base/problem.ts";
import type { BlockSpan } from "#shared/controller-api/block-spans.ts";
import type * as Api from "#shared/controller-api/controller-api.ts";
import type { HostHistory } from "#shared/controller-api/host-metrics.ts";
import type { HostTest, HostTesting, HostTestOptions } from "#shared/controller-api/host-tests.ts";
import type { FilesResult, ForwardResult, ForwardTarget } from "#shared/controller-api/host-files.ts";
import type { TerminalResult, TerminalSize } from "#shared/controller-api/terminal-shell.ts";
import type { RunWait } from "#shared/controller-api/run-waits.ts";
import type { RunEvent, RunVerdict } from "#shared/controller-api/run-events.ts";
import type { Question, QuestionChange } from "#shared/controller-api/questions.ts";
import type { BulkMessage } from "#shared/protocol/bulk.ts";
import { entriesOf, type ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import type { DocumentResult } from "../documents/read-document.ts";
import type { Fleet, FleetCallbacks } from "../fleet/fleet.ts";
import type { RunningOverlayRoot } from "../overlay-root/overlay-root.ts";
import type { OutputStore, OutputStoreParts } from "../results/output-store.ts";
import type { RunResults, RunResultsSettings } from "../results/run-results.ts";
import type { HostKeyReviews } from "../ssh/host-key-reviews.ts";
import type { HostDoors } from "../host-doors/host-doors.ts";
import type { Terminals } from "../terminals/terminals.ts";
import { chooseHosts, planCommand } from "./command-plan.ts";
import { decideHostKeys } from "./host-key-decisions-shell.ts";
import { HostConnections } from "./host-connections-shell.ts";
import { testHosts, type TestHost } from "./host-tests-shell.ts";
import { HostTraffic } from "./host-traffic-shell.ts";
import { hostViewOf } from "./host-view.ts";
import { LoadedDocuments, problemsAt, summaryOf } from "./loaded-documents-shell.ts";
import { giveLocalAddresses } from "./local-addresses.ts";
import { meshViewOf } from "./mesh-view-shell.ts";
import { HostMetrics } from "./host-metrics-shell.ts";
import type { Questions } from "./questions-shell.ts";
import { RunDispatch } from "./run-dispatch-shell.ts";
import { forceableNames, outputLimitsOf, planRun, type RunPlan } from "./run-plan.ts";
import { RunShell } from "./run-shell.ts";
import { Run } from "./run.ts";
import { readSecrets } from "./secrets-shell.ts";
import { sendInput } from "./send-input-shell.ts";
import { onHost } from "./on-host-shell.ts";
import { SudoPasswords } from "./sudo-passwords-shell.ts";
import { no, refused } from "./refusals.ts";
import { planSoftware } from "./software-plans-shell.ts";

export interface ControllerParts {
  readonly overlay: RunningOverlayRoot;
  readonly createFleet: (callbacks: FleetCallbacks) => Fleet;
  readonly openResults: (settings: RunResultsSettings) => Promise<RunResults>;
  readonly createOutputs: (parts: OutputStoreParts) => OutputStore;
  readonly makeParent: (path: string) => Promise<void>;
  readonly readDocument: (path: string) => Promise<DocumentResult>;
  readonly testHost: TestHost;
  readonly terminals: Terminals;
  readonly doors: HostDoors;
  readonly reviews: HostKeyReviews;
  readonly removeOldRuns: () => Promise<void>;
  /** What people are asked, whoever asks. */
  readonly questions: Questions;
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

/** What a run or a command is started with, once it is planned. */
interface Planned extends Pick<Api.RunOptions, "fanout" | "keep" | "stayConnected" | "results"> {
  readonly plan: RunPlan;
  readonly directory: ResourceDirectory;
  readonly documents: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

export class Controller implements Api.ControllerApi {
  readonly #parts: ControllerParts;
  readonly #settings: ControllerSettings;
  readonly #documents: LoadedDocuments;
  readonly #runs = new RunDispatch();
  readonly #connections: HostConnections;
  readonly #traffic: HostTraffic;
  readonly #passwords: SudoPasswords;
  /** Told by the overlay. */
  readonly metrics: HostMetrics;
  readonly #listeners = new Set<(event: RunEvent) => void>();
  #lastHosts: readonly HostId[] = [];
  #runCount = 0;
  /** What the overlay tells of members and reports goes to it. */
  readonly fleet: Fleet;

  constructor(parts: ControllerParts, settings: ControllerSettings) {
    this.#parts = parts;
    this.#settings = settings;
    const { localSeed } = settings;
    const adapt = (directory: ResourceDirectory): ResourceDirectory =>
      localSeed === undefined ? directory : giveLocalAddresses(directory, localSeed);
    this.#documents = new LoadedDocuments({ read: parts.readDocument, adapt });
    this.#traffic = new HostTraffic({
      send: (host, message) => parts.overlay.bulk(host, message),
      onOutput: (host, message) => this.#runs.get(message.run)?.outputs.message(host, message),
    });
    this.#connections = new HostConnections({
      fleet: () => this.fleet,
      directory: () => this.#documents.directory?.directory,
      isBusy: (host) => this.#runs.of(host).length > 0,
      forget: (host) => this.#traffic.forget(host),
    });
    this.#passwords = new SudoPasswords({
      questions: parts.questions,
      command: (host, command) => this.fleet.command([host], command),
      ended: (run) => this.ended(run),
    });
    this.metrics = new HostMetrics({
      isConnected: (host) => this.fleet.isConnected(host),
      command: (hosts, command) => this.fleet.command(hosts, command),
    });
    this.fleet = parts.createFleet(this.#fleetCallbacks());
  }

  bulk(host: HostId, message: BulkMessage): void {
    this.#traffic.message(host, message);
  }

  bulkWritable(host: HostId): void {
    this.#traffic.writable(host);
    this.#runs.writable(host);
  }

  loadApplication(source: Api.DocumentSource): Promise<Api.LoadResult> {
    return this.#documents.loadApplication(source);
  }

  loadDirectory(source: Api.DocumentSource): Promise<Api.LoadResult> {
    return this.#documents.loadDirectory(source);
  }

  loaded(): { application: Api.ApplicationSummary | undefined; directory: string | undefined } {
    const { application, directory } = this.#documents;
    const summary = application === undefined ? undefined : summaryOf(application);
    return { application: summary, directory: directory?.path };
  }

  async startRun(options: Api.RunOptions): Promise<Api.StartResult> {
    const { application, directory } = this.#documents;
    if (application === undefined) return refused(6, "no application is loaded");
    if (directory === undefined) return refused(6, "no resource directory is loaded");
    const { specification, text, path } = application;
    const { project } = specification;
    if (project.experiment === undefined)
      return refused(6, `${path} has no experiment, so there is nothing to run`);
    const known = new Set(project.variables.map((variable) => variable.name));
    const unknown = Object.keys(options.variables).filter((name) => !known.has(name));
    if (unknown.length > 0) return refused(6, `the application has no variable ${unknown.join(", ")}`);
    if (this.#runs.open.some((shell) => shell.run.plan.startTogether)) {
      return refused(1, "an application is running already; wait for it or abort it");
    }
    const run = this.#newRunId();
    const variables = new Map(
      project.variables.map(({ name, value }) => [name, options.variables[name] ?? value]),
    );
    const software = await planSoftware(project, path, run, variables);
    const secrets = await readSecrets(project, path);
    const found = problemsAt(text, [...software.problems, ...secrets.problems]);
    const problems = [...this.#documents.checkTogether(), ...found];
    if (hasErrors(problems))
      return { kind: "refused", exitCode: 6, problems, reason: `${path} cannot be run` };
    for (const file of software.files) this.#traffic.offer(file.sha256, file);
    const { deadlineMs } = options;
    const settings = {
      run,
      applicationPath: path,
      deadlineMs,
      variables: options.variables,
      software: software.plans,
    };
    const documents = { "application.xml": text, "directory.xml": directory.text };
    const plan = planRun(specification, settings);
    return this.#start({
      ...options,
      plan,
      directory: directory.directory,
      documents,
      secrets: secrets.values,
    });
  }

  async startCommand(options: Api.CommandOptions): Promise<Api.StartResult> {
    const { directory } = this.#documents;
    if (directory === undefined) return refused(6, "no resource directory is loaded");
    const choice = chooseHosts(directory.directory, options);
    if (choice.kind === "refused") return refused(6, choice.message);
    const connected = (host: HostId): boolean => this.fleet.isConnected(host);
    const hosts = options.connectedOnly ? choice.hosts.filter(connected) : choice.hosts;
    if (hosts.length === 0) return refused(4, "no host is connected");
    const { command, wantsInput, deadlineMs } = options;
    const settings = { run: this.#newRunId(), command, hosts, wantsInput, deadlineMs };
    const plan = planCommand(directory.directory, settings);
    const documents = { "command.txt": `${command}\n`, "directory.xml": directory.text };
    return this.#start({ ...options, plan, directory: directory.directory, documents, secrets: {} });
  }

  async sendInput(run: string, bytes: Uint8Array, end: boolean): Promise<void> {
    const shell = this.#runs.get(run);
    if (shell === undefined) return;
    const { overlay } = this.#parts;
    const command = this.fleet.command.bind(this.fleet);
    await sendInput(shell.run, bytes, end, { members: () => overlay.members(), command });
  }

  async ended(run: string): Promise<RunVerdict> {
    return this.#runs.get(run)?.ended ?? { exitCode: 1, reason: `there is no run ${run}` };
  }

  endRun(run: string, cause: Api.EndCause, reason: string): Api.ActionResult {
    const shell = this.#runs.get(run);
    if (shell === undefined || shell.run.over) return no(`run ${run} is not going on`);
    shell.input({ kind: "end", cause, reason });
    return { kind: "done", message: `run ${run} is being ended` };
  }

  failHost(name: string, reason: string): Api.ActionResult {
    const host = name as HostId;
    const runs = this.#runs.of(host);
    for (const run of runs) run.input({ kind: "failHost", host, reason });
    return runs.length === 0
      ? no(`${host} takes part in no run`)
      : { kind: "done", message: `${host} is given up` };
  }

  force(run: string, name: string): Api.ActionResult {
    const shell = this.#runs.get(run);
    if (shell === undefined || shell.run.over) return no(`run ${run} is not going on`);
    if (!forceableNames(shell.run.plan).has(name))
      return no(`there is no barrier or process block '${name}'`);
    shell.input({ kind: "force", name });
    return { kind: "done", message: `'${name}' is forced` };
  }

  connect(hosts: string | undefined, options: Api.DeployOptions): Promise<Api.ActionResult> {
    return this.#connections.connect(hosts, options.fanout);
  }

  disconnect(hosts: string | undefined, options: { readonly keep: boolean }): Promise<Api.ActionResult> {
    return this.#connections.disconnect(hosts, options.keep);
  }

  testHosts(options: HostTestOptions, listener: (test: HostTest) => void): HostTesting {
    const { directory, application } = this.#documents;
    const passwords = (host: HostId, account: string, wrong: boolean, signal: AbortSignal) =>
      this.#passwords.ask(host, account, wrong, signal);
    const loaded = { directory: directory?.directory, specification: application?.specification };
    return testHosts(loaded, options, { testHost: this.#parts.testHost, passwords, listener });
  }

  openTerminal(name: string, size: TerminalSize): Promise<TerminalResult> {
    return onHost(name, this.#hostParts(), (host, folder) => this.#parts.terminals.open(host, folder, size));
  }

  openFiles(name: string): Promise<FilesResult> {
    return onHost(name, this.#hostParts(), (host, folder) => this.#parts.doors.openFiles(host, folder));
  }

  openForward(name: string, target: ForwardTarget): Promise<ForwardResult> {
    return onHost(name, this.#hostParts(), (host) => this.#parts.doors.openForward(host, target));
  }

  readonly replaceHostKey = (review: string): Promise<Api.ActionResult> =>
    this.#parts.reviews.replace(review);
  readonly hostKeys: Api.ControllerApi["hostKeys"] = () => this.#parts.reviews.sightings.list();
  readonly decideHostKeys: Api.ControllerApi["decideHostKeys"] = (...decided) =>
    decideHostKeys(this.#parts.reviews.sightings, ...decided);

  #hostParts(): Parameters<typeof onHost>[1] {
    const folderOf = (host: HostId): string | undefined => this.fleet.host(host)?.facts?.directory;
    return { loaded: this.#documents.directory, folderOf };
  }

  hosts(): readonly Api.HostView[] {
    const entries = this.#documents.directory?.directory.managers.flatMap((manager) => manager.hosts) ?? [];
    const metricsOf = this.metrics.views(this.#parts.overlay.members());
    return entries.map((entry) => {
      const run = this.#runs.of(entry.id).at(-1);
      const metrics = metricsOf(entry.id);
      return hostViewOf(entry, this.fleet.host(entry.id), run?.fold.host(entry.id), metrics);
    });
  }

  watchHosts(hosts: readonly string[]): readonly HostHistory[] {
    return this.metrics.watch(hosts.map((host) => host as HostId));
  }

  mesh(): Api.MeshView {
    return meshViewOf(this.#parts.overlay);
  }

  control(): Api.ControlView {
    const { application, directory } = this.loaded();
    const run = this.#runs.all.at(-1)?.fold.view();
    return { session: this.#settings.session, application: application?.path, directory, run };
  }

  runs(): readonly Api.RunView[] {
    return this.#runs.all.map((run) => run.fold.view());
  }

  waits(run: string): readonly RunWait[] {
    return this.#runs.get(run)?.waits() ?? [];
  }

  spans(run: string): readonly BlockSpan[] {
    return this.#runs.get(run)?.fold.spans.all() ?? [];
  }

  subscribe(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onQuestion(listener: (change: QuestionChange) => void): () => void {
    return this.#parts.questions.listen(listener);
  }

  readonly question = (): Question | undefined => this.#parts.questions.open;

  answer(question: string, answer: string | undefined): Api.ActionResult {
    return this.#parts.questions.answer(question, answer);
  }

  async quit(): Promise<void> {
    const reason = "the controller is quitting";
    await Promise.all([this.#parts.terminals.close(), this.#parts.doors.close()]);
    for (const run of this.#runs.open) run.input({ kind: "end", cause: "interrupt", reason });
    await Promise.all(this.#runs.all.map((run) => run.ended));
    // Not only those that are connected: a client that is being started would be left behind.
    await this.fleet.close();
    await this.#traffic.close();
    await this.#parts.removeOldRuns();
    await this.#parts.close();
  }

  async #start(planned: Planned): Promise<Api.StartResult> {
    const { plan, directory, documents, results: wanted, secrets, keep } = planned;
    const { openResults, createOutputs, makeParent } = this.#parts;
    const folder = wanted === undefined ? join(this.#settings.runsDirectory, plan.run) : resolve(wanted);
    let results: RunResults;
    try {
      results = await openResults({ directory: folder, documents });
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      return refused(1, `the results folder ${folder} cannot be made: ${words}`);
    }
    const shell = new RunShell({
      run: new Run(plan, { directory, preferred: this.#lastHosts, keep }),
      results,
      createOutputs,
      traffic: this.#traffic,
      secrets,
      outputLimitOf: outputLimitsOf(plan),
      makeParent,
      surroundings: this.#surroundingsOf(planned),
    });
    this.#runs.add(shell);
    // Later, so that whoever started it can follow it from its first event.
    setImmediate(() => shell.input({ kind: "start" }));
    return { kind: "started", run: plan.run, results: folder };
  }

  #surroundingsOf(planned: Planned): ConstructorParameters<typeof RunShell>[0]["surroundings"] {
    const { plan, directory, fanout } = planned;
    const { controllerAbsenceMs } = plan;
    return {
      connect: (hosts) => this.fleet.connect(entriesOf(directory, hosts), { fanout, controllerAbsenceMs }),
      command: (hosts, command) => this.fleet.command(hosts, command),
      giveUp: (host, reason) => this.#giveUp(plan.run, host, reason),
      release: (hosts) => this.#release(hosts, planned),
      publish: (event) => {
        for (const listener of this.#listeners) listener(event);
      },
    };
  }

  #newRunId(): RunId {
    this.#runCount += 1;
    const stamp = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
    return runIdOf(`${stamp}-${this.#settings.session.slice(-4)}${String(this.#runCount)}`);
  }

  #fleetCallbacks(): FleetCallbacks {
    return {
      onConnected: (host) => {
        this.#connections.settle(host, undefined);
        this.#runs.connected(host);
      },
      onNotConnected: (host, failure) => {
        this.#connections.settle(
          host,
          [`${failure.step}: ${failure.reason}`, failure.remedy].filter(Boolean).join("; "),
        );
        this.#runs.notConnected(host, failure);
      },
      onProgress: (host, progress) => this.#runs.progress(host, progress),
      onOrphaned: (host, reason) => this.#runs.orphaned(host, reason),
      onBack: (host) => {
        this.#traffic.linked(host);
        this.#runs.back(host);
      },
      onLost: (host, reason) => {
        this.#connections.unpin(host);
        void this.#traffic.forget(host);
        this.#runs.lost(host, reason);
      },
      onReport: (host, report) => {
        if (report.kind === "passwordWanted") void this.#passwords.wanted(host, report);
        else this.#runs.report(host, report);
      },
      onStateChange: (host) => {
        const { state, reason } = this.fleet.host(host) ?? { state: "", reason: "" };
        this.metrics.stateChanged(host);
        this.#parts.log(`${host}: ${state} ${reason}`.trimEnd());
      },
    };
  }

  #giveUp(run: RunId, host: HostId, reason: string): void {
    if (this.#runs.isShared(host, run)) {
      // Another run needs the host: only this one's processes and files go. Its reports are ignored from now on.
      this.fleet.command([host], { kind: "endRun", run, keep: false });
      return;
    }
    this.#connections.unpin(host);
    void this.fleet.giveUp(host, reason).then(() => this.#traffic.forget(host));
  }

  async #release(
    hosts: readonly HostId[],
    { plan, stayConnected, keep }: Planned,
  ): Promise<ReadonlyMap<HostId, readonly string[]>> {
    this.#lastHosts = hosts;
    if (stayConnected) return new Map();
    const mayGo = (host: HostId): boolean =>
      !this.#connections.isPinned(host) && !this.#runs.isShared(host, plan.run);
    const going = hosts.filter(mayGo);
    const problems = await this.fleet.disconnect(going, keep);
    await Promise.all(going.map((host) => this.#traffic.forget(host)));
    return problems;
  }
}
