// Hosts reached by SSH: looks at each one, brings the client's program, starts it, and removes what it leaves.
//
// One channel a host serves for all of it, and stays: over it the host's own shell tells when the client has ended.
import { constants } from "node:os";
import type { HostId } from "#shared/base/ids.ts";
import { ROOT_RANK, type Candidate } from "#shared/overlay/topology.ts";
import { writeAddress } from "#shared/protocol/address.ts";
import type { ClientStart } from "#shared/protocol/client-start.ts";
import type { ClientCredentials, RootAddress } from "#shared/protocol/credentials.ts";
import type { HostCheck } from "#shared/controller-api/host-tests.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import { targetOf } from "../ssh/ssh-target.ts";
import type { SshConnection, SshResult, SshTransport } from "../ssh/ssh.ts";
import { CORRUPT_REASON } from "./boot-program.ts";
import type { ClientBundle } from "./client-bundle.ts";
import type { NodeBringer, NodeBrought } from "./bring-node.ts";
import type { Deployment, DeployFailure, DeployResult, StartOptions, TestOptions } from "./deployment.ts";
import { shellRemedy, uploadRemedy } from "./failure-remedies.ts";
import { judgeProbe, NODE_MIN, type FitHost } from "./host-probe.ts";
import { ClientWords, createClientWays } from "./client-ways.ts";
import { NODE_KILOBYTES } from "./node-pins.ts";
import { RemotePlace, type Step } from "./remote-place.ts";
import { RemoteShell, type AskOptions, type Ended } from "./remote-shell.ts";
import { REMOTE_SHELL_COMMAND } from "./remote-script.ts";
import { testSshHost } from "./test-ssh-host.ts";
import { untilDone } from "./until-done.ts";

/** Start-up files of the slowest shells, a home directory that is mounted first, Node on a cold disk. */
const SHELL_DEADLINE_MS = 45_000;
/** 140 kB over 1 kB/s. */
const UPLOAD_MS = 180_000;
/** Node from a cold disk. */
const START_MS = 45_000;
/** The same as the client is given for removing its own directory. */
const CLEAN_MS = 30_000;
/** A shell shows an end by signal as this plus its number. */
const SIGNAL_STATUS = 128;

export type ListenResult =
  | { readonly kind: "listening"; readonly addresses: readonly RootAddress[] }
  | { readonly kind: "failed"; readonly reason: string; readonly remedy: string };

const NOBODY_DIALS: ListenResult = { kind: "listening", addresses: [] };

export interface SshDeploymentParts {
  readonly transport: (host: HostEntry) => Promise<SshTransport>;
  readonly closeTransports: () => Promise<void>;
  /** Makes the controller listen where hosts elsewhere reach it; resolves with all its addresses. */
  readonly listen: () => Promise<ListenResult>;
  readonly bundle: () => Promise<ClientBundle>;
  /** For hosts without Node; undefined: a person has forbidden it. */
  readonly bringer: NodeBringer | undefined;
  readonly log: (text: string) => void;
}

export interface SshDeploymentSettings {
  readonly session: string;
  /** How long a host's shell may take until it answers, after the login; default 45 s. */
  readonly shellDeadlineMs?: number;
}

export function createSshDeployment(parts: SshDeploymentParts, settings: SshDeploymentSettings): Deployment {
  return new SshDeployment(parts, settings);
}

class SshDeployment implements Deployment {
  readonly isElsewhere = true;
  readonly needsCertificates = true;
  readonly #parts: SshDeploymentParts;
  readonly #settings: SshDeploymentSettings;
  readonly #shellDeadlineMs: number;
  readonly #places = new Map<HostId, RemotePlace>();

  constructor(parts: SshDeploymentParts, settings: SshDeploymentSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#shellDeadlineMs = settings.shellDeadlineMs ?? SHELL_DEADLINE_MS;
  }

  start(host: HostEntry, credentials: ClientCredentials, options: StartOptions): Promise<DeployResult> {
    return untilDone(options.signal, (signal) => this.#start(host, credentials, { ...options, signal }));
  }

  async #nodeOf(shell: RemoteShell, fit: FitHost, { tell, signal }: Start): Promise<NodeBrought> {
    const { node, base, hasGunzip } = fit;
    if (node.kind === "there") return { kind: "ok", path: node.path };
    const { bringer } = this.#parts;
    if (bringer === undefined)
      throw new Error("a host without Node was judged fit though none may be brought");
    return bringer.bring(shell, { lack: node, base, hasGunzip }, tell, signal);
  }

