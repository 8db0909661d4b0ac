// Tests hosts, a bounded number at a time, and tells of each as soon as it is done; changes nothing on them.
import type {
  HostCheck,
  HostTest,
  HostTesting,
  HostTestOptions,
  HostTestResult,
} from "#shared/controller-api/host-tests.ts";
import {
  entriesOf,
  type HostEntry,
  type ResourceDirectory,
} from "#shared/resource-directory/resource-directory.ts";
import { chooseHosts } from "./command-plan.ts";

/** A host's steps have deadlines of their own; this is their sum, for whatever hangs between them. */
const HOST_MS = 180_000;

export type TestHost = (
  host: HostEntry,
  options: { readonly users: readonly string[]; readonly signal: AbortSignal },
) => Promise<readonly HostCheck[]>;

export function testHosts(
  directory: ResourceDirectory | undefined,
  options: HostTestOptions,
  testHost: TestHost,
  listener: (test: HostTest) => void,
): HostTesting {
  const stopping = new AbortController();
  return {
    ended: testAll(directory, options, { testHost, listener, signal: stopping.signal }),
    stop: () => stopping.abort(),
  };
}

interface Parts {
  readonly testHost: TestHost;
  readonly listener: (test: HostTest) => void;
  readonly signal: AbortSignal;
}

async function testAll(
  directory: ResourceDirectory | undefined,
  options: HostTestOptions,
  { testHost, listener, signal }: Parts,
): Promise<HostTestResult> {
  if (directory === undefined) return refused("no resource directory is loaded");
  const choice = chooseHosts(directory, options);
  if (choice.kind === "refused") return refused(choice.message);
  const waiting = entriesOf(directory, choice.hosts).values();
  const worker = async (): Promise<void> => {
    for (const host of waiting) {
      if (signal.aborted) return;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(HOST_MS)]);
      const checks = await testHost(host, { users: options.users, signal: limit });
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
