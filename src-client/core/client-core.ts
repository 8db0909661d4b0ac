// The client's decisions: commands and process events in, effects out; one record for each run on this host.
import type { VariableTable } from "#shared/application/variables.ts";
import type { RunId } from "#shared/base/ids.ts";
import type {
  Command,
  ExecuteCommand,
  InputCommand,
  PrepareCommand,
  SoftwarePlan,
} from "#shared/protocol/commands.ts";
import type { Report } from "#shared/protocol/reports.ts";
import type { ClientEffect, ClientEvent, HostFacts } from "./client-events.ts";
import { RunOnHost } from "./run-on-host.ts";

/** Runs at once on one host: a controller has one application and a few commands going. */
const RUNS_MAX = 64;
/** Input that came before the processes could start: they start within moments, at 100 MB/s. */
const EARLY_INPUT_BYTES_MAX = 16 * 1024 * 1024;

interface Preparation {
  readonly software: readonly SoftwarePlan[];
  readonly users: readonly string[];
  readonly installed: Map<string, { readonly directory: string; readonly alreadyThere: boolean }>;
  failed: boolean;
}

interface RunRecord {
  readonly run: RunId;
  preparation: Preparation;
  workDirectory: string | undefined;
  secrets: Readonly<Record<string, string>>;
  body: RunOnHost | undefined;
  /** Came before the work directory was there; carried out then. */
  early: ExecuteCommand | undefined;
  readonly earlyInput: InputCommand[];
  earlyInputBytes: number;
  stopping: boolean;
  stopped: boolean;
  cleansUp: boolean;
  /** To be cleaned up as soon as it has stopped. */
  ending: { readonly keep: boolean } | undefined;
}

export class ClientCore {
  readonly #facts: HostFacts;
  readonly #records = new Map<RunId, RunRecord>();
  #leaving: { readonly keep: boolean; readonly reason: string } | undefined;
  #left = false;

  constructor(facts: HostFacts) {
    this.#facts = facts;
  }