  async test(
    host: HostEntry,
    { users, password, newKeys, ways, signal }: TestOptions,
  ): Promise<readonly HostCheck[]> {
    const [listening, transport] = await Promise.all([
      ways.includes("client") ? this.#parts.listen() : NOBODY_DIALS,
      this.#parts.transport(host),
    ]);
    const checks = await untilDone(signal, (until) =>
      testSshHost({
        transport,
        target: { ...targetOf(host), newKeys },
        name: `${this.#settings.session}.test.${encodeURIComponent(host.id)}`,
        mayPush: this.#parts.bringer !== undefined,
        users,
        password,
        shellDeadlineMs: this.#shellDeadlineMs,
        port: ways.includes("controller") ? host.port : undefined,
        addresses: listening.kind === "listening" ? listening.addresses : [],
        signal: until,
      }),
    );
    if (listening.kind === "listening") return checks;
    const { reason: detail, remedy } = listening;
    return [...checks, { step: "way back", outcome: "failed", detail, remedy, unreachable: false }];
  }

  async cleanUp(host: HostEntry, keep: boolean): Promise<readonly string[]> {
    const place = this.#places.get(host.id);
    if (place === undefined) return [];
    this.#places.delete(host.id);
    const signal = AbortSignal.timeout(CLEAN_MS);
    const shell = await place.shell(signal);
    if (shell.kind === "failed") return [`cannot clean up ${place.directory}: ${shell.failure.reason}`];
    const order = ["clean", keep ? "keep" : "remove"];
    const answer = await shell.value.ask(order, { deadlineMs: CLEAN_MS, signal });
    place.close();
    return answer.kind === "done" ? [] : [`cannot remove ${place.directory}: ${answer.reason}`];
  }

  close(): Promise<void> {
    for (const place of this.#places.values()) place.close();
    this.#places.clear();
    this.#parts.bringer?.close();
    return this.#parts.closeTransports();
  }

  async #start(
    host: HostEntry,
    credentials: ClientCredentials,
    options: StartOptions,
  ): Promise<DeployResult> {
    const { ways, signal } = options;
    const [listening, bundle, transport] = await Promise.all([
      ways.includes("client") ? this.#parts.listen() : NOBODY_DIALS,
      this.#parts.bundle(),
      this.#parts.transport(host),
    ]);
    if (listening.kind === "failed") return failed("listen", listening.reason, listening.remedy);
    const connected = await transport.connect(targetOf(host), signal);
    if (connected.kind === "failed") return { kind: "failed", failure: connected.failure };
    const connection = connected.value;
    const { addresses } = listening;
    const result = await this.#startOver(connection, { ...options, host, credentials, addresses, bundle });
    // Whatever is there for this host is removed by the script when its connection ends.
    if (result.kind === "failed") connection.close();
    return result;
  }

  async #connect(host: HostEntry, signal: AbortSignal): Promise<SshResult<SshConnection>> {
    const transport = await this.#parts.transport(host);
    return transport.connect(targetOf(host), signal);
  }

  async #startOver(connection: SshConnection, start: Start): Promise<DeployResult> {
    const { host, credentials, bundle, signal } = start;
    const opened = await connection.open(REMOTE_SHELL_COMMAND, signal);
    if (opened.kind === "failed") return { kind: "failed", failure: opened.failure };
    const words = new ClientWords();
    void words.port.then((port) => {
      if (host.port === undefined || host.port === port) return;
      const told = `port ${String(host.port)} is in use there; its client listens on ${String(port)}`;
      this.#parts.log(`${host.id}: ${told}`);
    });
    const shell = new RemoteShell(opened.value, (word, text) => words.hear(word, text));
    const name = `${this.#settings.session}.${String(credentials.incarnation)}.${encodeURIComponent(host.id)}`;
    const mayPush = this.#parts.bringer !== undefined;
    const probed = await probe(shell, name, bundle, mayPush, { deadlineMs: this.#shellDeadlineMs, signal });
    if (probed.kind === "failed") return probed;
    const fit = probed.value;
    if (!fit.hasBundle) {
      const failure = await upload(shell, bundle, signal);
      if (failure !== undefined) return { kind: "failed", failure };
    }
    const node = await this.#nodeOf(shell, fit, start);
    if (node.kind === "failed") return node;
    const place = new RemotePlace({ base: fit.base, name, node: node.path }, { connection, shell }, (again) =>
      this.#connect(host, again),
    );
    const text = startText(start, fit, place);
    const code = isHere(fit) ? bundle.code : undefined;
    const order = [node.path, bundle.hash, code?.path ?? "", code?.hash ?? "", String(text.length)];
    // Not to be broken off: whoever gives up now must know the client's number to end it.
    const unbroken = new AbortController().signal;
    const options = { body: text, until: "started", deadlineMs: START_MS, signal: unbroken };
    const answer = await shell.ask(["start", ...order], options);
    if (answer.kind === "failed") {
      const step = answer.reason === CORRUPT_REASON ? "upload" : "start the client";
      return failed(step, answer.reason);
    }
    place.pid = answer.lines.at(-1)?.text ?? "";
    this.#places.set(host.id, place);
    const addresses = [
      ...new Set([host.address, ...(fit.hostAddress === undefined ? [] : [fit.hostAddress])]),
    ];
    return {
      kind: "started",
      client: {
        ended: Promise.race([
          shell.ended.then(endWords),
          place.gone.then(() => "the client is no more there"),
        ]),
        unreached: words.unreached,
        ways: createClientWays({ place, addresses, port: words.port }, start.ways),
        kill: () => void this.#end(place),
      },
    };
  }

  async #end(place: RemotePlace): Promise<void> {
    const signal = AbortSignal.timeout(CLEAN_MS);
    const shell = await place.shell(signal);
    // Nobody is there to be told: the clean-up that follows says so.
    if (shell.kind === "failed") return;
    await shell.value.ask(["end", place.pid], { deadlineMs: CLEAN_MS, signal });
  }
}

