// Hosts reached by SSH: looks at each one, brings the client's program, starts it, and removes what it leaves.
//
// One channel a host serves for all of it, and stays: over it the host's own shell tells when the client has ended.
import { constants } from "node:os";
import type { HostId } from "#shared/base/ids.ts";
import type { ClientStart } from "#shared/protocol/client-start.ts";
import type { ClientCredentials, RootAddress } from "#shared/protocol/credentials.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import type { SshConnection, SshTarget, SshTransport } from "../ssh/ssh.ts";
import type { ClientBundle } from "./client-bundle.ts";
import type { Deployment, DeployFailure, DeployResult, StartedClient } from "./deployment.ts";
import { shellRemedy, uploadRemedy } from "./failure-remedies.ts";
import { judgeProbe, NODE_MIN, type FitHost } from "./host-probe.ts";
import { RemoteShell, type Ended } from "./remote-shell.ts";
import { REMOTE_SHELL_COMMAND } from "./remote-script.ts";

/** Start-up files of the slowest shells, a home directory that is mounted first, Node on a cold disk. */
const PROBE_MS = 45_000;
/** 160 kB over 1 kB/s, and the digest. */
const UPLOAD_MS = 180_000;
/** A fork and an exec. */
const START_MS = 20_000;
/** The same as the client is given for removing its own directory. */
const CLEAN_MS = 30_000;
/** A shell shows an end by signal as this plus its number. */
const SIGNAL_STATUS = 128;

export interface SshDeploymentParts {
  readonly transport: (host: HostEntry) => Promise<SshTransport>;
  readonly closeTransports: () => Promise<void>;
  /** Makes the controller listen where hosts elsewhere reach it; resolves with all its addresses. */
  readonly listen: () => Promise<readonly RootAddress[]>;
  readonly bundle: () => Promise<ClientBundle>;
}

export interface SshDeploymentSettings {
  readonly session: string;
}

/** What there is on one host because of us. */
interface Place {
  readonly base: string;
  readonly name: string;
  readonly connection: SshConnection;
  readonly shell: RemoteShell;
  pid: string;
}

type Step<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  | { readonly kind: "failed"; readonly failure: DeployFailure };

export function createSshDeployment(parts: SshDeploymentParts, settings: SshDeploymentSettings): Deployment {
  return new SshDeployment(parts, settings);
}

class SshDeployment implements Deployment {
  readonly #parts: SshDeploymentParts;
  readonly #settings: SshDeploymentSettings;
  readonly #places = new Map<HostId, Place>();

  constructor(parts: SshDeploymentParts, settings: SshDeploymentSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  async start(host: HostEntry, credentials: ClientCredentials, signal: AbortSignal): Promise<DeployResult> {
    // Ours alone: connection and channel outlive the start, whatever becomes of its signal.
    const starting = new AbortController();
    const giveUp = (): void => starting.abort();
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    try {
      return await this.#start(host, credentials, starting.signal);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  async cleanUp(host: HostEntry, keep: boolean): Promise<readonly string[]> {
    const place = this.#places.get(host.id);
    if (place === undefined) return [];
    this.#places.delete(host.id);
    const signal = AbortSignal.timeout(CLEAN_MS);
    const shell = await this.#shellOf(host, place, signal);
    if (shell.kind === "failed")
      return [`cannot clean up ${place.base}/hosts/${place.name}: ${shell.failure.reason}`];
    const order = ["clean", keep ? "keep" : "remove"];
    const answer = await shell.value.shell.ask(order, { deadlineMs: CLEAN_MS, signal });
    shell.value.shell.close();
    shell.value.connection.close();
    return answer.kind === "done"
      ? []
      : [`cannot remove ${place.base}/hosts/${place.name}: ${answer.reason}`];
  }

  close(): Promise<void> {
    for (const { connection } of this.#places.values()) connection.close();
    this.#places.clear();
    return this.#parts.closeTransports();
  }

  async #start(host: HostEntry, credentials: ClientCredentials, signal: AbortSignal): Promise<DeployResult> {
    const [addresses, bundle, transport] = await Promise.all([
      this.#parts.listen(),
      this.#parts.bundle(),
      this.#parts.transport(host),
    ]);
    const connected = await transport.connect(targetOf(host), signal);
    if (connected.kind === "failed") return { kind: "failed", failure: connected.failure };
    const connection = connected.value;
    const result = await this.#startOver(connection, { host, credentials, addresses, bundle, signal });
    // Whatever is there for this host is removed by the script when its connection ends.
    if (result.kind === "failed") connection.close();
    return result;
  }

  async #startOver(connection: SshConnection, start: Start): Promise<DeployResult> {
    const { host, credentials, bundle, signal } = start;
    const opened = await connection.open(REMOTE_SHELL_COMMAND, signal);
    if (opened.kind === "failed") return { kind: "failed", failure: opened.failure };
    const shell = new RemoteShell(opened.value);
    const name = `${this.#settings.session}.${String(credentials.incarnation)}.${encodeURIComponent(host.id)}`;
    const probed = await probe(shell, name, bundle, signal);
    if (probed.kind === "failed") return probed;
    const fit = probed.value;
    if (!fit.hasBundle) {
      const failure = await upload(shell, bundle, fit.hasGunzip, signal);
      if (failure !== undefined) return { kind: "failed", failure };
    }
    const place: Place = { base: fit.base, name, connection, shell, pid: "" };
    const text = startText(start, fit, place);
    const order = ["start", fit.node, bundle.hash, String(text.length)];
    // Not to be broken off: whoever gives up now must know the client's number to end it.
    const unbroken = new AbortController().signal;
    const options = { body: text, until: "started", deadlineMs: START_MS, signal: unbroken };
    const answer = await shell.ask(order, options);
    if (answer.kind === "failed") return failed("start the client", answer.reason);
    place.pid = answer.lines.at(-1)?.text ?? "";
    this.#places.set(host.id, place);
    return { kind: "started", client: this.#startedClient(host, place) };
  }

  #startedClient(host: HostEntry, place: Place): StartedClient {
    return {
      ended: place.shell.ended.then(endWords),
      kill: () => void this.#end(host, place),
    };
  }

  async #end(host: HostEntry, place: Place): Promise<void> {
    const signal = AbortSignal.timeout(CLEAN_MS);
    const shell = await this.#shellOf(host, place, signal);
    // Nobody is there to be told: the clean-up that follows says so.
    if (shell.kind === "failed") return;
    await shell.value.shell.ask(["end", place.pid], { deadlineMs: CLEAN_MS, signal });
  }

