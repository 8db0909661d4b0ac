// A controller whose hosts never rest: so many of them change their state each second, told to windows as a real run's are.
import type { ControllerApi, HostView, MeshView } from "../../src-shared/controller-api/controller-api.ts";
import type { HostState, RunEvent } from "../../src-shared/controller-api/run-events.ts";
import { createRandom } from "../../src-shared/base/random.ts";

const STATES: readonly HostState[] = ["executing", "finished", "idle", "preparing node", "failed"];
const EVENT_STATES = ["started", "exited"] as const;
/** Children of a node of the tree that is shown. */
const DEGREE = 32;
/** As often as windows look. */
const TICK_MS = 100;
/** Of the changes of a second so many are a host that moves in the tree: as when a busy node is lost now and then. */
const MOVES_PER_SECOND = 5;

type Member = MeshView["members"][number];

/** The real one, but for what `hosts`, `mesh` and `subscribe` say. */
export function createRestlessApi(real: ControllerApi, changesPerSecond: number): ControllerApi {
  const restless = new RestlessHosts(real, changesPerSecond);
  return new Proxy(real, {
    get(target, name) {
      if (name === "hosts") return () => restless.hosts;
      if (name === "mesh") return () => restless.mesh();
      if (name === "subscribe") return (listener: (event: RunEvent) => void) => restless.subscribe(listener);
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
}

class RestlessHosts {
  readonly #real: ControllerApi;
  readonly #changesPerTick: number;
  readonly #random = createRandom(1);
  readonly #listeners = new Set<(event: RunEvent) => void>();
  hosts: HostView[] = [];
  #members: Member[] = [];
  #moves = 0;

  constructor(real: ControllerApi, changesPerSecond: number) {
    this.#real = real;
    this.#changesPerTick = Math.round((changesPerSecond * TICK_MS) / 1000);
    setInterval(() => this.#tick(), TICK_MS).unref();
  }

  mesh(): MeshView {
    return { ...this.#real.mesh(), overlay: "rand-tree", members: this.#members };
  }

  subscribe(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tick(): void {
    if (this.hosts.length === 0) this.#begin();
    const time = new Date().toISOString();
    for (let change = 0; change < this.#changesPerTick; change += 1) {
      const place = Math.floor(this.#random() * this.hosts.length);
      const host = this.hosts[place];
      if (host === undefined) return;
      const state = STATES[Math.floor(this.#random() * STATES.length)] ?? "idle";
      this.hosts[place] = { ...host, state, sinceMs: 1 };
      const what = EVENT_STATES[place % EVENT_STATES.length] ?? "started";
      const common = { time, run: "bench", host: host.host, process: "crawl", block: "cb1.p1", attempt: 1 };
      const event = { ...common, event: "process", state: what, pid: 1000 + place } as unknown as RunEvent;
      for (const listener of this.#listeners) listener(event);
    }
    this.#moves += (MOVES_PER_SECOND * TICK_MS) / 1000;
    for (; this.#moves >= 1; this.#moves -= 1) this.#move();
  }

  #begin(): void {
    this.hosts = this.#real.hosts().map((host) => ({ ...host, state: "executing", sinceMs: 1 }));
    this.#members = this.hosts.map(({ host }, place): Member => {
      const above = place < DEGREE ? undefined : this.hosts[Math.floor(place / DEGREE) - 1];
      return {
        host: host as Member["host"],
        incarnation: 1,
        rank: place + 1,
        state: "attached",
        sinceMs: 1,
        parent: (above?.host ?? "controller") as Member["parent"],
        depth: depthOf(place),
        pendingCommands: 0,
        way: undefined,
      };
    });
  }

  /** A leaf hangs below another node of the upper levels. */
  #move(): void {
    const inner = Math.max(1, Math.floor(this.hosts.length / DEGREE));
    const place = inner + Math.floor(this.#random() * (this.hosts.length - inner));
    const below = Math.floor(this.#random() * inner);
    const member = this.#members[place];
    const parent = this.hosts[below]?.host as Member["parent"];
    if (member !== undefined) this.#members[place] = { ...member, parent, depth: depthOf(below) + 1 };
  }
}

function depthOf(place: number): number {
  let depth = 1;
  for (let at = place; at >= DEGREE; at = Math.floor(at / DEGREE) - 1) depth += 1;
  return depth;
}
