// Real processes for tests: the real collaborators wired by hand, events that can be awaited, and a search for leftovers.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ResourceLimits } from "#shared/application/application.ts";
import { createRedactor } from "../../../src-client/core/redact.ts";
import { createEndProcesses } from "../../../src-client/processes/end-processes.ts";
import { createLaunch } from "../../../src-client/processes/launch.ts";
import { createOutputPipes } from "../../../src-client/processes/output-pipes.ts";
import { createProcessTable } from "../../../src-client/processes/process-table.ts";
import { createClientToken, markOf } from "../../../src-client/processes/process-marker.ts";
import {
  createProcesses,
  type ProcessEvent,
  type ProcessesSettings,
  type StartRequest,
} from "../../../src-client/processes/processes.ts";
import { RunAsUsers } from "../../../src-client/processes/run-as.ts";
import type { LaunchParts } from "../../../src-client/processes/launch.ts";
import type { SudoWay } from "../../../src-client/processes/sudo-command.ts";
import { createUsageSampler } from "../../../src-client/processes/usage-sampler.ts";
import { RING_BYTES } from "../../../src-client/processes/ring-file.ts";
import type { StreamName } from "#shared/protocol/bulk.ts";

export const NO_LIMITS: ResourceLimits = {
  openFiles: undefined,
  memoryBytes: undefined,
  fileSizeBytes: undefined,
  cpuSeconds: undefined,
  processes: undefined,
  outputBytes: undefined,
};

export type Kind = ProcessEvent["kind"];
export type EventOf<K extends Kind> = Extract<ProcessEvent, { kind: K }>;

export async function createProcessWorld(
  changes: Partial<ProcessesSettings> = {},
  runAs: LaunchParts["findRunAs"] = (user) => new RunAsUsers().find(user),
) {
  const directory = await mkdtemp(join(tmpdir(), "nebula-processes-"));
  const token = createClientToken();
  const events: ProcessEvent[] = [];
  const waiting = new Set<() => void>();
  const listener = (event: ProcessEvent): void => {
    events.push(event);
    for (const look of [...waiting]) look();
  };
  const table = createProcessTable();
  const endProcesses = createEndProcesses(table);
  const pipes = createOutputPipes({ directory });
  const launch = createLaunch({ pipes, findRunAs: runAs });
  const usage = createUsageSampler();
  const sudoWays: SudoWay[] = [];
  const processes = createProcesses(
    { listener, launch, endProcesses, usage, createRedactor, onSudo: (way) => sudoWays.push(way) },
    { token, outputDirectory: directory, ringBytes: RING_BYTES, leaveChildren: false, ...changes },
  );

  /** The first event that fits, now or later; the test's own time-out bounds it. */
  const until = <K extends Kind>(
    kind: K,
    id: string,
    fits: (event: EventOf<K>) => boolean = () => true,
  ): Promise<EventOf<K>> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = events.find(
          (event): event is EventOf<K> => event.kind === kind && event.id === id && fits(event as EventOf<K>),
        );
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });

  const read = async (id: string, stream: StreamName = "stdout"): Promise<Buffer> => {
    const ring = processes.output(id, stream);
    const parts: Uint8Array[] = [];
    for (let at = ring?.oldest ?? 0; ring !== undefined && at < ring.produced;) {
      const { offset, bytes } = await ring.read(at, 65_536);
      if (bytes.length === 0) break;
      parts.push(bytes);
      at = offset + bytes.length;
    }
    return Buffer.concat(parts);
  };

  return {
    directory,
    token,
    events,
    processes,
    table,
    endProcesses,
    launch,
    sudoWays,
    until,
    read,
    /** Of standard output, once some text has come. */
    untilPrinted: async (id: string, text: string): Promise<string> => {
      for (let seen = 0; ;) {
        const { produced } = await until(
          "output",
          id,
          (event) => event.stream === "stdout" && event.produced > seen,
        );
        const all = (await read(id)).toString();
        if (all.includes(text)) return all;
        seen = produced;
      }
    },
    start: (id: string, changed: Partial<StartRequest>): void => {
      processes.start({
        id,
        run: "run-1",
        path: "/bin/sh",
        args: [],
        cwd: join(directory, "work"),
        workDirectory: join(directory, "work"),
        environment: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
        user: undefined,
        limits: NO_LIMITS,
        wantsInput: false,
        secrets: [],
        ...changed,
      });
    },
    /** Names of all processes that still carry a mark of this world. */
    left: async (): Promise<string[]> =>
      (await table.marked([markOf(token)])).map((found) => `${found.pid} ${found.name}`),
    close: async (): Promise<void> => {
      await processes.stopAll("run-1", 0);
      await endProcesses.endMarked([markOf(token)], 0);
      usage.close();
      await pipes.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type ProcessWorld = Awaited<ReturnType<typeof createProcessWorld>>;
