// A simulated program on a host of its own: does one thing at a time, each of which takes its time on the processor;
// has timers; can stand still (SIGSTOP, garbage collection) and end.
import type { SimulatedCosts } from "./simulated-costs.ts";
import type { VirtualProcessors } from "./virtual-processors.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** As the lag monitor of the real shells: it looks every 250 ms, and tells a lateness of as much again. */
const LAG_MS_MIN = 250;
/** So much of a standstill it takes for its own interval, on average. */
const LAG_MS_MISSED = 125;

interface Work {
  readonly costMs: number;
  readonly act: () => void;
  /** The timer that came due, and when. */
  readonly timer: string | undefined;
  readonly due: number;
}

interface Timer {
  deadline: number;
  /** The earliest planned look at it; a timer that is set anew again and again is planned only once. */
  planned: number;
}

export class VirtualNode {
  readonly #time: VirtualTime;
  readonly #costs: SimulatedCosts;
  readonly #processors: VirtualProcessors | undefined;
  readonly #onTimer: (name: string) => void;
  readonly #onLag: (ms: number) => void;
  readonly #timers = new Map<string, Timer>();
  #queue: Work[] = [];
  #taken = 0;
  #drainPlanned = false;
  /** Nothing was under way when the first of the queue came. */
  #slept = false;
  #pausedSince: number | undefined;
  #dead = false;
  /** A standstill up to here is no news any more. */
  #lagTold = 0;
  /** How far the work under way has got: what it sends starts then. */
  cursor = 0;
  /** Processor time used so far. */
  usedMs = 0;
  /** Handshakes that wait for the processor. */
  handshakes = 0;

  constructor(parts: {
    readonly time: VirtualTime;
    readonly costs: SimulatedCosts;
    /** Shared with other programs; undefined: one of its own. */
    readonly processors: VirtualProcessors | undefined;
    onTimer(name: string): void;
    onLag(ms: number): void;
  }) {
    this.#time = parts.time;
    this.#costs = parts.costs;
    this.#processors = parts.processors;
    this.#onTimer = (name) => parts.onTimer(name);
    this.#onLag = (ms) => parts.onLag(ms);
  }

  get isDead(): boolean {
    return this.#dead;
  }

  get isPaused(): boolean {
    return this.#pausedSince !== undefined;
  }

  give(costMs: number, act: () => void): void {
    if (this.#dead) return;
    this.#take({ costMs, act, timer: undefined, due: 0 });
  }

  /** More work within what is under way. */
  spend(ms: number): void {
    this.cursor += ms;
    this.usedMs += ms;
  }

  setTimer(name: string, delayMs: number): void {
    const deadline = this.#time.now + Math.max(0, delayMs);
    const timer = this.#timers.get(name);
    if (timer === undefined) {
      const made = { deadline, planned: deadline };
      this.#timers.set(name, made);
      this.#plan(name, made);
      return;
    }
    timer.deadline = deadline;
    if (deadline >= timer.planned) return;
    timer.planned = deadline;
    this.#plan(name, timer);
  }

  clearTimer(name: string): void {
    const timer = this.#timers.get(name);
    if (timer !== undefined) timer.deadline = Infinity;
  }

  pause(ms: number): void {
    if (this.#pausedSince !== undefined || this.#dead) return;
    this.#pausedSince = this.#time.now;
    this.#time.after(ms, () => this.resume());
  }

  kill(): void {
    this.#dead = true;
    this.#timers.clear();
    this.#queue = [];
    this.#taken = 0;
  }

  #plan(name: string, timer: Timer): void {
    const at = timer.planned;
    this.#time.after(at - this.#time.now, () => {
      if (this.#dead || timer.planned !== at) return;
      timer.planned = Infinity;
      if (timer.deadline > at) {
        if (timer.deadline === Infinity) return;
        timer.planned = timer.deadline;
        return this.#plan(name, timer);
      }
      this.#take({ costMs: this.#costs.timerMs, act: nothing, timer: name, due: at });
    });
  }

  #take(work: Work): void {
    const { now } = this.#time;
    const sleeps =
      this.#pausedSince === undefined && this.#taken === this.#queue.length && this.cursor <= now;
    if (sleeps && this.#processors === undefined) {
      this.#wake(now);
      return this.#run(work);
    }
    if (sleeps && !this.#drainPlanned) this.#slept = true;
    this.#queue.push(work);
    this.#planDrain();
  }

  #wake(now: number): void {
    this.cursor = now + this.#costs.wakeMs;
    this.usedMs += this.#costs.wakeMs;
  }

  #planDrain(): void {
    if (this.#drainPlanned || this.#pausedSince !== undefined) return;
    this.#drainPlanned = true;
    this.#time.after(this.cursor - this.#time.now, () => {
      if (this.#processors === undefined) this.#drainOne();
      else this.#processors.give(() => this.#drainOne());
    });
  }

  /** Returns until when it has the processor. */
  #drainOne(): number {
    const { now } = this.#time;
    this.#drainPlanned = false;
    if (this.#dead || this.#pausedSince !== undefined) return now;
    const work = this.#queue[this.#taken];
    if (work === undefined) return now;
    this.#taken += 1;
    if (this.#taken === this.#queue.length) {
      this.#queue = [];
      this.#taken = 0;
    }
    if (this.#slept) this.#wake(now);
    else this.cursor = Math.max(this.cursor, now);
    this.#slept = false;
    this.#run(work);
    if (this.#taken < this.#queue.length) this.#planDrain();
    return this.cursor;
  }

  #run(work: Work): void {
    this.spend(work.costMs);
    if (work.timer === undefined) return work.act();
    const timer = this.#timers.get(work.timer);
    if (timer === undefined || timer.deadline > work.due) return;
    timer.deadline = Infinity;
    this.#tellLag(work.due);
    if (!this.#dead) this.#onTimer(work.timer);
  }

  resume(): void {
    if (this.#pausedSince === undefined || this.#dead) return;
    const since = this.#pausedSince;
    this.#pausedSince = undefined;
    this.cursor = Math.max(this.cursor, this.#time.now);
    // As in the real shells: the standstill is told before any timer that came due in it. Timers go before what came
    // over links meanwhile: the harder of the two orders that the event loop knows.
    this.#tellLag(since);
    const waiting = this.#queue.slice(this.#taken);
    this.#queue = [
      ...waiting.filter(({ timer }) => timer !== undefined),
      ...waiting.filter(({ timer }) => timer === undefined),
    ];
    this.#taken = 0;
    if (this.#queue.length > 0) this.#planDrain();
  }

  #tellLag(since: number): void {
    const { now } = this.#time;
    const ms = now - Math.max(since, this.#lagTold) - LAG_MS_MISSED;
    if (this.#dead || ms < LAG_MS_MIN) return;
    this.#lagTold = now;
    this.#onLag(ms);
  }
}

function nothing(): void {
  // A timer's work is done by its name.
}
