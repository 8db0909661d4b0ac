// Getting clients onto hosts, whatever the way: one implementation for each type of resource manager.
import type { NewKeys } from "#shared/controller-api/host-tests.ts";
import type { HostCheck } from "#shared/controller-api/host-tests.ts";
import type { HostEntry } from "#shared/resource-directory/resource-directory.ts";
import type { Duplex } from "node:stream";
import type { ClientCredentials } from "#shared/protocol/credentials.ts";
import type { LinkWay } from "#shared/base/link-way.ts";

/** Why a client could not be started: the step, and the host's own words. */
export interface DeployFailure {
  readonly step: string;
  readonly reason: string;
  /** What a person can do about it, one sentence; empty when nothing is known. */
  readonly remedy: string;
  /** Nobody answered there, as opposed to an answer that says no. */
  readonly unreachable: boolean;
}

/** A way to a client that has not come by itself: a stream on which it answers as it would on one that it has dialled. */
export interface ClientWay {
  readonly way: LinkWay;
  readonly open: (signal: AbortSignal) => Promise<WayResult>;
}

export type WayResult =
  | { readonly kind: "stream"; readonly stream: Duplex }
  | { readonly kind: "failed"; readonly failure: DeployFailure };

/** What takes long on the way to a client: told, so that people know and others need not wait. */
export interface DeployProgress {
  readonly doing: "fetching" | "sending";
  /** `Node 24.21.0`. */
  readonly what: string;
  /** That go to the host; 0 while that is not known. */
  readonly bytes: number;
}

/** A client that was started; it calls the controller by itself, where it can. */
export interface StartedClient {
  /** The others, the best first. */
  readonly ways: readonly ClientWay[];
  /** Resolves when the client finds that it cannot call, with why. May never resolve. */
  readonly unreached: Promise<string>;
  /** Resolves when it is known to have ended, with what is known of why. May never resolve. */
  readonly ended: Promise<string>;
  /** Ends it by force, for one that does not answer. Its keeper ends its processes. */
  kill(): void;
}

export type DeployResult =
  | { readonly kind: "started"; readonly client: StartedClient }
  | { readonly kind: "failed"; readonly failure: DeployFailure };

export interface StartOptions {
  readonly ways: readonly LinkWay[];
  readonly signal: AbortSignal;
  readonly tell: (progress: DeployProgress) => void;
  /** What follows costs nobody here anything: others may be contacted meanwhile. */
  readonly giveWay: () => void;
}

export interface TestOptions {
  /** Users that something is to run as. */
  readonly users: readonly string[];
  /** The password of an account there, for sudo; `wrong`: what was given for it before is. */
  readonly password: (account: string, wrong: boolean) => Promise<string | undefined>;
  readonly newKeys: NewKeys;
  readonly ways: readonly LinkWay[];
  readonly signal: AbortSignal;
}

export interface Deployment {
  /** Its hosts may be other computers: they dial this one by its addresses. */
  readonly isElsewhere: boolean;
  /** False: who is at the other end of its links is known without. */
  readonly needsCertificates: boolean;
  /**
   * Starts a client with these credentials, and prepares those ways to it that are wanted. Aborting ends what was
   * begun.
   */
  start(host: HostEntry, credentials: ClientCredentials, options: StartOptions): Promise<DeployResult>;
  /** Looks, step by step, whether a client would work there; leaves nothing. */
  test(host: HostEntry, options: TestOptions): Promise<readonly HostCheck[]>;
  /** Removes what a client that has ended left behind; what could not be removed, in words. */
  cleanUp(host: HostEntry, keep: boolean): Promise<readonly string[]>;
  close(): Promise<void>;
}
