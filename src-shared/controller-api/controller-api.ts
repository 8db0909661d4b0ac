// What any face may ask of the controller: plain data in, plain data out, events by subscription.
import type { Problem } from "../base/problem.ts";
import type { MemberState, Propagated } from "../overlay/topology.ts";
import type { BlockSpan } from "./block-spans.ts";
import type { Question, QuestionChange } from "./questions.ts";
import type { LinkWay } from "../base/link-way.ts";
import type { FilesResult, ForwardResult, ForwardTarget } from "./host-files.ts";
import type { HostHistory, MetricsView } from "./host-metrics.ts";
import type { LookedAtKey, SeenHostKey } from "./host-key-list.ts";
import type { HostTest, HostTesting, HostTestOptions } from "./host-tests.ts";
import type { OpenTerminal } from "./terminal-shell.ts";
import type { RunWait } from "./run-waits.ts";
import type { HostState, RunEvent, RunState, RunVerdict } from "./run-events.ts";

/** The one interface under the command line, the shell, and later the window, the browser and XML-RPC. */
export interface ControllerApi {
  /** Reads and checks a specification; keeps it as the loaded application when it has no errors. */
  loadApplication(source: DocumentSource): Promise<LoadResult>;
  /** Reads and checks a directory; keeps it as the directory in use when it has no errors. */
  loadDirectory(source: DocumentSource): Promise<LoadResult>;
  /** What is loaded now. */
  loaded(): { readonly application: ApplicationSummary | undefined; readonly directory: string | undefined };
  /** Matches, deploys, runs, watches, collects, cleans up. Refused (with problems) when nothing runnable is loaded. */
  startRun(options: RunOptions): Promise<StartResult>;
  /** A command on hosts of the directory, as a run of its own with folded output as the usual result. */
  startCommand(options: CommandOptions): Promise<StartResult>;
  /** Bytes for the standard input of the processes of a command; `end` closes it. Waits while hosts are behind. */
  sendInput(run: string, bytes: Uint8Array, end: boolean): Promise<void>;
  /** Resolves when the run has ended and is cleaned up. */
  ended(run: string): Promise<RunVerdict>;
  /** Ends a run: `stop` is a success for services, `abort` a decision, `interrupt` Ctrl-C, `timeout` a deadline. */
  endRun(run: string, cause: EndCause, reason: string): ActionResult;
  failHost(host: string, reason: string): ActionResult;
  /** Releases a barrier, or counts process blocks of that name as done on all hosts that are executing. */
  force(run: string, name: string): ActionResult;
  /** Starts clients on hosts (a node set; undefined = all of the directory) and keeps them for later runs. */
  connect(hosts: string | undefined, options: DeployOptions): Promise<ActionResult>;
  /** Stops and cleans up clients (undefined = all). */
  disconnect(hosts: string | undefined, options: { readonly keep: boolean }): Promise<ActionResult>;
  /** Looks at hosts without starting anything there; `listener` hears of each one when it is done. */
  testHosts(options: HostTestOptions, listener: (test: HostTest) => void): HostTesting;
  /** A login shell on a host of the directory for a person; also where no client runs. */
  openTerminal: OpenTerminal;
  /** The files of a host of the directory: by SFTP, or those in an embedded host's own directory. */
  openFiles(host: string): Promise<FilesResult>;
  /** A port on this computer's loopback that leads to one that the host can reach. */
  openForward(host: string, target: ForwardTarget): Promise<ForwardResult>;
  /**
   * Replaces the known keys of a host by the one that it shows (`changedKey` of a failure), when a person has seen both and
   * says so; the files are kept as they were.
   */
  replaceHostKey(review: string): Promise<ActionResult>;
  /** The keys that hosts have shown to ssh2 since the start, the one that was seen last at the end. */
  hostKeys(): readonly SeenHostKey[];
  /** About keys that nobody knew: `accept` writes them down, `refuse` holds until the controller ends. */
  decideHostKeys(decision: "accept" | "refuse", keys: readonly LookedAtKey[]): Promise<ActionResult>;
  hosts(): readonly HostView[];
  /**
   * Somebody looks at these hosts: they are measured more often for a minute. To be asked again while it is so. Returns
   * the past of each of them that is connected.
   */
  watchHosts(hosts: readonly string[]): readonly HostHistory[];
  mesh(): MeshView;
  control(): ControlView;
  runs(): readonly RunView[];
  /** What the run waits for at the moment; [] when it is over. */
  waits(run: string): readonly RunWait[];
  /** When each block of the run began and ended on each host; [] for one that is not known. */
  spans(run: string): readonly BlockSpan[];
  /** All events from now on, of all runs; returns what ends the subscription. */
  subscribe(listener: (event: RunEvent) => void): () => void;
  /**
   * Tells what people are asked (passphrases, passwords, unknown host keys), one question at a time, from the one that
   * is open on. As long as nobody listens nobody is asked, and what needs an answer fails. Returns what ends it.
   */
  onQuestion(listener: (change: QuestionChange) => void): () => void;
  /** The question that waits for its answer. */
  question(): Question | undefined;
  /** `undefined`: nobody is going to answer it. Refused, with the reason, when the question is over or the answer is none. */
  answer(question: string, answer: string | undefined): ActionResult;
  /** Ends what runs, cleans up, closes. Resolves when nothing is left. */
  quit(): Promise<void>;
}