  /** Runs whose processes or files may still be there. */
  get runs(): readonly RunId[] {
    return [...this.#records.keys()];
  }

  step(event: ClientEvent): ClientEffect[] {
    switch (event.kind) {
      case "command":
        return this.#command(event.command);
      case "softwareState":
        return [report({ kind: "preparing", run: event.run, software: event.software, state: event.state })];
      case "installed":
        return this.#installed(event);
      case "installFailed":
        return this.#prepareFailed(event.run, event.software, event.step, event.reason);
      case "passwordWanted":
        return this.#passwordWanted(event.run, event.wrong);
      case "workReady":
        return this.#workReady(event.run, event.directory);
      case "workFailed":
        return this.#prepareFailed(event.run, "", event.step, event.reason);
      case "started":
        return this.#onProcess(event.process, (body) => body.started(event.process, event.pid));
      case "notStarted":
        return this.#onProcess(event.process, (body) =>
          body.notStarted(event.process, event.step, event.reason),
        );
      case "printed":
        return this.#onProcess(event.process, (body) =>
          body.printed(event.process, event.stdout, event.stderr),
        );
      case "exited":
        return this.#onProcess(event.process, (body) => body.exited(event));
      case "probed":
        return this.#onProcess(event.process, (body) =>
          body.probed(event.process, event.healthy, event.detail),
        );
      case "timer":
        return [...this.#records.values()].flatMap((record) => record.body?.timer(event.name) ?? []);
      case "nothingLeft":
        return this.#nothingLeft(event.run, event.printed);
      case "runStopped":
        return this.#runStopped(event.run, event.leftovers);
      case "collectable":
        return [
          report({ kind: "collectable", run: event.run, files: event.files, problems: event.problems }),
        ];
      case "runCleaned":
        this.#records.delete(event.run);
        return [
          report({ kind: "runEnded", run: event.run, problems: event.problems }),
          ...this.#leaveWhenIdle(),
        ];
      case "abandoned":
        return this.#leave(false, event.reason);
    }
  }

  #command(command: Command): ClientEffect[] {
    // On the way out nothing new begins: its record would be waited for in vain.
    if (this.#leaving !== undefined && "run" in command && !this.#records.has(command.run)) return [];
    switch (command.kind) {
      case "prepare":
        return this.#prepare(command);
      case "secrets":
        this.#recordOf(command.run).secrets = command.values;
        return [];
      case "password":
        return [{ kind: "password", password: command.password }];
      case "addresses":
        return [{ kind: "addresses", addresses: command.addresses }];
      case "measure":
        return [{ kind: "measure", everyMs: command.everyMs, forMs: command.forMs }];
      case "execute":
        return this.#execute(command);
      case "variables":
        return this.#variables(command.run, command.table);
      case "forceBlock":
        return this.#records.get(command.run)?.body?.force(command.block) ?? [];
      case "release":
        return this.#release(command.run, command.barrier);
      case "input":
        return this.#input(command);
      case "stop":
        return this.#stop(this.#recordOf(command.run));
      case "collect":
        return [
          {
            kind: "collect",
            run: command.run,
            rules: this.#records.get(command.run)?.body?.collectRules() ?? [],
          },
        ];
      case "endRun":
        return this.#endRun(this.#recordOf(command.run), command.keep);
      case "leave":
        return this.#leave(command.keep, "the controller asked for it");
    }
  }

  #recordOf(run: RunId): RunRecord {
    const known = this.#records.get(run);
    if (known !== undefined) return known;
    const preparation = { software: [], users: [], installed: new Map(), failed: false };
    const record = {
      run,
      preparation,
      workDirectory: undefined,
      secrets: {},
      body: undefined,
      early: undefined,
      earlyInput: [],
      earlyInputBytes: 0,
      stopping: false,
      stopped: false,
      cleansUp: false,
      ending: undefined,
    };
    this.#records.set(run, record);
    return record;
  }

  #prepare(command: PrepareCommand): ClientEffect[] {
    if (!this.#records.has(command.run) && this.#records.size >= RUNS_MAX) {
      const reason = `this host has ${String(RUNS_MAX)} runs already`;
      return [report({ kind: "prepareFailed", run: command.run, software: "", step: "prepare", reason })];
    }
    const record = this.#recordOf(command.run);
    if (record.stopping || this.#leaving !== undefined) return [];
    const { software, users, execute } = command;
    record.preparation = { software, users, installed: new Map(), failed: false };
    record.early = execute ?? record.early;
    if (software.length === 0) return [{ kind: "makeWork", run: command.run, software, users }];
    return software.map((one) => ({ kind: "install", run: command.run, software: one }));
  }

  #execute(command: ExecuteCommand): ClientEffect[] {
    const record = this.#recordOf(command.run);
    if (record.stopping || record.body !== undefined || this.#leaving !== undefined) return [];
    const { workDirectory, secrets } = record;
    if (workDirectory === undefined) {
      record.early = command;
      return [];
    }
    record.cleansUp = command.cleansUp;
    record.body = new RunOnHost(command, { facts: this.#facts, secrets, workDirectory });
    const absence: ClientEffect = { kind: "allowAbsence", ms: command.controllerAbsenceMs };
    return [absence, ...record.body.start(), ...this.#earlyInput(record)];
  }

  #variables(run: RunId, table: VariableTable): ClientEffect[] {
    const record = this.#records.get(run);
    record?.body?.setVariables(table);
    if (record?.early !== undefined) record.early = { ...record.early, variables: table };
    return [];
  }

  #release(run: RunId, barrier: string): ClientEffect[] {
    const record = this.#records.get(run);
    if (record?.body !== undefined) return record.body.release(barrier);
    if (record?.early === undefined) return []; // `execute` will say so
    record.early = { ...record.early, releasedBarriers: [...record.early.releasedBarriers, barrier] };
    return [];
  }

  #input(command: InputCommand): ClientEffect[] {
    const record = this.#records.get(command.run);
    if (record === undefined || record.stopping) return [];
    if (record.body !== undefined) return record.body.input(command.bytes, command.end);
    record.earlyInputBytes += command.bytes.length;
    if (record.earlyInputBytes <= EARLY_INPUT_BYTES_MAX) {
      record.earlyInput.push(command);
      return [];
    }
    return this.#prepareFailed(command.run, "", "input", "more came than can be kept before the start");
  }

  #earlyInput(record: RunRecord): ClientEffect[] {
    return record.earlyInput
      .splice(0)
      .flatMap((command) => record.body?.input(command.bytes, command.end) ?? []);
  }

  #stop(record: RunRecord): ClientEffect[] {
    if (record.stopping)
      return record.stopped ? [report({ kind: "stopped", run: record.run, leftovers: [] })] : [];
    record.stopping = true;
    record.early = undefined;
    record.earlyInput.length = 0;
    const effects = record.body?.stop() ?? [];
    if (record.body === undefined || record.body.idle()) effects.push({ kind: "stopRun", run: record.run });
    return effects;
  }

  /** Nothing is removed under a process that runs: what was not stopped yet is stopped first. */
  #endRun(record: RunRecord, keep: boolean): ClientEffect[] {
    if (record.stopped) return [{ kind: "cleanRun", run: record.run, keep }];
    record.ending = { keep };
    return this.#stop(record);
  }

  #leave(keep: boolean, reason: string): ClientEffect[] {
    this.#leaving ??= { keep, reason };
    const effects = [...this.#records.values()].flatMap((record) =>
      record.stopping ? [] : this.#stop(record),
    );
    return [...effects, ...this.#leaveWhenIdle()];
  }

  #leaveWhenIdle(): ClientEffect[] {
    if (this.#leaving === undefined || this.#left) return [];
    if ([...this.#records.values()].some((record) => !record.stopped)) return [];
    this.#left = true;
    return [{ kind: "leave", ...this.#leaving }];
  }

  #installed(event: Extract<ClientEvent, { kind: "installed" }>): ClientEffect[] {
    const record = this.#records.get(event.run);
    if (record === undefined || record.stopping) return [];
    const { installed, software, users, failed } = record.preparation;
    installed.set(event.software, { directory: event.directory, alreadyThere: event.alreadyThere });
    if (failed || installed.size < software.length) return [];
    return [{ kind: "makeWork", run: event.run, software, users }];
  }

  #prepareFailed(run: RunId, software: string, step: string, reason: string): ClientEffect[] {
    const record = this.#records.get(run);
    if (record === undefined || record.stopping || record.preparation.failed) return [];
    record.preparation.failed = true;
    return [report({ kind: "prepareFailed", run, software, step, reason })];
  }

  /** Whose run is over waits for no answer: nobody is to be asked for it. */
  #passwordWanted(run: RunId, wrong: boolean): ClientEffect[] {
    const record = this.#records.get(run);
    if (record === undefined || record.stopping) return [{ kind: "password", password: undefined }];
    return [report({ kind: "passwordWanted", run, account: this.#facts.user, wrong })];
  }

  #workReady(run: RunId, directory: string): ClientEffect[] {
    const record = this.#records.get(run);
    if (record === undefined || record.stopping || record.preparation.failed) return [];
    record.workDirectory = directory;
    const installs = [...record.preparation.installed.values()];
    const alreadyThere = installs.filter((install) => install.alreadyThere).length;
    const prepared = report({
      kind: "prepared",
      run,
      installed: installs.length - alreadyThere,
      alreadyThere,
    });
    if (record.early !== undefined) return [{ ...prepared, patient: true }, ...this.#execute(record.early)];
    return [prepared];
  }

  #onProcess(id: string, give: (body: RunOnHost) => ClientEffect[]): ClientEffect[] {
    for (const record of this.#records.values()) {
      const { body } = record;
      if (body?.owns(id) !== true) continue;
      const effects = give(body);
      if (!body.idle()) return effects;
      if (record.stopping) return [...effects, { kind: "stopRun", run: record.run }];
      if (!body.hasEnded) return effects;
      const look: ClientEffect = { kind: "seekLeft", run: record.run };
      // Most processes leave nothing, and then the end of the run follows at once.
      return [...(record.cleansUp ? effects.map(patiently) : effects), look];
    }
    return [];
  }

  /** What `stop` and `endRun` would ask for is done beforehand: it saves the controller the questions. */
  #nothingLeft(run: RunId, printed: boolean): ClientEffect[] {
    const record = this.#records.get(run);
    if (record === undefined || record.stopping) return [];
    record.stopping = true;
    if (record.cleansUp && printed) record.ending = { keep: false };
    return this.#runStopped(run, []);
  }

  #runStopped(run: RunId, leftovers: readonly string[]): ClientEffect[] {
    const record = this.#records.get(run);
    if (record === undefined) return this.#leaveWhenIdle();
    record.stopped = true;
    const stopped = report({ kind: "stopped", run, leftovers });
    const { ending } = record;
    if (ending !== undefined) return [patiently(stopped), { kind: "cleanRun", run, keep: ending.keep }];
    return [stopped, ...this.#leaveWhenIdle()];
  }
}

function report(body: Report): Extract<ClientEffect, { kind: "report" }> {
  return { kind: "report", report: body };
}

function patiently(effect: ClientEffect): ClientEffect {
  return effect.kind === "report" ? { ...effect, patient: true } : effect;
}
