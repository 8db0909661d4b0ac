// A host of the simulated world: a real client core, its processes as the dice decide, and what it may not do.
import type { RunId } from "../../src-shared/base/ids.ts";
import type { VirtualTime } from "../../src-shared/simulator/virtual-time.ts";
import { VirtualProcess } from "../../src-shared/simulator/virtual-process.ts";
import type { Command, ExecuteCommand } from "../../src-shared/protocol/commands.ts";
import type { Report } from "../../src-shared/protocol/reports.ts";
import { ClientCore } from "../../src-client/core/client-core.ts";
import type { ClientEffect, ClientEvent, ProcessRequest } from "../../src-client/core/client-events.ts";
import type { Dice } from "./random-application.ts";
import { HostReference } from "./host-reference.ts";

export interface HostParts {
  readonly name: string;
  readonly time: VirtualTime;
  readonly dice: Dice;
  /** Share of things that go wrong. */
  readonly trouble: number;
  readonly sendUp: (report: Report) => void;
  readonly onLeft: () => void;
  readonly trace: (text: string) => void;
}

const USAGE = { wallMs: 1, cpuMs: undefined, memoryBytesMax: undefined };
const NOTHING = { stdout: 0, stderr: 0 };

export class SimHost {
  readonly #parts: HostParts;
  readonly #core: ClientCore;
  readonly #process: VirtualProcess<ClientEvent>;
  /** Processes that are there, with whether they are on their way out. */
  readonly #alive = new Map<string, { ending: boolean }>();
  reference: HostReference | undefined;
  #stopped = false;
  executed = 0;
  gone = false;
  /** Something on it did not answer: what others say of that is true. */
  hangs = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
    const { name, time } = parts;
    this.#core = new ClientCore({
      host: name,
      address: name,
      site: "",
      user: "u",
      directory: "/d",
      node: "/n",
    });
    this.#process = new VirtualProcess<ClientEvent>({
      time,
      handle: (event) => this.#step(event),
      lagged: () => ({ kind: "timer", name: "lagged" }),
      timer: (timer) => ({ kind: "timer", name: timer }),
    });
  }

  get alive(): number {
    return this.#alive.size;
  }

  command(command: Command): void {
    if (this.gone) return;
    const execute = executeOf(command);
    if (execute !== undefined) this.#executing(execute);
    if (command.kind === "stop" || command.kind === "leave" || command.kind === "endRun")
      this.#stopped = true;
    if (command.kind === "release") this.reference?.released(command.barrier);
    this.#process.give({ kind: "command", command });
  }

  abandon(): void {
    if (this.gone) return;
    this.#stopped = true;
    this.#process.give({ kind: "abandoned", reason: "no controller" });
  }

  /** The client and all that it started end at once: its keeper sees to that. */
  kill(): void {
    this.gone = true;
    this.#process.kill();
    this.#alive.clear();
  }

  #executing(command: ExecuteCommand): void {
    this.executed += 1;
    if (this.executed > 1) throw new Error(`${this.#parts.name} was told to execute twice`);
    if (!this.#stopped) this.reference = new HostReference(command);
  }

  #step(event: ClientEvent): void {
    this.#parts.trace(`${this.#parts.name} ${event.kind === "command" ? event.command.kind : event.kind}`);
    for (const effect of this.#core.step(event)) this.#perform(effect);
  }

  #after(maxMs: number, event: ClientEvent): void {
    const { time, dice } = this.#parts;
    time.after(dice.delayMs(maxMs), () => this.#process.give(event));
  }

  #goesWrong(share = 1): boolean {
    return this.#parts.dice.chance(this.#parts.trouble * share);
  }

  #hangsNow(share: number): boolean {
    const hangs = this.#goesWrong(share);
    this.hangs ||= hangs;
    return hangs;
  }

  #perform(effect: ClientEffect): void {
    switch (effect.kind) {
      case "report":
        return this.#parts.sendUp(effect.report);
      case "install":
        return this.#install(effect.run, effect.software.name);
      case "makeWork": {
        if (this.#hangsNow(0.3)) return;
        const { run } = effect;
        if (this.#goesWrong(0.3))
          return this.#after(500, { kind: "workFailed", run, step: "make", reason: "disk full" });
        return this.#after(500, { kind: "workReady", run, directory: "/d/w" });
      }
      case "password":
        return; // nobody here becomes somebody else
      case "spawn":
        return this.#spawn(effect.request);
      case "seekLeft":
        if (this.#alive.size > 0)
          throw new Error(`${this.#parts.name} looks for what is left and still runs`);
        // Else something is left, and the end of the run has to ask.
        if (this.#parts.dice.chance(0.5)) {
          const printed = this.#parts.dice.chance(0.5);
          this.#after(100, { kind: "nothingLeft", run: effect.run, printed });
        }
        return;
      case "stopProcess":
        return this.#stopProcess(effect.process, effect.graceMs);
      case "probe":
        return this.#after(800, {
          kind: "probed",
          process: effect.process,
          healthy: !this.#goesWrong(2),
          detail: "d",
        });
      case "setTimer":
        return this.#process.setTimer(effect.name, effect.delayMs);
      case "clearTimer":
        return this.#process.clearTimer(effect.name);
      case "stopRun":
        if (this.#alive.size > 0) throw new Error(`${this.#parts.name} says that it is idle and is not`);
        if (this.#hangsNow(0.2)) return;
        return this.#after(300, {
          kind: "runStopped",
          run: effect.run,
          leftovers: this.#goesWrong(0.2) ? ["x"] : [],
        });
      case "collect": {
        if (this.#hangsNow(0.2)) return;
        const files = [{ index: 0, path: "out", size: 1, mode: 0o644 }];
        return this.#after(500, { kind: "collectable", run: effect.run, files, problems: [] });
      }
      case "cleanRun":
        if (this.#alive.size > 0) throw new Error(`${this.#parts.name} cleans up under running processes`);
        if (this.#hangsNow(0.2)) return;
        return this.#after(500, { kind: "runCleaned", run: effect.run, problems: [] });
      case "leave":
        if (this.#alive.size > 0) throw new Error(`${this.#parts.name} leaves running processes behind`);
        this.kill();
        return this.#parts.onLeft();
      case "input":
      case "allowAbsence":
      case "addresses":
      case "measure":
        return;
    }
  }

  #install(run: RunId, software: string): void {
    if (this.#hangsNow(0.3)) return;
    if (this.#goesWrong(0.5))
      return this.#after(3000, { kind: "installFailed", run, software, step: "fetch", reason: "404" });
    this.#after(3000, { kind: "installed", run, software, directory: "/d/s", alreadyThere: false });
  }

  #spawn(request: ProcessRequest): void {
    const { id } = request;
    if (this.#stopped) throw new Error(`${this.#parts.name} starts ${id} after it was told to stop`);
    this.reference?.spawned(request.block, request.attempt);
    const { time, dice } = this.#parts;
    time.after(dice.delayMs(100), () => {
      if (this.gone) return;
      if (this.#goesWrong(0.3)) {
        this.#process.give({ kind: "notStarted", process: id, step: "start", reason: "ENOENT" });
        return;
      }
      this.#alive.set(id, { ending: false });
      this.#process.give({ kind: "started", process: id, pid: 1 });
      const isService = this.reference?.isService(request.block) === true;
      if (isService ? this.#goesWrong(2) : !this.#goesWrong(0.5)) {
        time.after(dice.delayMs(isService ? 60_000 : 8000), () => this.#endByItself(id));
      }
    });
  }

  #endByItself(id: string): void {
    const { dice } = this.#parts;
    if (!this.#goesWrong(2)) return this.#exit(id, 0, undefined);
    if (dice.chance(0.3)) return this.#exit(id, undefined, "SIGSEGV");
    this.#exit(id, dice.pick([1, 3, 77]), undefined);
  }

  #stopProcess(id: string, graceMs: number): void {
    const { time, dice } = this.#parts;
    const process = this.#alive.get(id);
    if (process === undefined || process.ending) return;
    process.ending = true;
    const killed = this.#goesWrong(1);
    const afterMs = killed ? graceMs : dice.delayMs(graceMs);
    time.after(afterMs, () => {
      if (dice.chance(0.2)) this.#exit(id, 0, undefined);
      else this.#exit(id, undefined, killed ? "SIGKILL" : "SIGTERM");
    });
  }

  #exit(process: string, status: number | undefined, signal: string | undefined): void {
    if (this.gone || !this.#alive.delete(process)) return;
    this.#process.give({ kind: "exited", process, status, signal, usage: USAGE, outputEnd: NOTHING });
  }
}

/** Alone, or with the preparation that it follows at once. */
export function executeOf(command: Command): ExecuteCommand | undefined {
  if (command.kind === "prepare") return command.execute;
  return command.kind === "execute" ? command : undefined;
}
