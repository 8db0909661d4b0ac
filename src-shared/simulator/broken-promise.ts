// What the judges of simulated worlds throw.

export class BrokenPromise extends Error {}

export function demand(isKept: boolean, promise: string): asserts isKept {
  if (!isKept) throw new BrokenPromise(promise);
}
