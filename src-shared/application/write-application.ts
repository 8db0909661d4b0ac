// Writes new XML: single elements for the editor, and whole specifications for those that have no text yet.
import { DEFAULTS } from "./application-limits.ts";
import type {
  ApplicationSpecification,
  BarrierBlock,
  Block,
  CollectRule,
  ComponentBlock,
  ComponentDefinition,
  ExitCondition,
  ExitPolicy,
  Experiment,
  HealthCheck,
  PackageDefinition,
  ProcessBlock,
  ProcessDefinition,
  ResourceLimits,
  SoftwareDefinition,
} from "./application.ts";
import { writeDuration, writeSize } from "./durations.ts";
import { leaf, sketch, writeElement, type ElementSketch } from "./write-xml.ts";

/** Definitions that come from a person rather than from a text have no place in one. */
export type Unplaced<Definition> = Definition extends readonly (infer Item)[]
  ? readonly Unplaced<Item>[]
  : Definition extends object
    ? { readonly [Key in keyof Definition as Key extends "span" ? never : Key]: Unplaced<Definition[Key]> }
    : Definition;

/** What `parseApplication` reads back as the same specification, with the exit policies of blocks moved into their processes. */
export function writeApplication(specification: Unplaced<ApplicationSpecification>): string {
  const { rootName, project } = specification;
  const root = sketch(rootName, {}, [
    sketch("project", { name: project.name }, [
      ...project.variables.map(({ name, value }) => sketch("variable", { name, value })),
      ...project.secrets.map(({ name, source }) =>
        sketch("secret", { name, from: `${source.kind}:${source.name}` }),
      ),
      ...project.software.map((software) => softwareSketch(software)),
      ...project.components.map((component) => componentSketch(component)),
      ...(project.experiment === undefined ? [] : [experimentSketch(project.experiment)]),
    ]),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeElement(root)}\n`;
}

export function softwareSketch({
  name,
  installer,
  packages,
  deadlineMs,
}: Unplaced<SoftwareDefinition>): ElementSketch {
  const attributes = {
    name,
    type: installer,
    deadline: unlessDefault(deadlineMs, DEFAULTS.installDeadlineMs),
  };
  return sketch(
    "software",
    attributes,
    packages.map((one) => packageSketch(one)),
  );
}

function packageSketch({
  name,
  transfer,
  path,
  destPath,
  sha256,
}: Unplaced<PackageDefinition>): ElementSketch {
  const children = [leaf("path", path), ...(destPath === "" ? [] : [leaf("dest_path", destPath)])];
  return sketch("package", { name, type: transfer, sha256 }, children);
}

export function componentSketch(component: Unplaced<ComponentDefinition>): ElementSketch {
  const { name, user, hostsMin, hostsMax, software, resources } = component;
  const count =
    hostsMin === hostsMax
      ? leaf("num_hosts", String(hostsMin))
      : sketch("num_hosts", { min: String(hostsMin), max: String(hostsMax) });
  return sketch("component", { name, user }, [
    sketch("rspec", {}, [count]),
    ...software.map((reference) => sketch("software", { name: reference.name })),
    sketch(
      "resources",
      {},
      resources.map(({ type, group, hosts }) => sketch("resource", { type, group, hosts })),
    ),
  ]);
}

function experimentSketch(experiment: Unplaced<Experiment>): ElementSketch {
  const attributes = {
    name: experiment.name,
    deadline: unlessDefault(experiment.deadlineMs, DEFAULTS.runDeadlineMs),
    duration: durationOf(experiment.durationMs),
    controller_absence: unlessDefault(experiment.controllerAbsenceMs, DEFAULTS.controllerAbsenceMs),
  };
  return sketch("experiment", attributes, [
    sketch(
      "execution",
      {},
      experiment.componentBlocks.map((block) => componentBlockSketch(block)),
    ),
  ]);
}

export function componentBlockSketch(block: Unplaced<ComponentBlock>): ElementSketch {
  return sketch("component_block", { name: block.name }, [
    sketch("component", { name: block.component.name }),
    ...block.collects.map((rule) => collectSketch(rule)),
    ...block.children.map((child) => blockSketch(child)),
    ...(block.workflowBlocks ?? []).map(({ name }) => sketch("workflow_block", { name })),
  ]);
}

export function blockSketch(block: Unplaced<Block>): ElementSketch {
  return block.kind === "process" ? processBlockSketch(block) : barrierBlockSketch(block);
}

function processBlockSketch({ name, predecessors, process }: Unplaced<ProcessBlock>): ElementSketch {
  return sketch("process_block", { name }, [
    ...predecessors.map((predecessor) => sketch("predecessor", { name: predecessor.name })),
    processSketch(process),
  ]);
}

function barrierBlockSketch({ name, predecessors, barrier }: Unplaced<BarrierBlock>): ElementSketch {
  const attributes = {
    name: barrier.name,
    type: barrier.type,
    max: String(barrier.max),
    deadline: unlessDefault(barrier.deadlineMs, DEFAULTS.barrierDeadlineMs),
  };
  return sketch("barrier_block", { name }, [
    ...predecessors.map((predecessor) => sketch("predecessor", { name: predecessor.name })),
    sketch("barrier", attributes),
  ]);
}

function processSketch(process: Unplaced<ProcessDefinition>): ElementSketch {
  const attributes = {
    name: process.name,
    user: process.user,
    deadline: durationOf(process.deadlineMs),
    service: process.service ? "true" : undefined,
    stop_grace: unlessDefault(process.stopGraceMs, DEFAULTS.stopGraceMs),
  };
  const environment = process.environment.map((variable) =>
    variable.kind === "value"
      ? sketch("variable", { name: variable.name, value: variable.value })
      : sketch("variable", { name: variable.name, secret: variable.secret }),
  );
  return sketch("process", attributes, [
    leaf("path", process.path),
    ...commandLineSketch(process.args),
    ...(process.cwd === "" ? [] : [leaf("cwd", process.cwd)]),
    ...(environment.length === 0 ? [] : [sketch("environment", {}, environment)]),
    ...process.exitPolicies.map((policy) => exitPolicySketch(policy)),
    ...(process.healthCheck === undefined ? [] : [healthCheckSketch(process.healthCheck)]),
    ...limitsSketch(process.limits),
    ...process.collects.map((rule) => collectSketch(rule)),
  ]);
}

function commandLineSketch(args: readonly string[]): ElementSketch[] {
  return args.length === 0
    ? []
    : [
        sketch(
          "cmdline",
          {},
          args.map((argument) => leaf("arg", argument)),
        ),
      ];
}

export function exitPolicySketch({
  condition,
  action,
  limit,
  delayMs,
  delayMsMax,
}: Unplaced<ExitPolicy>): ElementSketch {
  const restart = action === "restart";
  return sketch("exit_policy", {
    ...conditionAttributes(condition),
    action,
    limit: restart && limit !== DEFAULTS.restartLimit ? String(limit) : undefined,
    delay: restart ? unlessDefault(delayMs, DEFAULTS.restartDelayMs) : undefined,
    delay_max: restart ? unlessDefault(delayMsMax, Math.max(delayMs, DEFAULTS.restartDelayMsMax)) : undefined,
  });
}

function conditionAttributes(condition: ExitCondition): Record<string, string> {
  switch (condition.kind) {
    case "status": {
      const { from, to } = condition;
      return { status: from === to ? String(from) : `${String(from)}-${String(to)}` };
    }
    case "nonzero":
      return { status: "nonzero" };
    case "signal":
      return { on: condition.signal === undefined ? "signal" : `signal:${condition.signal}` };
    case "notStarted":
      return { on: "not_started" };
    case "deadline":
    case "unhealthy":
      return { on: condition.kind };
  }
}

function healthCheckSketch(check: Unplaced<HealthCheck>): ElementSketch {
  const { probe } = check;
  const attributes = {
    port: probe.kind === "port" ? probe.port : undefined,
    http: probe.kind === "http" ? probe.url : undefined,
    interval: unlessDefault(check.intervalMs, DEFAULTS.healthIntervalMs),
    timeout: unlessDefault(check.timeoutMs, DEFAULTS.healthTimeoutMs),
    failures: check.failures === DEFAULTS.healthFailures ? undefined : String(check.failures),
    start: unlessDefault(check.startMs, DEFAULTS.healthStartMs),
  };
  const children =
    probe.kind === "command" ? [leaf("path", probe.path), ...commandLineSketch(probe.args)] : [];
  return sketch("health_check", attributes, children);
}

function limitsSketch(limits: ResourceLimits): ElementSketch[] {
  const attributes = {
    open_files: limits.openFiles?.toFixed(0),
    memory: sizeOf(limits.memoryBytes),
    file_size: sizeOf(limits.fileSizeBytes),
    cpu_seconds: limits.cpuSeconds?.toFixed(0),
    processes: limits.processes?.toFixed(0),
    output: sizeOf(limits.outputBytes),
  };
  const given = Object.values(attributes).some((value) => value !== undefined);
  return given ? [sketch("limits", attributes)] : [];
}

export function collectSketch({ path, optional }: Unplaced<CollectRule>): ElementSketch {
  return sketch("collect", { path, optional: optional ? "true" : undefined });
}

function durationOf(durationMs: number | undefined): string | undefined {
  return durationMs === undefined ? undefined : writeDuration(durationMs);
}

function unlessDefault(durationMs: number, defaultMs: number): string | undefined {
  return durationMs === defaultMs ? undefined : writeDuration(durationMs);
}

function sizeOf(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : writeSize(bytes);
}
