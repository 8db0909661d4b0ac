// Whose turn it is on the terminal: while a person is being asked, nothing else writes there.

export interface TerminalTurn {
  readonly isTaken: boolean;
  /** Returns what gives the turn back. */
  take(): () => void;
  /** Called when it is taken, before the question is written, and when it is given back. */
  onChange(listener: (isTaken: boolean) => void): () => void;
}

export function createTerminalTurn(): TerminalTurn {
  const listeners = new Set<(isTaken: boolean) => void>();
  // The next question may come before the one before has given its turn back.
  let takers = 0;
  const change = (by: 1 | -1): void => {
    const before = takers > 0;
    takers += by;
    const after = takers > 0;
    if (before !== after) for (const listener of [...listeners]) listener(after);
  };
  return {
    get isTaken() {
      return takers > 0;
    },
    take() {
      change(1);
      return () => change(-1);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
