// The wiring: makes a controller with real hosts, links and files; used by the command line and, later, the window.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir, networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ControllerApi } from "#shared/controller-api/controller-api.ts";
import type { HostKeyPolicy, SshTransportName } from "#shared/resource-directory/resource-directory.ts";
import { createSessionKeys } from "#shared/node/seals.ts";
import { createLogFile, LOG_BYTES_MAX } from "#shared/node/log-file.ts";
import { every } from "#shared/node/every.ts";
import { makeFolders } from "#shared/node/make-folders.ts";
import { LINK_WAYS, type LinkWay } from "#shared/base/link-way.ts";
import { createSystemClock } from "#shared/node/system-clock.ts";
import { OVERLAY_DEFAULT, OVERLAY_NAMES, topologyNamed } from "#shared/overlay/topologies.ts";
import { ROOT_NAME } from "#shared/protocol/peer-name.ts";
import { Controller } from "./controller/controller.ts";
import type { TestHost } from "./controller/host-tests-shell.ts";
import { Questions } from "./controller/questions-shell.ts";
import { sshQuestions } from "./controller/ssh-questions.ts";
import { readClientBundle, type ClientBundle } from "./deploy/client-bundle.ts";
import { createNodeBringer } from "./deploy/bring-node.ts";
import { createLocalDeployment } from "./deploy/deploy-local.ts";
import { createSimulatedDeployment } from "./deploy/deploy-simulated.ts";
import { createSshDeployment, type ListenResult } from "./deploy/deploy-ssh.ts";
import { inheritedEnvironment } from "./deploy/inherited-environment.ts";
import type { Deployment } from "./deploy/deployment.ts";
import { NODE_PINS } from "./deploy/node-pins.ts";
import { createNodeRuntimes, type NodeRuntimes } from "./deploy/node-runtimes.ts";
import { ownNode } from "./deploy/own-node.ts";
import { readDocument } from "./documents/read-document.ts";
import { Fleet } from "./fleet/fleet.ts";
import { WayMemory } from "./fleet/way-memory.ts";
import { openInfoDoor } from "./info-door/info-door.ts";
import { createAuthority, type CertificateAuthority } from "./overlay-root/certificate-authority.ts";
import {
  createOverlayRoot,
  type OverlayRootCallbacks,
  type RunningOverlayRoot,
} from "./overlay-root/overlay-root.ts";
import { OwnAddresses } from "./overlay-root/own-addresses.ts";
import { OutputStore } from "./results/output-store.ts";
import { makeParent, removeOldRuns, RunResults } from "./results/run-results.ts";
import { HostKeyReviews } from "./ssh/host-key-reviews.ts";
import { createTransports, type SshTransports } from "./ssh/choose-transport.ts";
import type { SshTransport } from "./ssh/ssh.ts";
import type { StartOnTerminal } from "./ssh/standing-shell.ts";
import { createStartOnTerminal } from "./terminals/pty-shell.ts";
import { HostDoors } from "./host-doors/host-doors.ts";
import { Terminals } from "./terminals/terminals.ts";

/** Runs whose results are kept when nobody says otherwise: weeks of daily work, and bounded. */
const RESULTS_KEEP = 100;
/** Logs and host directories are nobody else's business. */
const PRIVATE = 0o700;
/** For one hop of SSH, from its name to its login: longer than a busy host's sshd takes, shorter than patience. */
const SSH_CONNECT_MS = 20_000;

export interface StartSettings {
  readonly stateDirectory: string;
  /** Where `plush info` finds it; undefined: nobody else may ask this controller. */
  readonly runtimeDirectory?: string;
  /** Folder below which each run gets one; undefined = below the state directory. */
  readonly resultsDirectory: string | undefined;
  readonly resultsKeep: number | undefined;
  /** Port that clients connect to; undefined = any free one. */
  readonly port: number | undefined;
  /** Where the directory does not say: how hosts are reached by SSH, and which host keys are taken. */
  readonly transport?: SshTransportName | undefined;
  readonly hostKeyPolicy?: HostKeyPolicy | undefined;
  readonly sshUser?: string | undefined;
  readonly sshIdentity?: string | undefined;
  /** The topology by its name, and children of one node at most; undefined = the defaults. */
  readonly overlay?: string | undefined;
  readonly degree?: number | undefined;
  /** What can be fetched again is kept in it; undefined: nothing is brought to hosts without Node. */
  readonly cacheDirectory?: string;
  /** Bring a Node to hosts that have none; default: yes, when there is a cache directory. */
  readonly pushNode?: boolean;
  /** Path or URL of that Node; default: from the npm registry. */
  readonly nodeRuntime?: string | undefined;
  /** Whose ~/.ssh is used; default: that of whoever runs this. */
  readonly homeDirectory?: string;
  /** Default: the program's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The Node that embedded hosts run by, and the client's bundle; default: what runs this, and what lies beside it. */
  readonly node?: string;
  readonly clientBundle?: string;
  /** How links to clients on other computers may come about; default: any way. */
  readonly ways?: readonly LinkWay[] | undefined;
  readonly log: (text: string) => void;
}

