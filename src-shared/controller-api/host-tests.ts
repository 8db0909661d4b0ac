// What a test of hosts says: step by step what a client would need there; plain data for every face.

/** In the order in which they are taken; what comes behind one that failed may be missing. */
export const HOST_TEST_STEPS = [
  "resolve",
  "connect",
  "host key",
  "login",
  "shell",
  "system",
  "disk",
  "node",
  "clock",
  "sudo",
  "way back",
  "client port",
] as const;
/** Also `jump HOST`, for what is wrong on the way. */
export type HostTestStep = (typeof HOST_TEST_STEPS)[number] | (string & {});

export interface HostCheck {
  readonly step: HostTestStep;
  /** `warning`: a run works, but a person should know. */
  readonly outcome: "ok" | "warning" | "failed";
  /** What was found, or the host's own words; may be empty. */
  readonly detail: string;
  /** What to do about it; empty when nothing is to be done. */
  readonly remedy: string;
  /** Of a failure: nobody answered, as opposed to an answer that says no. */
  readonly unreachable: boolean;
}

export interface HostTest {
  readonly host: string;
  readonly checks: readonly HostCheck[];
}

export interface HostTestOptions {
  /** Hosts tested at once. */
  readonly fanout: number;
  /** A node set, and/or a group; undefined both = all of the directory; `exclude` is taken away. */
  readonly hosts: string | undefined;
  readonly group: string | undefined;
  readonly exclude: string | undefined;
  /** Users that something is to run as: may the login become them? */
  readonly users: readonly string[];
  /** Also those that components of the loaded application need, each on the hosts that the component may get. */
  readonly components: boolean;
  /** Keys that nobody knows, where the policy is to ask; default: ask. */
  readonly newKeys?: NewKeys | undefined;
}

/** `list`: nobody is asked about each; they are among `hostKeys`, where a person decides about all of them. */
export type NewKeys = "ask" | "list";

export type HostTestResult =
  | { readonly kind: "tested"; readonly hosts: number }
  /** Given up before all were tested: those that are missing were told as not tested. */
  | { readonly kind: "stopped" }
  | { readonly kind: "refused"; readonly exitCode: number; readonly reason: string };

/** Tests that go on. */
export interface HostTesting {
  readonly ended: Promise<HostTestResult>;
  stop(): void;
}
