// A world for one run: the real run, a real client core on each host, links that break, and a fleet without ssh.
import { unpackNames } from "../../src-shared/application/packed-names.ts";
import { createRandom } from "../../src-shared/base/random.ts";
import type { HostId } from "../../src-shared/base/ids.ts";
import type { RunEventBody } from "../../src-shared/controller-api/run-events.ts";
import { parseNodeSet } from "../../src-shared/node-set/node-set.ts";
import { TraceHash } from "../../src-shared/simulator/trace-hash.ts";
import { VirtualTime } from "../../src-shared/simulator/virtual-time.ts";
import type { Command, ExecuteCommand } from "../../src-shared/protocol/commands.ts";
import type { Report } from "../../src-shared/protocol/reports.ts";
import type { RunEffect, RunInput } from "../../src-main/controller/run-traffic.ts";
import { Run } from "../../src-main/controller/run.ts";
import { Dice, drawApplication, type RandomApplication } from "./random-application.ts";
import { RunReference } from "./run-reference.ts";
import { executeOf, SimHost } from "./sim-host.ts";

const SECRET = "s3cr3t-value";
const ABSENCE_MS = 60_000;
const LOST_MS = 30_000;
const LEAVE_MS = 30_000;
/** After the run's deadline: stopping, listing, gathering and cleaning up. */
const ENDING_MS_MAX = 200_000;
const LINK_DELAY_MS = 400;
/** By then, all that was under way has arrived. */
const QUIET_MS = 2000;
/** The software's 20 s, and 30 s. */
const PREPARE_MS_MAX = 50_000;

/** Up and down separately: in order, delayed, held while the link is down. */
class Line<Message> {
  readonly #world: { readonly time: VirtualTime; readonly dice: Dice };
  readonly #deliver: (message: Message) => void;
  readonly #held: Message[] = [];
  #lastAt = 0;
  isDown = false;
  isCut = false;

  constructor(
    world: { readonly time: VirtualTime; readonly dice: Dice },
    deliver: (message: Message) => void,
  ) {
    this.#world = world;
    this.#deliver = deliver;
  }

  send(message: Message): void {
    const { time, dice } = this.#world;
    this.#lastAt = Math.max(this.#lastAt, time.now + dice.delayMs(LINK_DELAY_MS));
    time.after(this.#lastAt - time.now, () => {
      if (this.isCut) return;
      if (this.isDown || this.#held.length > 0) this.#held.push(message);
      else this.#deliver(message);
    });
  }

  up(): void {
    this.isDown = false;
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) this.#deliver(next);
  }
}

interface Attached {
  readonly host: HostId;
  readonly client: SimHost;
  readonly down: Line<Command>;
  readonly up: Line<Report>;
  readonly sinceMs: number;
  /** Something happened to its link or its client. */
  faulty: boolean;
  state: "attached" | "orphaned" | "lost" | "leaving";
}

export class RunWorld {
  readonly time = new VirtualTime();
  readonly dice: Dice;
  readonly application: RandomApplication;
  readonly run: Run;
  readonly #reference: RunReference;
  readonly #trace = new TraceHash();
  readonly #hosts = new Map<HostId, Attached>();
  readonly #deploying = new Set<HostId>();
  readonly #givenUp = new Set<HostId>();
  readonly #indexes = new Map<HostId, number>();
  readonly #timers = new Map<string, number>();
  readonly #trouble: number;
  #settings = 0;
  #quietSinceMs = 0;
  ended: Extract<RunEffect, { kind: "ended" }> | undefined;

  constructor(seed: number) {
    this.dice = new Dice(createRandom(seed));
    this.application = drawApplication(this.dice);
    this.#trouble = this.dice.pick([0, 0.02, 0.1, 0.3]);
    const { plan, directory } = this.application;
    this.run = new Run(plan, { directory, preferred: [], keep: false });
    this.#reference = new RunReference(plan);
  }

  get hash(): number {
    return this.#trace.value;
  }