export async function startController(settings: StartSettings): Promise<ControllerApi> {
  const session = newSession();
  const ways = settings.ways ?? LINK_WAYS;
  const runsDirectory = settings.resultsDirectory ?? join(settings.stateDirectory, "runs");
  const logDirectory = join(settings.stateDirectory, "logs");
  await makeFolders(logDirectory, PRIVATE);
  const clientBundle = settings.clientBundle ?? clientBundlePath();
  if (!existsSync(clientBundle)) throw new Error(`${clientBundle} is missing; run: npm run build`);
  const late: Late = {};
  const { overlay, authority } = await openOverlay(settings, session, late);
  const logFile = await openLogFile(logDirectory, overlay.port, settings.log);
  const log = (text: string): void => {
    logFile.write("controller", "main", text);
    settings.log(text);
  };
  const memory = await WayMemory.open(join(settings.stateDirectory, "ways.json"), log);
  const questions = new Questions();
  const startOnTerminal = createStartOnTerminal();
  const reviews = new HostKeyReviews();
  const transports = createSshTransports(settings, { questions, log, startOnTerminal, reviews });
  const own = new OwnAddresses({
    interfaces: networkInterfaces,
    every,
    onChange: (addresses) => late.controller?.fleet.tellAddresses(addresses),
  });
  const deployments = createDeployments(settings, { overlay, session, clientBundle, transports, own, log });
  const controller = new Controller(
    {
      overlay,
      createFleet: (fleetCallbacks) =>
        new Fleet(
          {
            overlay,
            deployments,
            issue: (client) => authority.issue(client),
            callbacks: fleetCallbacks,
            memory,
            random: Math.random,
            log,
          },
          { session, ways },
        ),
      openResults: (resultsSettings) => RunResults.open(resultsSettings),
      createOutputs: (parts) => new OutputStore(parts),
      makeParent,
      readDocument: (path) => readDocument(path),
      questions,
      testHost: testHostBy(deployments, ways),
      terminals: createTerminals(transports, startOnTerminal),
      reviews,
      doors: new HostDoors({ transport: (host) => transports.byName(host.transport) }),
      removeOldRuns: () => removeOldRuns(runsDirectory, settings.resultsKeep ?? RESULTS_KEEP),
      close: async () => {
        await late.closeDoor?.();
        own.close();
        await overlay.close();
        await Promise.all([...deployments.values()].map((deployment) => deployment.close()));
        await memory.close();
        await logFile.close();
      },
      log,
    },
    { session, runsDirectory, localSeed: localSeed() },
  );
  late.controller = controller;
  late.log = log;
  late.closeDoor = await openDoor(settings.runtimeDirectory, controller, session, log);
  return controller;
}

function createTerminals(transports: SshTransports, startOnTerminal: StartOnTerminal): Terminals {
  const transport = (host: { readonly transport?: SshTransportName | undefined }): Promise<SshTransport> =>
    transports.byName(host.transport);
  const surroundings = { environment: inheritedEnvironment(), platform: process.platform };
  return new Terminals({ transport, startOnTerminal }, surroundings);
}

/** Undefined: nobody else may ask. */
async function openDoor(
  directory: string | undefined,
  controller: Controller,
  session: string,
  log: (text: string) => void,
): Promise<() => Promise<void>> {
  if (directory === undefined) return () => Promise.resolve();
  return openInfoDoor(controller, { directory, session, platform: process.platform, log });
}

function openLogFile(
  directory: string,
  port: number,
  onProblem: (text: string) => void,
): ReturnType<typeof createLogFile> {
  const logSettings = { bytesMax: LOG_BYTES_MAX, nowMs: Date.now, onProblem };
  const name = `plush-logfile${String(port)}-${String(Date.now())}.txt`;
  return createLogFile(directory, name, "plush-logfile.txt", logSettings);
}

/** The controller's end of the overlay listens; what it hears goes to `late`. */
async function openOverlay(
  settings: StartSettings,
  session: string,
  late: Late,
): Promise<{ readonly overlay: RunningOverlayRoot; readonly authority: CertificateAuthority }> {
  const { overlay: name = OVERLAY_DEFAULT, degree } = settings;
  const topology = topologyNamed(name);
  if (topology === undefined)
    throw new Error(`no overlay is called ${name}; there are: ${OVERLAY_NAMES.join(", ")}`);
  const authority = await createAuthority(session);
  const overlay = await createOverlayRoot(
    { clock: createSystemClock(), random: Math.random, topology, callbacks: callbacksOf(late) },
    {
      session,
      credentials: await authority.issue(ROOT_NAME),
      keys: createSessionKeys(),
      ...(degree === undefined ? {} : { degree }),
      ...(settings.port === undefined ? {} : { port: settings.port }),
    },
  );
  return { overlay, authority };
}

