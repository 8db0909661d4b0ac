// Checks what single processes and packages say: paths, addresses, exit policies, services, health checks.
import type {
  CollectRule,
  ExitPolicy,
  PackageDefinition,
  ProcessDefinition,
  SoftwareDefinition,
  Span,
} from "./application.ts";
import type { CheckContext } from "./check-context.ts";

export function checkProcesses(context: CheckContext): void {
  for (const software of context.project.software) checkSoftware(software, context);
  const policies = new Map<number, { readonly policy: ExitPolicy; applies: boolean }>();
  for (const block of context.componentBlocks) {
    checkCollects(block.collects, context);
    for (const child of block.children) {
      if (child.kind !== "process") continue;
      checkProcess(child.process, context);
      for (const { policy, applies } of judgedPolicies(child.process)) {
        const entry = policies.get(policy.span.start) ?? { policy, applies: false };
        policies.set(policy.span.start, { policy, applies: entry.applies || applies });
      }
    }
  }
  for (const { policy, applies } of policies.values()) {
    if (!applies)
      context.problems.warning(
        policy.span.start,
        `this exit policy never applies: ${whyNever(policy)}`,
        "Delete it, or move it up.",
      );
  }
}

const ABSOLUTE = /^(?:[/\\]|[A-Za-z]:[/\\])/;

function leavesFolder(path: string): boolean {
  return path.split(/[/\\]/).includes("..");
}

function checkSoftware(software: SoftwareDefinition, context: CheckContext): void {
  const { problems, places } = context;
  if (software.packages.length === 0) {
    problems.warning(
      software.span.start,
      `software '${software.name}' has no packages`,
      "Add a <package>, or delete the software.",
    );
  }
  const destinations = new Set<string>();
  for (const one of software.packages) {
    checkPackage(one, context);
    const unpacked = software.installer === "tar" || software.installer === "zip";
    if (!unpacked && one.destPath !== "" && destinations.has(one.destPath)) {
      const message = `two packages of '${software.name}' are written to '${one.destPath}'`;
      problems.error(places.inner(one.span, "dest_path"), message, "Give them different dest_paths.");
    }
    destinations.add(one.destPath);
  }
}

