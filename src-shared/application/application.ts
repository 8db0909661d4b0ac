// What an application specification says once it is parsed: plain data, with places in the text.

/** A stretch of the text: `start` inclusive, `end` exclusive, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where in the text an element stands; every definition carries it. */
export interface Placed {
  readonly span: Span;
}

export interface ApplicationSpecification {
  readonly rootName: "plush" | "gush";
  readonly project: Project;
}

export interface Project extends Placed {
  readonly name: string;
  readonly variables: readonly VariableDefinition[];
  readonly secrets: readonly SecretDefinition[];
  readonly software: readonly SoftwareDefinition[];
  readonly components: readonly ComponentDefinition[];
  /** Absent when the file only defines things; such a file loads and cannot run. */
  readonly experiment: Experiment | undefined;
}

/** `<variable name="port" value="8080"/>`: used as `${var.port}`; the command line may override it. */
export interface VariableDefinition extends Placed {
  readonly name: string;
  readonly value: string;
}

/** `<secret name="token" from="env:TOKEN"/>`: the value is read by the controller at start and never written. */
export interface SecretDefinition extends Placed {
  readonly name: string;
  readonly source: { readonly kind: "env" | "file"; readonly name: string };
}

export type InstallerKind = "none" | "tar" | "zip" | "script";
export type TransferKind = "web" | "file";

export interface SoftwareDefinition extends Placed {
  readonly name: string;
  readonly installer: InstallerKind;
  readonly packages: readonly PackageDefinition[];
  /** How long one host may take to fetch and install it. */
  readonly deadlineMs: number;
}

export interface PackageDefinition extends Placed {
  readonly name: string;
  readonly transfer: TransferKind;
  /** URL (`web`), or a path on the controller's computer relative to the specification (`file`). */
  readonly path: string;
  /** File name below the host's work directory; for tar and zip the folder to unpack into ("" = the work directory itself). */
  readonly destPath: string;
  /** 64 lower-case hex digits, or undefined when the author gave none. */
  readonly sha256: string | undefined;
}

export interface ComponentDefinition extends Placed {
  readonly name: string;
  readonly hostsMin: number;
  readonly hostsMax: number;
  /** Names of software definitions, in the order of installation. */
  readonly software: readonly Reference[];
  readonly resources: readonly ResourceReference[];
  /** Account that its processes run as; undefined = whoever the client runs as. */
  readonly user: string | undefined;
}

/** A name that refers to a definition elsewhere in the file. */
export interface Reference extends Placed {
  readonly name: string;
}

/** Candidates: the hosts of a resource manager, narrowed to a group and to a node set. */
export interface ResourceReference extends Placed {
  readonly type: string;
  readonly group: string | undefined;
  readonly hosts: string | undefined;
}

export interface Experiment extends Placed {
  readonly name: string;
  readonly deadlineMs: number;
  /** Stop gracefully, as a success, after this long; for applications of services. */
  readonly durationMs: number | undefined;
  /** How long clients go on without their controller before they stop and clean up. */
  readonly controllerAbsenceMs: number;
  readonly componentBlocks: readonly ComponentBlock[];
}

export interface ComponentBlock extends Placed {
  readonly name: string;
  readonly component: Reference;
  /** In document order; children run in parallel unless ordered by predecessors or barriers. */
  readonly children: readonly Block[];
  readonly collects: readonly CollectRule[];
  /** Recognised and not yet run; such a specification loads, and its check has an error for each. */
  readonly workflowBlocks?: readonly WorkflowBlock[];
}

/** Its contents are kept in the text and not looked at. */
export interface WorkflowBlock extends Placed {
  readonly name: string;
}

export type Block = ProcessBlock | BarrierBlock;

export interface ProcessBlock extends Placed {
  readonly kind: "process";
  readonly name: string;
  readonly predecessors: readonly Reference[];
  readonly process: ProcessDefinition;
}

export interface BarrierBlock extends Placed {
  readonly kind: "barrier";
  readonly name: string;
  readonly predecessors: readonly Reference[];
  readonly barrier: BarrierDefinition;
}

/** Barriers of the same name in several component blocks are one shared barrier. */
export interface BarrierDefinition extends Placed {
  readonly name: string;
  /** "1" is the full barrier, the only kind so far. */
  readonly type: string;
  /** Hosts that must arrive; "all" = every host of every component block that names it. */
  readonly max: number | "all";
  /** Counted from the first arrival. */
  readonly deadlineMs: number;
}

export interface ProcessDefinition extends Placed {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  /** Relative to the work directory; "" is the work directory itself. */
  readonly cwd: string;
  readonly environment: readonly EnvironmentVariable[];
  readonly user: string | undefined;
  readonly exitPolicies: readonly ExitPolicy[];
  /** Undefined: bounded only by the deadline of the run. */
  readonly deadlineMs: number | undefined;
  /** Runs until stopped; its block counts as done once it is healthy (or started, without a check). */
  readonly service: boolean;
  readonly healthCheck: HealthCheck | undefined;
  readonly limits: ResourceLimits;
  readonly stopGraceMs: number;
  readonly collects: readonly CollectRule[];
}

export type EnvironmentVariable = Placed & { readonly name: string } & (
    | { readonly kind: "value"; readonly value: string }
    | { readonly kind: "secret"; readonly secret: string }
  );

/** What ended: an exit status range, any other status than 0, a signal, a deadline, failed health checks, or no start at all. */
export type ExitCondition =
  | { readonly kind: "status"; readonly from: number; readonly to: number }
  | { readonly kind: "nonzero" }
  | { readonly kind: "signal"; readonly signal: string | undefined }
  | { readonly kind: "deadline" }
  | { readonly kind: "unhealthy" }
  | { readonly kind: "notStarted" };

/**
 * continue: successors run, the exit still counts as a failure unless it is status 0.
 * ignore: successors run and it counts as a success. fail: the host's block fails (default for all but status 0).
 * restart: same host again, `limit` times, then fail. replace: give the host up and take another. abort: end the run.
 */
export type ExitAction = "continue" | "ignore" | "fail" | "restart" | "replace" | "abort";

export interface ExitPolicy extends Placed {
  readonly condition: ExitCondition;
  readonly action: ExitAction;
  /** Restarts only: how many, and the first delay, doubled each time up to `delayMsMax`. */
  readonly limit: number;
  readonly delayMs: number;
  readonly delayMsMax: number;
}

export interface HealthCheck extends Placed {
  readonly probe:
    | { readonly kind: "command"; readonly path: string; readonly args: readonly string[] }
    | { readonly kind: "port"; readonly port: string }
    | { readonly kind: "http"; readonly url: string };
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Consecutive failures until it counts as unhealthy. */
  readonly failures: number;
  /** How long after the start a service may take to become healthy for the first time. */
  readonly startMs: number;
}

/** Undefined = the host's own limits. Bytes, except for the counts. */
export interface ResourceLimits {
  readonly openFiles: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly fileSizeBytes: number | undefined;
  readonly cpuSeconds: number | undefined;
  readonly processes: number | undefined;
  /** Output kept at the controller per stream: head and tail beyond it are kept, the middle is cut and marked. */
  readonly outputBytes: number | undefined;
}

/** `<collect path="results/*.json"/>`: files taken from the work directory after the run. */
export interface CollectRule extends Placed {
  readonly path: string;
  readonly optional: boolean;
}
