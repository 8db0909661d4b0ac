// Runs as event lists for the tests: short ways to write what a controller would have emitted.
import type { ProcessEvent, RunEvent, RunEventBody } from "#shared/controller-api/run-events.ts";
import { START_MS } from "./test-world.ts";

const RUN = "20260101-roundrobin";

/** Each event comes `stepMs` after the one before. */
export function recorded(bodies: readonly RunEventBody[], stepMs = 100): readonly RunEvent[] {
  return bodies.map((body, index) => ({
    ...body,
    time: new Date(START_MS + index * stepMs).toISOString(),
    run: RUN,
  }));
}

export const matching = (component: string, hosts: string, count: number): RunEventBody => ({
  event: "matching",
  component,
  hosts,
  count,
  wanted: { min: count, max: count },
});
export const host = (
  name: string,
  component: string,
  state: Extract<RunEventBody, { event: "host" }>["state"],
  failure: { step?: string; reason?: string; remedy?: string } = {},
): RunEventBody => ({
  event: "host",
  host: name,
  component,
  state,
  ...failure,
});
export const installed = (name: string, component: string, software: string): RunEventBody => ({
  event: "software",
  host: name,
  component,
  software,
  state: "installed",
});
export const stage = (
  component: string,
  name: Extract<RunEventBody, { event: "stage" }>["stage"],
  done: number,
  total: number,
): RunEventBody => ({ event: "stage", component, stage: name, done, total });

export function processEvent(
  name: string,
  component: string,
  more: Pick<ProcessEvent, "state"> & Partial<ProcessEvent>,
): RunEventBody {
  return {
    event: "process",
    host: name,
    component,
    block: "p1/cb1/roundrobin",
    process: "p1",
    attempt: 1,
    ...more,
  };
}
export const started = (name: string, component: string): RunEventBody =>
  processEvent(name, component, { state: "started", pid: 42 });
export const exited = (name: string, component: string, status: number): RunEventBody =>
  processEvent(name, component, {
    state: "exited",
    exit: { status, signal: undefined, cause: "itself" },
    usage: { wallMs: 10, cpuMs: 5, memoryBytesMax: undefined },
  });
export const output = (name: string, text: string, stream: "stdout" | "stderr" = "stdout"): RunEventBody => ({
  event: "output",
  host: name,
  process: "p1",
  block: "p1/cb1/roundrobin",
  attempt: 1,
  stream,
  offset: 0,
  text,
});
export const begun: RunEventBody = {
  event: "run",
  state: "matching",
  version: 1,
  application: "/app/application.xml",
  experiment: "roundrobin",
};
export const runState = (state: Extract<RunEventBody, { event: "run" }>["state"]): RunEventBody => ({
  event: "run",
  state,
  version: 1,
});

export function runEnd(
  state: "finished" | "failed" | "aborted",
  exitCode: number,
  reason: string,
  hosts = { succeeded: "", failed: "", unreachable: "", replaced: "" },
): RunEventBody {
  return {
    event: "run",
    state,
    version: 1,
    exitCode,
    reason,
    results: "/results/run-1",
    hosts,
    durationMs: 4200,
  };
}

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `client${index + 1}`);

/** One master, three clients, everything well. */
export const bringing = (name: string, doing: "fetching" | "sending", bytes: number): RunEventBody => ({
  event: "deploying",
  host: name,
  component: "Clients",
  doing,
  what: "Node 24.21.0",
  bytes,
});

export const successfulRun: readonly RunEvent[] = recorded([
  begun,
  matching("Master", "master", 1),
  matching("Clients", "client[1-3]", 3),
  runState("connecting"),
  host("master", "Master", "connecting"),
  ...names(3).map((name) => host(name, "Clients", "connecting")),
  runState("preparing"),
  host("master", "Master", "preparing node"),
  ...names(3).map((name) => host(name, "Clients", "preparing node")),
  installed("master", "Master", "master"),
  ...names(3).map((name) => installed(name, "Clients", "client")),
  stage("Master", "running", 0, 1),
  stage("Clients", "running", 0, 3),
  runState("running"),
  started("master", "Master"),
  ...names(3).map((name) => started(name, "Clients")),
  output("master", "listening on 27431\n"),
  ...names(3).map((name) => output(name, `hello from ${name}\n`)),
  { event: "barrier", barrier: "ready", state: "reached", host: "client1", arrived: 1, max: 3 },
  { event: "barrier", barrier: "ready", state: "released", arrived: 3, max: 3, waitedMs: 210 },
  ...names(3).map((name) => exited(name, "Clients", 0)),
  exited("master", "Master", 0),
  ...names(3).map((name) => host(name, "Clients", "finished")),
  host("master", "Master", "finished"),
  stage("Master", "finished", 1, 1),
  stage("Clients", "finished", 3, 3),
  runState("stopping"),
  runState("cleaning up"),
  runEnd("finished", 0, "all processes finished", {
    succeeded: "client[1-3],master",
    failed: "",
    unreachable: "",
    replaced: "",
  }),
]);