/** Text with the name that messages show and that relative paths start from. */
export interface DocumentSource {
  readonly path: string;
  /** Given by faces that hold the text (editor, tests); else the file is read. */
  readonly text?: string;
}

export interface LoadResult {
  /** True when it is loaded now (it has no errors). */
  readonly loaded: boolean;
  readonly problems: readonly Problem[];
  readonly application?: ApplicationSummary;
  readonly hosts?: number;
}

/** What Plush printed after `load`: the project's name and counted lists. */
export interface ApplicationSummary {
  readonly path: string;
  readonly project: string;
  readonly components: readonly string[];
  readonly software: readonly string[];
  readonly experiment: string | undefined;
  readonly barriers: readonly string[];
  readonly blocks: readonly string[];
}

export interface DeployOptions {
  /** Hosts contacted at once. */
  readonly fanout: number;
}

export interface RunOptions extends DeployOptions {
  /** Leave software on the hosts, so that the next run finds it. */
  readonly keep: boolean;
  /** Leave clients connected after the run (the shell and the window do; `plush run` does not). */
  readonly stayConnected: boolean;
  /** From start to finish; undefined = the specification's. */
  readonly deadlineMs: number | undefined;
  /** A folder for the results; undefined = a new one below the state directory. */
  readonly results: string | undefined;
  /** Overrides of the specification's variables. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface CommandOptions extends DeployOptions {
  /** The shell's text: run by `sh -c` on every host. */
  readonly command: string;
  /** A node set, and/or a group; undefined both = all of the directory; `exclude` is taken away. */
  readonly hosts: string | undefined;
  readonly group: string | undefined;
  readonly exclude: string | undefined;
  /** Only hosts that are connected already (Plush's `shell`). */
  readonly connectedOnly: boolean;
  readonly stayConnected: boolean;
  readonly wantsInput: boolean;
  readonly deadlineMs: number | undefined;
  readonly results: string | undefined;
  readonly keep: boolean;
}

export type StartResult =
  | { readonly kind: "started"; readonly run: string; readonly results: string }
  | {
      readonly kind: "refused";
      readonly exitCode: number;
      readonly problems: readonly Problem[];
      readonly reason: string;
      /** What to do about it, when that is known. */
      readonly remedy?: string;
    };

export type EndCause = "stop" | "abort" | "interrupt" | "timeout";

export type ActionResult =
  | { readonly kind: "done"; readonly message: string }
  | { readonly kind: "refused"; readonly message: string };

export interface HostView {
  readonly host: string;
  readonly managerType: string;
  readonly groups: readonly string[];
  readonly site: string | undefined;
  /** Degrees, WGS 84; undefined where the directory does not say. */
  readonly place: { readonly latitude: number; readonly longitude: number } | undefined;
  readonly address: string;
  readonly component: string | undefined;
  readonly state: HostState;
  /** Why it is in that state: the chain down to the host's own words. */
  readonly reason: string;
  /** How long it has been in that state; 0 when nothing was ever asked of it. */
  readonly sinceMs: number;
  readonly client:
    | {
        readonly pid: number;
        readonly node: string;
        readonly directory: string;
        readonly platform: string;
        /** How its link came about, while there is one. */
        readonly way: LinkWay | undefined;
      }
    | undefined;
  /** Undefined: no client is there, or it has not told any yet. */
  readonly metrics: MetricsView | undefined;
  readonly processes: readonly {
    readonly process: string;
    readonly block: string;
    readonly pid: number;
    readonly state: string;
  }[];
}

export interface MeshMember extends Omit<MemberState, "since"> {
  /** So long in this state. */
  readonly sinceMs: number;
  readonly way: LinkWay | undefined;
}

export interface MeshView {
  readonly overlay: string;
  readonly address: string;
  readonly members: readonly MeshMember[];
  /** The last ones: what could not be reached, who broke the protocol; `host` undefined = a stranger. */
  readonly problems: readonly { readonly host: string | undefined; readonly reason: string }[];
  readonly propagation: Propagated | undefined;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface ControlView {
  readonly session: string;
  readonly application: string | undefined;
  readonly directory: string | undefined;
  readonly run: RunView | undefined;
}

export interface RunView {
  readonly run: string;
  readonly experiment: string;
  readonly state: RunState;
  readonly startedAt: string;
  /** Undefined while it goes on. */
  readonly endedAt: string | undefined;
  /** Hosts without their controller stop and clean up after so long. */
  readonly controllerAbsenceMs: number;
  readonly verdict: RunVerdict | undefined;
  readonly results: string;
  readonly components: readonly {
    readonly name: string;
    readonly hosts: string;
    readonly stage: string;
    readonly connected: number;
    readonly prepared: number;
    readonly ended: number;
    readonly failed: number;
    readonly wanted: { readonly min: number; readonly max: number };
  }[];
  readonly barriers: readonly {
    readonly name: string;
    readonly arrived: number;
    readonly max: number;
    readonly released: boolean;
  }[];
  readonly processes: { readonly running: number; readonly succeeded: number; readonly failed: number };
  /** By the block's path: hosts by the state of their process in it (`running`, `succeeded`, `failed`, `stopped` …). */
  readonly blocks: readonly { readonly block: string; readonly counts: Readonly<Record<string, number>> }[];
  /** Folded node sets, once the run is over. */
  readonly outcomes:
    | {
        readonly succeeded: string;
        readonly failed: string;
        readonly unreachable: string;
        readonly replaced: string;
      }
    | undefined;
}