  /** Until the run is over, and then until the last host is clean. */
  play(): void {
    const { deadlineMs } = this.application.plan;
    this.time.after(this.dice.delayMs(200), () => this.#step({ kind: "start" }));
    this.#planOutsiders(deadlineMs);
    this.time.runUntil(deadlineMs + ENDING_MS_MAX);
    if (this.ended === undefined) throw new Error("the run does not end");
    this.#judge(this.ended);
    this.time.runUntil(deadlineMs + ENDING_MS_MAX + 2 * ABSENCE_MS + LEAVE_MS);
    for (const { host, client } of this.#hosts.values()) {
      if (client.alive > 0 || !client.gone) throw new Error(`${host} is not clean`);
    }
  }

  /** People at the keyboard. */
  #planOutsiders(deadlineMs: number): void {
    const { dice } = this;
    if (dice.chance(0.25)) {
      const causes = ["stop", "abort", "interrupt", "interrupt"] as const;
      for (let count = 0; count <= dice.number(2); count += 1) {
        this.#later(dice.delayMs(deadlineMs), () => {
          this.#step({ kind: "end", cause: dice.pick(causes), reason: "by hand" });
        });
      }
    }
    if (dice.chance(0.1)) this.#later(dice.delayMs(60_000), () => this.#step({ kind: "force", name: "red" }));
    if (dice.chance(0.1)) {
      this.#later(dice.delayMs(60_000), () => {
        const member = this.run.members[dice.number(4)];
        if (member !== undefined) this.#step({ kind: "failHost", host: member.host, reason: "by hand" });
      });
    }
  }

  #later(afterMs: number, act: () => void): void {
    this.time.after(afterMs, act);
  }

  #step(input: RunInput): void {
    if (this.ended !== undefined) {
      if (this.run.step(input, this.time.now).length > 0) throw new Error("it goes on after its end");
      return;
    }
    this.#note(`> ${input.kind} ${"host" in input ? input.host : ""}`);
    if (input.kind === "timer" && input.name === "run") this.#isBusy();
    this.#reference.input(input);
    for (const effect of this.run.step(input, this.time.now)) this.#perform(effect);
  }

  #note(text: string): void {
    this.#trace.note(`${String(this.time.now)} ${text}\n`);
  }

  #perform(effect: RunEffect): void {
    if (this.ended !== undefined) throw new Error("the end is not the last");
    switch (effect.kind) {
      case "event": {
        const text = JSON.stringify(effect.body);
        this.#note(text);
        if (text.includes(SECRET)) throw new Error("a secret is told");
        this.#isTrue(effect.body);
        return this.#reference.event(effect.body);
      }
      case "connect":
        for (const host of effect.hosts) this.#connect(host);
        return;
      case "command":
        for (const host of effect.hosts) this.#command(host, effect.command);
        return;
      case "sendSecrets": {
        const { run } = this.application.plan;
        for (const host of effect.hosts)
          this.#command(host, { kind: "secrets", run, values: { token: SECRET } });
        return;
      }
      case "giveUp":
        return this.#giveUp(effect.host);
      case "setTimer":
        return this.#setTimer(effect.name, effect.delayMs);
      case "clearTimer":
        this.#timers.delete(effect.name);
        return;
      case "gather": {
        const problems = [...effect.files.keys()].slice(0, 1).map((host) => ({ host, message: "cut" }));
        return this.#later(this.dice.delayMs(20_000), () => this.#step({ kind: "gathered", problems }));
      }
      case "ended":
        return this.#end(effect);
    }
  }

  /** Only hosts that really hang, or that the network hides, may be said not to answer. */
  #isTrue(event: RunEventBody): void {
    const hosts = hostsOfSilence(event);
    if (hosts === undefined) return;
    const names = parseNodeSet(hosts);
    if (names.kind === "error") throw new Error(names.message);
    for (const name of names.set.names()) {
      const attached = this.#hosts.get(name as HostId);
      if (attached?.client.hangs === false && !attached.faulty)
        throw new Error(`${name} did answer: ${JSON.stringify(event)}`);
    }
  }

  /** When the run's deadline comes, somebody must still have something to do: else it has waited for nothing. */
  #isBusy(): void {
    if (this.time.now - this.#quietSinceMs < QUIET_MS) return;
    for (const member of this.run.members) {
      const attached = this.#hosts.get(member.host);
      if (member.phase === "preparing" && attached !== undefined && !attached.faulty) {
        if (this.time.now - attached.sinceMs > PREPARE_MS_MAX)
          throw new Error(`${member.host} prepares for ever`);
      }
      const fellows = this.run.members.filter(({ component }) => component === member.component);
      const slower = fellows.some(({ phase }) => phase === "connecting" || phase === "preparing");
      if (member.phase === "prepared" && !slower) throw new Error(`${member.host} waits for nobody to start`);
      if (member.phase !== "executing" || attached === undefined || attached.faulty || attached.client.hangs)
        continue;
      this.#isHostBusy(attached);
    }
  }

  #isHostBusy({ host, client }: Attached): void {
    const { reference } = client;
    if (reference === undefined || reference.isBusy) return;
    const { waitsAt } = reference;
    if (waitsAt.length === 0) throw new Error(`${host} has ended and nobody knows`);
    for (const barrier of waitsAt) {
      if (this.#reference.open.has(barrier)) throw new Error(`${host} waits at ${barrier}, which is open`);
      const { components } = this.application.plan.barriers.find(({ name }) => name === barrier)!;
      const others = this.run.members.filter(({ component }) => components.includes(component));
      const mayCome = others.some(
        ({ host: other, phase }) =>
          phase !== "ended" && this.#hosts.get(other)?.client.reference?.waitsAt.includes(barrier) !== true,
      );
      if (!mayCome) throw new Error(`${host} waits at ${barrier}, and nobody else can come`);
    }
  }

  #setTimer(name: string, delayMs: number): void {
    this.#settings += 1;
    const setting = this.#settings;
    this.#timers.set(name, setting);
    this.#later(delayMs, () => {
      if (this.#timers.get(name) !== setting) return;
      this.#timers.delete(name);
      this.#step({ kind: "timer", name });
    });
  }

  #connect(host: HostId): void {
    if (this.#hosts.has(host) || this.#deploying.has(host)) throw new Error(`${host} is connected twice`);
    this.#deploying.add(host);
    this.#later(this.dice.delayMs(8000), () => {
      this.#deploying.delete(host);
      if (this.#givenUp.has(host) || this.ended !== undefined) return;
      if (this.dice.chance(this.#trouble * 0.5)) {
        const failure = { step: "deploy", reason: "refused", unreachable: this.dice.chance(0.5) };
        return this.#step({ kind: "hostNotConnected", host, failure });
      }
      this.#attach(host);
      this.#step({ kind: "hostConnected", host });
    });
  }

  #attach(host: HostId): void {
    const client = new SimHost({
      name: host,
      time: this.time,
      dice: this.dice,
      trouble: this.#trouble,
      sendUp: (report) => {
        client.reference?.said(report);
        attached.up.send(report);
      },
      onLeft: () => {
        this.#note(`${host} has left`);
      },
      trace: (text) => {
        this.#note(text);
      },
    });
    const attached: Attached = {
      host,
      client,
      state: "attached",
      sinceMs: this.time.now,
      faulty: false,
      down: new Line(this, (command) => client.command(command)),
      up: new Line(this, (report) => this.#report(host, report)),
    };
    this.#hosts.set(host, attached);
    if (this.dice.chance(this.#trouble * 2)) {
      const fault = this.dice.pick(["orphan", "orphan", "lose", "kill"] as const);
      this.#later(this.dice.delayMs(60_000), () => this.#fault(attached, fault));
    }
  }

  #report(host: HostId, report: Report): void {
    this.#quietSinceMs = this.time.now;
    this.#step({ kind: "report", host, report });
    // Exactly once is the overlay's business; twice must do no harm all the same.
    if (this.dice.chance(this.#trouble * 0.1)) this.#step({ kind: "report", host, report });
  }

  #fault(attached: Attached, fault: "orphan" | "lose" | "kill"): void {
    const { host, client } = attached;
    if (attached.state !== "attached" || client.gone) return;
    this.#note(`${fault} ${host}`);
    attached.faulty = true;
    attached.state = "orphaned";
    attached.down.isDown = true;
    attached.up.isDown = true;
    this.#step({ kind: "hostOrphaned", host, reason: "reset" });
    if (fault === "orphan") return this.#later(this.dice.number(LOST_MS), () => this.#back(attached));
    if (fault === "kill") client.kill();
    else this.#later(ABSENCE_MS, () => client.abandon());
    this.#later(fault === "kill" ? this.dice.number(LOST_MS) : LOST_MS, () => this.#lost(attached));
  }

  #back(attached: Attached): void {
    if (attached.state !== "orphaned") return;
    attached.state = "attached";
    this.#step({ kind: "hostBack", host: attached.host });
    attached.up.up();
    attached.down.up();
  }

  #lost(attached: Attached): void {
    if (attached.state !== "orphaned") return;
    this.#cut(attached);
    this.#step({ kind: "hostLost", host: attached.host, reason: "silent" });
  }

  #cut(attached: Attached): void {
    attached.state = "lost";
    attached.down.isCut = true;
    attached.up.isCut = true;
  }

  #command(host: HostId, command: Command): void {
    const attached = this.#hosts.get(host);
    if (attached === undefined) throw new Error(`${command.kind} for ${host}, which is not connected`);
    if (this.#givenUp.has(host)) throw new Error(`${command.kind} for ${host}, which was given up`);
    const execute = executeOf(command);
    if (execute !== undefined) this.#hasOwnIndex(host, execute);
    attached.down.send(command);
  }

  /** No two hosts of a component that take part at the same time are told the same place in it. */
  #hasOwnIndex(host: HostId, command: ExecuteCommand): void {
    const { hosts } = command.variables.components.find(({ name }) => name === command.component)!;
    const index = unpackNames(hosts).indexOf(host);
    this.#indexes.set(host, index);
    const fellows = this.run.members.filter(({ component }) => component === command.component);
    const same = fellows.filter((member) => this.#indexes.get(member.host) === index);
    if (index < 0 || same.length !== 1) throw new Error(`${host} has no index of its own`);
  }

  #giveUp(host: HostId): void {
    if (this.#givenUp.has(host)) throw new Error(`${host} is given up twice`);
    this.#givenUp.add(host);
    const attached = this.#hosts.get(host);
    if (attached !== undefined) this.#dismiss(attached);
  }

  /** As the fleet does it: asked to leave where it can be reached; else its keeper or its own clock ends it. */
  #dismiss(attached: Attached): void {
    const { client } = attached;
    if (attached.state === "attached") {
      attached.state = "leaving";
      attached.down.send({ kind: "leave", keep: false });
      return this.#later(LEAVE_MS, () => client.kill());
    }
    const reachable = attached.state === "orphaned" || this.dice.chance(0.5);
    this.#cut(attached);
    this.#later(reachable ? 1000 : ABSENCE_MS, () => {
      if (reachable) client.kill();
      else client.abandon();
    });
    this.#later(ABSENCE_MS + LEAVE_MS, () => client.kill());
  }

  #end(effect: Extract<RunEffect, { kind: "ended" }>): void {
    this.#note(JSON.stringify(effect));
    this.ended = effect;
    if (this.#timers.size > 0) throw new Error(`timers are left: ${[...this.#timers.keys()].join()}`);
    const members = new Set(this.run.members.map((member) => member.host));
    for (const attached of this.#hosts.values()) {
      const { host, client } = attached;
      if (members.has(host) && this.run.member(host)?.gone === false && attached.state === "attached")
        this.#isQuiet(attached);
      if (!this.#givenUp.has(host) && !client.gone) this.#dismiss(attached);
    }
  }

  /** Whoever said that it had stopped has nothing running. */
  #isQuiet({ host, client }: Attached): void {
    if (client.alive > 0) this.#note(`${host} was not waited for`);
  }

  #judge({ verdict, hosts, end }: Extract<RunEffect, { kind: "ended" }>): void {
    const { exitCode } = this.#reference;
    if (verdict.exitCode !== exitCode) {
      throw new Error(
        `exit code ${String(verdict.exitCode)} (${verdict.reason}), and ${String(exitCode)} is right`,
      );
    }
    if ((end === "finished") !== (exitCode === 0)) throw new Error(`${end} with ${String(exitCode)}`);
    const all = [...hosts.succeeded, ...hosts.failed, ...hosts.unreachable, ...hosts.replaced];
    if (new Set(all).size < all.length) throw new Error(`a host is told twice: ${JSON.stringify(hosts)}`);
    if (exitCode === 0 && !this.#reference.cutShort) this.#isAllDone();
  }

  #isAllDone(): void {
    for (const { host, component } of this.run.members) {
      const { servicesOnly } = this.application.plan.components.find(({ name }) => name === component)!;
      const done = this.#hosts.get(host)?.client.reference?.allWell === true;
      if (!done && !servicesOnly) throw new Error(`0, and ${host} has not done all its work`);
    }
  }
}

function hostsOfSilence(event: RunEventBody): string | undefined {
  if (event.event === "problem" && event.message === "no answer within the time allowed") return event.hosts;
  const late =
    event.event === "host" && event.reason === "no answer within the time that its software is given";
  return late ? event.host : undefined;
}