/** Everything that can go wrong, once. */
export const troubledRun: readonly RunEvent[] = recorded([
  begun,
  matching("Clients", "client[1-8]", 8),
  ...names(8).map((name) => host(name, "Clients", "connecting")),
  bringing("client9", "fetching", 0),
  bringing("client9", "sending", 44_617_929),
  host("client7", "Clients", "failed", {
    step: "connect",
    reason: "connection refused on port 22",
    remedy: "Start sshd there, or correct the port.",
  }),
  host("client8", "Clients", "failed", {
    step: "connect",
    reason: "connection refused on port 22",
    remedy: "Start sshd there, or correct the port.",
  }),
  { event: "replaced", component: "Clients", host: "client7", by: "client9", reason: "connection refused" },
  { event: "replaced", component: "Clients", host: "client8", by: null, reason: "connection refused" },
  ...names(6).map((name) => host(name, "Clients", "preparing node")),
  {
    event: "software",
    host: "client6",
    component: "Clients",
    software: "tool",
    state: "failed",
    step: "unpack",
    reason: "no space left on device",
  },
  host("client6", "Clients", "failed", { step: "unpack tool", reason: "no space left on device" }),
  ...names(5).map((name) => installed(name, "Clients", "tool")),
  { event: "waiting", for: "hosts to connect", hosts: "client9", sinceMs: 12_000, deadlineMs: 60_000 },
  stage("Clients", "running", 0, 5),
  ...names(5).map((name) => started(name, "Clients")),
  output("client1", "\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u202egnp.exe\n"),
  output("client2", "10%\r20%\r100%\r\nafter\n"),
  output("client3", "no newline"),
  output("client4", "cannot read input.dat\nno such file\n", "stderr"),
  output("client5", "cannot read input.dat\nno such file\n", "stderr"),
  exited("client4", "Clients", 3),
  exited("client5", "Clients", 3),
  processEvent("client3", "Clients", {
    state: "exited",
    exit: { status: undefined, signal: "SIGKILL", cause: "deadline" },
  }),
  processEvent("client3", "Clients", { state: "restarting", attempt: 2, delayMs: 1500 }),
  processEvent("client2", "Clients", { state: "unhealthy", reason: "port 80 refused" }),
  processEvent("client2", "Clients", { state: "healthy" }),
  processEvent("client1", "Clients", {
    state: "notStarted",
    step: "start",
    reason: "spawn /bin/nothing ENOENT",
  }),
  { event: "barrier", barrier: "b 1", state: "reached", host: "client2", arrived: 1, max: 8 },
  {
    event: "barrier",
    barrier: "b 1",
    state: "impossible",
    arrived: 1,
    max: 8,
    reason: "only 4 hosts are left",
  },
  { event: "barrier", barrier: "b 2", state: "forced", arrived: 2, max: 8, reason: "by hand" },
  { event: "barrier", barrier: "b 3", state: "timedOut", arrived: 2, max: 8, reason: "30 s after the first" },
  {
    event: "problem",
    severity: "warning",
    hosts: "client[1-3]",
    step: "collect",
    message: "results/*.json: nothing matches",
    remedy: "check the path of the collect element",
  },
  { event: "problem", severity: "error", hosts: "", step: "run", message: "no host is left", remedy: "" },
  {
    event: "problem",
    severity: "note",
    hosts: "client1",
    step: "connection",
    message: "link is back",
    remedy: "nothing was lost",
  },
  { event: "block", host: "client4", block: "p1/cb1/roundrobin", outcome: "failed", reason: "exit status 3" },
  { event: "collected", host: "client1", file: "results/a.json", size: 12 },
  host("client4", "Clients", "failed", { step: "run", reason: "p1: exit status 3" }),
  host("client5", "Clients", "failed", { step: "run", reason: "p1: exit status 3" }),
  runEnd("failed", 4, "failed on client[4-6]; unreachable: client[7-8]", {
    succeeded: "client[2-3]",
    failed: "client[4-6]",
    unreachable: "client[7-8]",
    replaced: "client7",
  }),
]);

const fold = (name: string, text: string, stream: "stdout" | "stderr" = "stdout"): RunEventBody =>
  ({ ...output(name, text, stream), process: "command", block: "command/hosts/command" }) as RunEventBody;

/** A command on five hosts: one text in common, one differs, one fails, one cannot be reached. */
export const commandRun: readonly RunEvent[] = recorded([
  { ...begun, application: "uname -r", experiment: "command" },
  matching("hosts", "n[1-5]", 5),
  ...[1, 2, 3, 4].map((index) => host(`n${index}`, "hosts", "executing")),
  host("n5", "hosts", "failed", {
    step: "connect",
    reason: "connection refused on port 22",
    remedy: "Start sshd there, or correct the port.",
  }),
  fold("n1", "6.1"),
  fold("n2", "6.1\n"),
  fold("n1", ".0\n"),
  fold("n3", "6.1.0\n"),
  fold("n4", "command not found: uname\n", "stderr"),
  ...[1, 2, 3].map((index) => exited(`n${index}`, "hosts", 0)),
  exited("n4", "hosts", 127),
  host("n4", "hosts", "failed", { step: "run", reason: "exit status 127" }),
  runEnd("failed", 4, "failed on n4; unreachable: n5"),
]);