interface Start extends StartOptions {
  readonly host: HostEntry;
  readonly credentials: ClientCredentials;
  readonly addresses: readonly RootAddress[];
  readonly bundle: ClientBundle;
}

async function probe(
  shell: RemoteShell,
  name: string,
  bundle: ClientBundle,
  mayPush: boolean,
  limits: AskOptions,
): Promise<Step<FitHost>> {
  const wanted = [NODE_MIN.major, NODE_MIN.minor, mayPush ? NODE_KILOBYTES : 0].map(String);
  const order = ["probe", name, bundle.hash, ...wanted];
  const answer = await shell.ask(order, limits);
  if (answer.kind === "failed") return failed("shell", answer.reason, shellRemedy(answer.reason));
  const judged = judgeProbe(answer.lines, mayPush);
  return judged.kind === "fit"
    ? { kind: "ok", value: judged.host }
    : { kind: "failed", failure: judged.failure };
}

async function upload(
  shell: RemoteShell,
  bundle: ClientBundle,
  signal: AbortSignal,
): Promise<DeployFailure | undefined> {
  const body = bundle.packed;
  const order = ["upload", String(body.length)];
  const answer = await shell.ask(order, { body, deadlineMs: UPLOAD_MS, signal });
  return answer.kind === "failed"
    ? failed("upload", answer.reason, uploadRemedy(answer.reason)).failure
    : undefined;
}

/** Key and certificates: they go to the client's standard input and nowhere else. */
function startText(
  { host, credentials, addresses, ways }: Start,
  fit: FitHost,
  place: RemotePlace,
): Uint8Array {
  const port = ways.includes("controller") ? (host.port ?? 0) : null;
  const start: ClientStart = {
    credentials: { ...credentials, candidates: candidatesOf(credentials, addresses, fit.controllerAddress) },
    address: host.address,
    site: host.site ?? "",
    directory: place.directory,
    listen: { port },
    keptStore: `${fit.base}/kept`,
  };
  return new TextEncoder().encode(JSON.stringify(start));
}

/** Where this connection came from is mostly right; behind a jump host or NAT one of the controller's own may be. */
function candidatesOf(
  { candidates }: ClientCredentials,
  addresses: readonly RootAddress[],
  seen: string | undefined,
): readonly Candidate[] {
  const port = addresses[0]?.port;
  const first = seen === undefined || port === undefined ? [] : [{ host: seen, port }];
  const all = [...first, ...addresses.filter((address) => address.host !== seen)];
  const ofRoot = all.map((address) => ({ rank: ROOT_RANK, address: writeAddress(address) }));
  return candidates.flatMap((one) => (one.rank === ROOT_RANK ? ofRoot : [one]));
}

/**
 * Both ends of the connection are at one address: the host is this computer. A wrong guess costs it one look for a file
 * that is not there.
 */
function isHere({ controllerAddress: from, hostAddress: to }: FitHost): boolean {
  if (from === undefined || to === undefined) return false;
  return from === to || (isLoopback(from) && isLoopback(to));
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
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