interface DeploymentNeeds {
  readonly overlay: RunningOverlayRoot;
  readonly session: string;
  readonly clientBundle: string;
  readonly transports: SshTransports;
  readonly own: OwnAddresses;
  readonly log: (text: string) => void;
}

function createSshTransports(
  settings: StartSettings,
  needs: {
    readonly questions: Questions;
    readonly log: (text: string) => void;
    readonly startOnTerminal: StartOnTerminal;
    readonly reviews: HostKeyReviews;
  },
): SshTransports {
  const { questions, log: warn, startOnTerminal, reviews } = needs;
  const sshSettings = {
    hostKeyPolicy: settings.hostKeyPolicy,
    user: settings.sshUser,
    identityFile: settings.sshIdentity,
    homeDirectory: settings.homeDirectory ?? homedir(),
    configFile: undefined,
    environment: settings.environment ?? process.env,
    connectDeadlineMs: SSH_CONNECT_MS,
    node: settings.node,
  };
  const parts = { questions: sshQuestions(questions), warn, startOnTerminal, reviews };
  return createTransports(parts, sshSettings, settings.transport);
}

/** By type of resource manager. */
function createDeployments(settings: StartSettings, needs: DeploymentNeeds): ReadonlyMap<string, Deployment> {
  const { overlay, session, clientBundle, transports, own, log } = needs;
  const local = createLocalDeployment({
    node: settings.node ?? process.execPath,
    clientBundle,
    hostsDirectory: join(settings.stateDirectory, "hosts"),
    session,
  });
  const runtimes = createRuntimes(settings, log);
  let bundle: Promise<ClientBundle> | undefined;
  const ssh = createSshDeployment(
    {
      transport: (host) => transports.byName(host.transport),
      closeTransports: () => transports.close(),
      listen: () => listenEverywhere(overlay, own),
      log,
      bundle: () => (bundle ??= readClientBundle(clientBundle)),
      bringer: runtimes === undefined ? undefined : createNodeBringer(runtimes),
    },
    { session },
  );
  const simulated = createSimulatedDeployment(
    { attach: (stream, host) => overlay.attachStream(stream, "client", host), log },
    { program: join(dirname(clientBundle), "simulated-hosts.cjs") },
  );
  return new Map([
    ["local", local],
    ["ssh", ssh],
    ["simulated", simulated],
  ]);
}

function testHostBy(deployments: ReadonlyMap<string, Deployment>, ways: readonly LinkWay[]): TestHost {
  return async (host, options) => {
    const deployment = deployments.get(host.managerType);
    if (deployment !== undefined) return deployment.test(host, { ...options, ways });
    const detail = `hosts of type "${host.managerType}" cannot be reached by this version`;
    const remedy = "Use resource managers of type ssh, local or simulated.";
    return [{ step: "connect", outcome: "failed", detail, remedy, unreachable: true }];
  };
}

async function listenEverywhere(overlay: RunningOverlayRoot, own: OwnAddresses): Promise<ListenResult> {
  try {
    return { kind: "listening", addresses: own.at(await overlay.listenEverywhere()) };
  } catch (error) {
    const remedy = "Choose another controller_port, or none, or set ways to ssh: then nobody needs to dial.";
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error), remedy };
  }
}

/** Undefined: none is brought. */
function createRuntimes(settings: StartSettings, log: (text: string) => void): NodeRuntimes | undefined {
  const { cacheDirectory, pushNode = true, nodeRuntime: source, environment = process.env } = settings;
  if (!pushNode || cacheDirectory === undefined) return undefined;
  return createNodeRuntimes({ environment, own: ownNode, log }, { source, cacheDirectory, pins: NODE_PINS });
}

/** Names the controller's session: hosts' folders and certificates carry it. */
function newSession(): string {
  return `${Date.now().toString(36)}${randomBytes(4).toString("hex")}`;
}

/** Nobody calls back before the first host is invited, which only the controller does. */
interface Late {
  controller?: Controller;
  log?: (text: string) => void;
  closeDoor?: () => Promise<void>;
}

function callbacksOf(late: Late): OverlayRootCallbacks {
  return {
    onReport: (host, incarnation, _sequence, report) =>
      late.controller?.fleet.onReport(host, incarnation, report),
    onMembership: (change) => late.controller?.fleet.onMembership(change),
    onBulk: (host, message) => late.controller?.bulk(host, message),
    onMetrics: (host, metrics) => late.controller?.metrics.told(host, metrics),
    onBulkWritable: (host) => late.controller?.bulkWritable(host),
    onProblem: (host, reason) => late.log?.(`overlay: ${host ?? "somebody"}: ${reason}`),
  };
}

/** macOS answers on 127.0.0.1 only, unless somebody has set up more. */
function localSeed(): number | undefined {
  return process.platform === "darwin" ? undefined : randomBytes(4).readUInt32BE();
}

/** Beside the bundled program; and in dist/ when it runs from its sources. */
function clientBundlePath(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return here.endsWith("src-main") ? join(here, "..", "dist", "client.cjs") : join(here, "client.cjs");
}