  /** The one that stands, or another one when that is gone. */
  async #shellOf(
    host: HostEntry,
    place: Place,
    signal: AbortSignal,
  ): Promise<Step<{ readonly shell: RemoteShell; readonly connection: SshConnection }>> {
    if (place.shell.isOpen) return { kind: "ok", value: place };
    const transport = await this.#parts.transport(host);
    const connected = await transport.connect(targetOf(host), signal);
    if (connected.kind === "failed") return { kind: "failed", failure: connected.failure };
    const connection = connected.value;
    const opened = await connection.open(REMOTE_SHELL_COMMAND, signal);
    if (opened.kind === "failed") {
      connection.close();
      return { kind: "failed", failure: opened.failure };
    }
    const shell = new RemoteShell(opened.value);
    const answer = await shell.ask(["use", place.base, place.name], { deadlineMs: PROBE_MS, signal });
    if (answer.kind === "done") return { kind: "ok", value: { shell, connection } };
    connection.close();
    return failed("shell", answer.reason);
  }
}

interface Start {
  readonly host: HostEntry;
  readonly credentials: ClientCredentials;
  readonly addresses: readonly RootAddress[];
  readonly bundle: ClientBundle;
  readonly signal: AbortSignal;
}

async function probe(
  shell: RemoteShell,
  name: string,
  bundle: ClientBundle,
  signal: AbortSignal,
): Promise<Step<FitHost>> {
  const order = ["probe", name, bundle.hash, String(NODE_MIN.major), String(NODE_MIN.minor)];
  const answer = await shell.ask(order, { deadlineMs: PROBE_MS, signal });
  if (answer.kind === "failed") return failed("shell", answer.reason, shellRemedy(answer.reason));
  const judged = judgeProbe(answer.lines);
  return judged.kind === "fit"
    ? { kind: "ok", value: judged.host }
    : { kind: "failed", failure: judged.failure };
}

async function upload(
  shell: RemoteShell,
  bundle: ClientBundle,
  packed: boolean,
  signal: AbortSignal,
): Promise<DeployFailure | undefined> {
  const body = packed ? bundle.packed : bundle.plain;
  const order = ["upload", String(body.length), bundle.hash, packed ? "gzip" : "plain"];
  const answer = await shell.ask(order, { body, deadlineMs: UPLOAD_MS, signal });
  return answer.kind === "failed"
    ? failed("upload", answer.reason, uploadRemedy(answer.reason)).failure
    : undefined;
}

/** Key and certificates: they go to the client's standard input and nowhere else. */
function startText({ host, credentials, addresses }: Start, fit: FitHost, place: Place): Uint8Array {
  const start: ClientStart = {
    credentials: { ...credentials, candidates: candidatesOf(addresses, fit.controllerAddress) },
    address: host.address,
    site: host.site ?? "",
    directory: `${place.base}/hosts/${place.name}`,
    keptStore: `${place.base}/kept`,
  };
  return new TextEncoder().encode(JSON.stringify(start));
}

/** Where this connection came from is mostly right; behind a jump host or NAT one of the controller's own may be. */
function candidatesOf(addresses: readonly RootAddress[], seen: string | undefined): RootAddress[] {
  const port = addresses[0]?.port;
  const first = seen === undefined || port === undefined ? [] : [{ host: seen, port }];
  return [...first, ...addresses.filter((address) => address.host !== seen)];
}

function targetOf(host: HostEntry): SshTarget {
  // The directory's port is where a client of the original listened; SSH's comes from ~/.ssh/config.
  return { host: host.address, port: undefined, user: host.user, hostKeyPolicy: host.hostKeyPolicy };
}

function endWords({ status, said }: Ended): string {
  const signal = Object.entries(constants.signals).find(
    ([, number]) => number + SIGNAL_STATUS === status,
  )?.[0];
  const how = signal === undefined ? `ended with status ${String(status)}` : `was killed by ${signal}`;
  return said === "" ? `the client ${how}` : `the client ${how}: ${said}`;
}

function failed(step: string, reason: string, remedy = ""): { kind: "failed"; failure: DeployFailure } {
  return { kind: "failed", failure: { step, reason, remedy, unreachable: false } };
}
