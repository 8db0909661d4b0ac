// What first contact would take on hosts with processors of their own: a model, from processor time that was measured.

export interface Cost {
  readonly hereMs: number;
  readonly hostsMs: number;
}

/**
 * All hosts work at the same time, so one host's share of their side is waited for; this side's adds up, over all
 * processors for a program that starts many, over one for ours (whose other threads are counted as if they were that
 * one). Round trips are left out, and so is waiting for a line that is full.
 */
export function wallOnOwnProcessors({ hereMs, hostsMs }: Cost, hosts: number, processors: number): number {
  return hereMs / processors + hostsMs / hosts;
}