function checkPackage(
  { path, destPath, transfer, sha256, span, name }: PackageDefinition,
  { problems, places }: CheckContext,
): void {
  if (transfer === "web" && path !== "" && !/^https?:\/\/[^\s/?#]/i.test(path) && !path.startsWith("${")) {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(path)?.[1];
    const message =
      scheme === undefined ? `'${path}' is no web address` : `packages cannot be fetched by ${scheme}`;
    problems.error(
      places.inner(span, "path"),
      message,
      'Write http://… or https://…, or type="file" for a file of this computer.',
    );
  }
  if (transfer === "web" && /^http:/i.test(path) && sha256 === undefined) {
    const message = `package '${name}' comes over http without a sha256: anybody on the way could change it`;
    problems.warning(places.inner(span, "path"), message, 'Use https, or add sha256="…".');
  }
  if (ABSOLUTE.test(destPath) || leavesFolder(destPath)) {
    const message = `dest_path '${destPath}' leads out of the work directory`;
    problems.error(
      places.inner(span, "dest_path"),
      message,
      "Write a path below it, without a leading / and without '..'.",
    );
  }
}

function checkCollects(rules: readonly CollectRule[], { problems, places }: CheckContext): void {
  for (const { path, span } of rules) {
    if (!ABSOLUTE.test(path) && !leavesFolder(path)) continue;
    const message = `the files '${path}' lie outside of the work directory`;
    problems.error(
      places.attribute(span, "path"),
      message,
      "Write a path below it, without a leading / and without '..'.",
    );
  }
}

function checkProcess(process: ProcessDefinition, context: CheckContext): void {
  const { problems, places } = context;
  const { cwd, span, name } = process;
  checkCollects(process.collects, context);
  if (ABSOLUTE.test(cwd) || leavesFolder(cwd)) {
    const message = `'${name}' runs in '${cwd}', outside of the work directory, which is not cleaned up`;
    problems.warning(
      places.inner(span, "cwd"),
      message,
      "Write a path below the work directory, or leave it empty.",
    );
  }
  if (process.service && process.deadlineMs !== undefined) {
    const message = `service '${name}' has a deadline, which would end it as a failure`;
    problems.warning(
      places.attribute(span, "deadline"),
      message,
      "Delete it; <experiment duration=…> ends services as a success.",
    );
  }
  checkHealthCheck(process, context);
}

function checkHealthCheck(
  { healthCheck, service, deadlineMs }: ProcessDefinition,
  { problems, places }: CheckContext,
): void {
  if (healthCheck === undefined) return;
  const { probe, span, startMs } = healthCheck;
  if (probe.kind === "port" && !probe.port.includes("${") && !isPort(probe.port)) {
    problems.error(
      places.attribute(span, "port"),
      `'${probe.port}' is no port`,
      "Write a number from 1 to 65535, or a variable.",
    );
  }
  if (probe.kind === "http" && !/^https?:\/\/[^\s/]/i.test(probe.url) && !probe.url.startsWith("${")) {
    problems.error(
      places.attribute(span, "http"),
      `'${probe.url}' is no web address`,
      "Write http://… or https://….",
    );
  }
  if (!service && deadlineMs !== undefined && startMs >= deadlineMs) {
    const message = "the health check's start is not shorter than the deadline of the process";
    problems.warning(places.attribute(span, "start"), message, "Shorten it, or give the process more time.");
  }
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

interface JudgedPolicy {
  readonly policy: ExitPolicy;
  readonly applies: boolean;
}

const STATUSES = 256;

/** The first policy that fits an end decides: what earlier ones take entirely, later ones never get. */
function judgedPolicies(process: ProcessDefinition): JudgedPolicy[] {
  if (process.exitPolicies.length === 0) return [];
  const taken = { statuses: new Uint8Array(STATUSES), signals: new Set<string>(), kinds: new Set<string>() };
  return process.exitPolicies.map((policy) => {
    const { condition } = policy;
    switch (condition.kind) {
      case "status": {
        const range = taken.statuses.subarray(condition.from, condition.to + 1);
        const applies = range.includes(0);
        range.fill(1);
        return { policy, applies };
      }
      case "signal": {
        const applies =
          !taken.kinds.has("signal") &&
          !(condition.signal !== undefined && taken.signals.has(condition.signal));
        if (condition.signal === undefined) taken.kinds.add("signal");
        else taken.signals.add(condition.signal);
        return { policy, applies };
      }
      case "nonzero":
        taken.statuses.fill(1, 1);
        return { policy, applies: firstOf(condition.kind, taken.kinds) };
      case "deadline":
        return { policy, applies: firstOf(condition.kind, taken.kinds) && process.deadlineMs !== undefined };
      case "unhealthy":
        return { policy, applies: firstOf(condition.kind, taken.kinds) && process.healthCheck !== undefined };
      case "notStarted":
        return { policy, applies: firstOf(condition.kind, taken.kinds) };
    }
  });
}

function firstOf(kind: string, kinds: Set<string>): boolean {
  const first = !kinds.has(kind);
  kinds.add(kind);
  return first;
}

function whyNever({ condition }: ExitPolicy): string {
  switch (condition.kind) {
    case "deadline":
      return "the process has no deadline, or an earlier policy takes it";
    case "unhealthy":
      return "the process has no health check, or an earlier policy takes it";
    case "status":
    case "nonzero":
    case "signal":
    case "notStarted":
      return "earlier ones take all that it stands for";
  }
}

/** The run's own times. */
export function checkExperiment({ experiment, componentBlocks, problems, places }: CheckContext): void {
  if (experiment === undefined) return;
  const { span, durationMs, deadlineMs } = experiment;
  if (componentBlocks.length === 0) {
    problems.error(
      span.start,
      `experiment '${experiment.name}' has nothing to run`,
      "Add a <component_block> to its <execution>.",
    );
  }
  for (const block of componentBlocks) {
    for (const workflow of block.workflowBlocks ?? []) tellWorkflow(workflow.span, workflow.name);
    if (block.children.length > 0 || block.workflowBlocks !== undefined) continue;
    problems.warning(
      block.span.start,
      `component block '${block.name}' has nothing to run`,
      "Add a <process_block> to it.",
    );
  }
  if (durationMs !== undefined && durationMs >= deadlineMs) {
    const message =
      "the duration of the experiment is not shorter than its deadline, which would end it as a failure";
    problems.warning(
      places.attribute(span, "duration"),
      message,
      "Raise the deadline (24h unless given), or shorten the duration.",
    );
  }

  function tellWorkflow(place: Span, name: string): void {
    const message = `workflow block${name === "" ? "" : ` '${name}'`}: workflows are not supported yet`;
    problems.error(place.start, message, "Delete it, or use process blocks.");
  }
}
