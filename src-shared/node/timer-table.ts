// Real timers by name, as the pure cores ask for them.

export interface TimerTable {
  /** Replaces a timer of the same name. */
  set(name: string, delayMs: number): void;
  clear(name: string): void;
  clearAll(): void;
}

export function createTimerTable(onTimer: (name: string) => void): TimerTable {
  const timers = new Map<string, NodeJS.Timeout>();
  function clear(name: string): void {
    clearTimeout(timers.get(name));
    timers.delete(name);
  }
  return {
    set(name, delayMs) {
      clear(name);
      const fire = (): void => {
        timers.delete(name);
        onTimer(name);
      };
      // Rounded up: a timer that comes early would only be set again.
      timers.set(name, setTimeout(fire, Math.ceil(delayMs)));
    },
    clear,
    clearAll: () => {
      for (const name of [...timers.keys()]) clear(name);
    },
  };
}
