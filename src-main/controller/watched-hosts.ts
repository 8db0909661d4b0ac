// Hosts that somebody looks at are measured more often, for as long as they are asked for again and again. Pure.
import type { HostId } from "#shared/base/ids.ts";

/** What is looked at changes before one's eyes. */
export const WATCHED_MS = 2000;
/** Whoever looks asks again before half of it is over; a window that was closed costs no longer. */
export const WATCH_MS = 60_000;

export class WatchedHosts {
  readonly #until = new Map<HostId, number>();

  /** Those that are to be told (again). */
  due(hosts: readonly HostId[], now: number): readonly HostId[] {
    for (const [host, until] of this.#until) if (until <= now) this.#until.delete(host);
    const due = hosts.filter((host) => (this.#until.get(host) ?? 0) < now + WATCH_MS / 2);
    for (const host of due) this.#until.set(host, now + WATCH_MS);
    return due;
  }

  /** Its client is gone; the next one knows nothing. */
  forget(host: HostId): void {
    this.#until.delete(host);
  }
}
