// Simulated hosts: no machines, but the cores of real clients in a thread of this program, in a simulated network.
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { HostId } from "#shared/base/ids.ts";
import type { HostCheck } from "#shared/controller-api/host-tests.ts";
import type { LinkId } from "#shared/overlay/overlay.ts";
import type { ClientCredentials } from "#shared/protocol/credentials.ts";
import type { FromSimulated, SimulatedStart, ToSimulated } from "#shared/protocol/simulation-words.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import type { Deployment, DeployResult, StartedClient, StartOptions } from "./deployment.ts";
import { SimulatedStream } from "./simulated-stream.ts";
import { wordsOf } from "./words-of.ts";

export interface SimulatedParts {
  /** Takes the stream as a link of this host, which is known to be its. */
  readonly attach: (stream: SimulatedStream, host: HostId) => void;
  readonly log: (text: string) => void;
}

export interface SimulatedSettings {
  /** The bundled program of the thread. */
  readonly program: string;
}

/** A client in the thread, from the order to start it until it has ended. */
interface SimulatedClient {
  readonly incarnation: number;
  readonly started: () => void;
  readonly ended: (how: string) => void;
}

const CHECK: HostCheck = {
  step: "simulated",
  outcome: "ok",
  detail: "a simulated host: there is no machine",
  remedy: "",
  unreachable: false,
};

export function createSimulatedDeployment(parts: SimulatedParts, settings: SimulatedSettings): Deployment {
  const thread = new SimulatedThread(parts, settings);
  return {
    isElsewhere: false,
    needsCertificates: false,
    start: (host, credentials, options) => thread.start(host, credentials, options),
    test: () => Promise.resolve([CHECK]),
    cleanUp: () => Promise.resolve([]),
    close: () => thread.close(),
  };
}

class SimulatedThread {
  readonly #parts: SimulatedParts;
  readonly #settings: SimulatedSettings;
  readonly #clients = new Map<HostId, SimulatedClient>();
  readonly #streams = new Map<LinkId, SimulatedStream>();
  #worker: Worker | undefined;
  /** To be said at the end of this turn, together. */
  #said: ToSimulated[] = [];

  constructor(parts: SimulatedParts, settings: SimulatedSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** Resolves when the thread has taken it: then others may be contacted, whatever the network does with it. */
  start(entry: HostEntry, credentials: ClientCredentials, options: StartOptions): Promise<DeployResult> {
    const { program } = this.#settings;
    const { simulation } = entry;
    if (!existsSync(program)) return Promise.resolve(notStarted(`there is no ${program}`));
    if (simulation === undefined) return Promise.resolve(notStarted("the directory says nothing of it"));
    const { host, incarnation } = credentials;
    const { manager, seed, failuresPerHour } = simulation;
    const { ca: _ca, certificate: _certificate, key: _key, ...overlay } = credentials;
    const start: SimulatedStart = {
      credentials: overlay,
      address: entry.address,
      site: entry.site ?? "",
      place: placeOf(entry),
      simulation: { manager, seed, failuresPerHour },
    };
    let end: (how: string) => void = () => undefined;
    const ended = new Promise<string>((resolve) => {
      end = resolve;
    });
    const kill = (): void => this.#say({ kind: "end", host, incarnation });
    const client: StartedClient = { ended, kill, ways: [], unreached: new Promise(() => undefined) };
    return new Promise((resolve) => {
      this.#clients.set(host, {
        incarnation,
        started: () => {
          options.giveWay();
          resolve({ kind: "started", client });
        },
        ended: (how) => {
          end(`the simulated client ${how}`);
          resolve(notStarted(how));
        },
      });
      this.#say({ kind: "start", start });
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #say(message: ToSimulated): void {
    this.#said.push(message);
    if (this.#said.length > 1) return;
    setImmediate(() => {
      const said = this.#said;
      this.#said = [];
      this.#running().postMessage(said);
    });
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#settings.program, { env: {}, execArgv: [], name: "simulated hosts" });
    worker.on("message", (messages: readonly FromSimulated[]) => {
      for (const message of messages) this.#hear(message);
    });
    worker.on("error", (error) => this.#broken(worker, wordsOf(error)));
    worker.on("exit", () => this.#broken(worker, "its thread has ended"));
    this.#worker = worker;
    return worker;
  }

  #hear(message: FromSimulated): void {
    switch (message.kind) {
      case "started":
        return this.#clientOf(message)?.started();
      case "dialled":
        return this.#dialled(message);
      case "bytes":
        return this.#streams.get(message.link)?.arrived(message.bytes);
      case "taken":
        return this.#streams.get(message.link)?.taken();
      case "closed":
        this.#streams.get(message.link)?.ended();
        return void this.#streams.delete(message.link);
      case "ended": {
        const client = this.#clientOf(message);
        if (client === undefined) return;
        this.#clients.delete(message.host);
        return client.ended(message.how);
      }
    }
  }

  #dialled({ link, host, incarnation }: Extract<FromSimulated, { kind: "dialled" }>): void {
    const stream = new SimulatedStream({
      send: (bytes) => this.#say({ kind: "bytes", link, bytes }),
      close: () => {
        if (this.#streams.delete(link)) this.#say({ kind: "closed", link });
      },
    });
    this.#streams.set(link, stream);
    // The link of an older client must not pass for one of the newest.
    if (this.#clientOf({ host, incarnation }) === undefined) stream.destroy();
    else this.#parts.attach(stream, host);
  }

  #clientOf(of: { readonly host: HostId; readonly incarnation: number }): SimulatedClient | undefined {
    const client = this.#clients.get(of.host);
    return client?.incarnation === of.incarnation ? client : undefined;
  }

  /** All its hosts are gone at once; the next start makes another thread. */
  #broken(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#parts.log(`simulated hosts: ${reason}`);
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    for (const client of clients) client.ended(`was lost with all others: ${reason}`);
    for (const stream of this.#streams.values()) stream.destroy();
    this.#streams.clear();
  }
}

function placeOf({ latitude, longitude, simulation }: HostEntry): SimulatedStart["place"] {
  if (simulation?.network !== "wan" || latitude === undefined || longitude === undefined) return undefined;
  return { latitude, longitude };
}

function notStarted(reason: string): DeployResult {
  const failure = {
    step: "simulate",
    reason,
    remedy: "Is Nebula built? Run: npm run build",
    unreachable: false,
  };
  return { kind: "failed", failure };
}
