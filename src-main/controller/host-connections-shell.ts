// Hosts that a person connects and disconnects by hand; they stay connected when runs end.
import type { HostId } from "#shared/base/ids.ts";
import type { ActionResult } from "#shared/controller-api/controller-api.ts";
import { DEFAULTS } from "#shared/application/application-limits.ts";
import { foldNames } from "#shared/node-set/node-set.ts";
import { entriesOf, type ResourceDirectory } from "#shared/resource-directory/resource-directory.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { chooseHosts } from "./command-plan.ts";

type Settle = (failure: string | undefined) => void;

export interface HostConnectionsParts {
  readonly fleet: () => Fleet;
  readonly directory: () => ResourceDirectory | undefined;
  readonly isBusy: (host: HostId) => boolean;
  readonly forget: (host: HostId) => Promise<void>;
}

export class HostConnections {
  readonly #parts: HostConnectionsParts;
  readonly #pinned = new Set<HostId>();
  readonly #waits = new Map<HostId, Settle[]>();

  constructor(parts: HostConnectionsParts) {
    this.#parts = parts;
  }

  isPinned(host: HostId): boolean {
    return this.#pinned.has(host);
  }

  unpin(host: HostId): void {
    this.#pinned.delete(host);
  }

  /** Told by the fleet; `failure` undefined = it is connected. */
  settle(host: HostId, failure: string | undefined): void {
    const waits = this.#waits.get(host) ?? [];
    this.#waits.delete(host);
    for (const done of waits) done(failure);
  }

  async connect(wanted: string | undefined, fanout: number): Promise<ActionResult> {
    const directory = this.#parts.directory();
    if (directory === undefined) return refused("no resource directory is loaded");
    const choice = chooseHosts(directory, { hosts: wanted, group: undefined, exclude: undefined });
    if (choice.kind === "refused") return refused(choice.message);
    const { hosts } = choice;
    const settled = hosts.map(async (host) => ({ host, failure: await this.#wait(host) }));
    for (const host of hosts) this.#pinned.add(host);
    const { controllerAbsenceMs } = DEFAULTS;
    this.#parts.fleet().connect(entriesOf(directory, hosts), { fanout, controllerAbsenceMs });
    const all = await Promise.all(settled);
    const failed = all.filter((one) => one.failure !== undefined);
    for (const { host } of failed) this.#pinned.delete(host);
    if (failed.length === 0) return { kind: "done", message: `connected: ${foldNames(hosts)}` };
    const reasons = new Map<string, HostId[]>();
    for (const { host, failure = "" } of failed)
      reasons.set(failure, [...(reasons.get(failure) ?? []), host]);
    const words = [...reasons].map(([reason, names]) => `${foldNames(names)}: ${reason}`);
    return refused(
      [`${String(all.length - failed.length)} of ${String(all.length)} connected`, ...words].join("; "),
    );
  }

  async disconnect(wanted: string | undefined, keep: boolean): Promise<ActionResult> {
    const directory = this.#parts.directory();
    const connected = this.#parts.fleet().connected();
    const all = { kind: "chosen", hosts: connected } as const;
    const choice =
      wanted === undefined || directory === undefined
        ? all
        : chooseHosts(directory, { hosts: wanted, group: undefined, exclude: undefined });
    if (choice.kind === "refused") return refused(choice.message);
    const busy = choice.hosts.filter((host) => this.#parts.isBusy(host));
    if (busy.length > 0) return refused(`a run is going on on ${foldNames(busy)}; abort it first`);
    const going = choice.hosts.filter((host) => connected.includes(host));
    for (const host of going) this.#pinned.delete(host);
    const problems = await this.#parts.fleet().disconnect(going, keep);
    await Promise.all(going.map((host) => this.#parts.forget(host)));
    const texts = [...problems].map(([host, list]) => `${host}: ${list.join(", ")}`);
    if (texts.length > 0) return refused(texts.join("; "));
    return {
      kind: "done",
      message: going.length === 0 ? "no host was connected" : `disconnected: ${foldNames(going)}`,
    };
  }

  #wait(host: HostId): Promise<string | undefined> {
    return new Promise((done) => {
      this.#waits.set(host, [...(this.#waits.get(host) ?? []), done]);
    });
  }
}

function refused(message: string): ActionResult {
  return { kind: "refused", message };
}
