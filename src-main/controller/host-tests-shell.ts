// Tests hosts, a bounded number at a time, and tells of each as soon as it is done; changes nothing on them.
import type {
  HostCheck,
  HostTest,
  HostTesting,
  HostTestOptions,
  HostTestResult,
  NewKeys,
} from "#shared/controller-api/host-tests.ts";
import {
  entriesOf,
  type HostEntry,
  type ResourceDirectory,
} from "#shared/resource-directory/resource-directory.ts";
import type { ApplicationSpecification } from "#shared/application/application.ts";
import type { HostId } from "#shared/base/ids.ts";
import { chooseHosts } from "./command-plan.ts";
import { usersByHost } from "./users-by-host.ts";

/** A host's steps have deadlines of their own; this is their sum, for whatever hangs between them, and a question. */
const HOST_MS = 300_000;

/** The password of an account, for sudo; `wrong`: what was given for it before is. */
export type AskSudoPassword = (account: string, wrong: boolean) => Promise<string | undefined>;

export type TestHost = (
  host: HostEntry,
  options: {
    readonly users: readonly string[];
    readonly password: AskSudoPassword;
    readonly newKeys: NewKeys;
    readonly signal: AbortSignal;
  },
) => Promise<readonly HostCheck[]>;

export interface HostTestParts {
  readonly testHost: TestHost;
  readonly passwords: (
    host: HostId,
    account: string,
    wrong: boolean,
    signal: AbortSignal,
  ) => Promise<string | undefined>;
  readonly listener: (test: HostTest) => void;
}

export interface LoadedForTest {
  readonly directory: ResourceDirectory | undefined;
  readonly specification: ApplicationSpecification | undefined;
}

export function testHosts(
  loaded: LoadedForTest,
  options: HostTestOptions,
  parts: HostTestParts,
): HostTesting {
  const stopping = new AbortController();
  return {
    ended: testAll(loaded, options, parts, stopping.signal),
    stop: () => stopping.abort(),
  };
}

async function testAll(
  { directory, specification }: LoadedForTest,
  options: HostTestOptions,
  { testHost, passwords, listener }: HostTestParts,
  signal: AbortSignal,
): Promise<HostTestResult> {
  if (directory === undefined) return refused("no resource directory is loaded");
  const needed =
    specification === undefined || !options.components ? undefined : usersByHost(specification, directory);
  const choice = chooseHosts(directory, options);
  if (choice.kind === "refused") return refused(choice.message);
  const waiting = entriesOf(directory, choice.hosts).values();
  const { newKeys = "ask" } = options;
  const worker = async (): Promise<void> => {
    for (const host of waiting) {
      if (signal.aborted) return;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(HOST_MS)]);
      const users = [...new Set([...options.users, ...(needed?.get(host.id) ?? [])])];
      const password: AskSudoPassword = (account, wrong) => passwords(host.id, account, wrong, limit);
      const checks = await testHost(host, { users, password, newKeys, signal: limit });
      if (!signal.aborted) listener({ host: host.id, checks });
    }
  };
  const count = Math.min(Math.max(1, options.fanout), choice.hosts.length);
  await Promise.all(Array.from({ length: count }, worker));
  return signal.aborted ? { kind: "stopped" } : { kind: "tested", hosts: choice.hosts.length };
}

function refused(reason: string): HostTestResult {
  return { kind: "refused", exitCode: 6, reason };
}
