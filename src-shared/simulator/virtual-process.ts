// A simulated program: takes its events one by one, and can stand still for a while (SIGSTOP, garbage collection).
import type { VirtualTime } from "./virtual-time.ts";

export class VirtualProcess<Event> {
  readonly #time: VirtualTime;
  readonly #handle: (event: Event) => void;
  readonly #lagged: (ms: number) => Event;
  readonly #timerEvent: (name: string) => Event;
  /** The newest setting of each timer: an older one that comes due does nothing. */
  readonly #timers = new Map<string, number>();
  #settings = 0;
  #waiting: Event[] = [];
  #pausedSince: number | undefined;
  #dead = false;

  constructor(parts: {
    readonly time: VirtualTime;
    handle(event: Event): void;
    lagged(ms: number): Event;
    timer(name: string): Event;
  }) {
    this.#time = parts.time;
    this.#handle = (event) => parts.handle(event);
    this.#lagged = (ms) => parts.lagged(ms);
    this.#timerEvent = (name) => parts.timer(name);
  }

  get isDead(): boolean {
    return this.#dead;
  }

  give(event: Event): void {
    if (this.#dead) return;
    if (this.#pausedSince === undefined) this.#handle(event);
    else this.#waiting.push(event);
  }

  setTimer(name: string, delayMs: number): void {
    this.#settings += 1;
    const setting = this.#settings;
    this.#timers.set(name, setting);
    this.#time.after(delayMs, () => {
      if (this.#timers.get(name) !== setting) return;
      this.#timers.delete(name);
      this.give(this.#timerEvent(name));
    });
  }

  clearTimer(name: string): void {
    this.#timers.delete(name);
  }

  pause(ms: number): void {
    if (this.#pausedSince !== undefined || this.#dead) return;
    this.#pausedSince = this.#time.now;
    this.#time.after(ms, () => this.#resume());
  }

  kill(): void {
    this.#dead = true;
    this.#timers.clear();
    this.#waiting = [];
  }

  #resume(): void {
    if (this.#pausedSince === undefined || this.#dead) return;
    const lagged = this.#lagged(this.#time.now - this.#pausedSince);
    const waiting = this.#waiting;
    this.#pausedSince = undefined;
    this.#waiting = [];
    // As in the real shells: the standstill is told before any timer that came due in it.
    this.give(lagged);
    for (const event of waiting) this.give(event);
  }
}
