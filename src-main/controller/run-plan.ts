// What a run is going to do, worked out before anything is touched: plain data for the pure run.
import type {
  ApplicationSpecification,
  BarrierDefinition,
  Block,
  ComponentBlock,
  ComponentDefinition,
  ResourceReference,
  SoftwareDefinition,
} from "#shared/application/application.ts";
import { DEFAULTS } from "#shared/application/application-limits.ts";
import { blockPathOf, type HostId, type RunId } from "#shared/base/ids.ts";
import type { BlockPlan, ComponentBlockPlan, SoftwarePlan } from "#shared/protocol/commands.ts";

export interface RunPlan {
  readonly run: RunId;
  readonly application: string;
  readonly experiment: string;
  readonly components: readonly ComponentPlan[];
  readonly barriers: readonly BarrierPlan[];
  readonly deadlineMs: number;
  /** Stop gracefully after this long, as a success. */
  readonly durationMs: number | undefined;
  readonly controllerAbsenceMs: number;
  readonly variables: ReadonlyMap<string, string>;
  /** For the variables that say where software lies. */
  readonly softwareDirectories: readonly SoftwareDefinition[];
  readonly secretNames: readonly string[];
  /** False for commands: each host starts as soon as it can, and a host that fails is not waited for. */
  readonly startTogether: boolean;
  readonly inputWanted: boolean;
}

export interface ComponentPlan {
  readonly name: string;
  readonly hostsMin: number;
  readonly hostsMax: number;
  readonly resources: readonly ResourceReference[];
  readonly software: readonly SoftwarePlan[];
  readonly blocks: readonly ComponentBlockPlan[];
  /** Nothing in it ends by itself: the run does not wait for it. */
  readonly servicesOnly: boolean;
  /** Services may run or files lie on its hosts after their work is done: one that goes away then is missed. */
  readonly neededToTheEnd: boolean;
  readonly collects: boolean;
  readonly stopGraceMs: number;
}

export interface BarrierPlan {
  readonly name: string;
  readonly max: number | "all";
  readonly deadlineMs: number;
  readonly components: readonly string[];
}

export interface PlanSettings {
  readonly run: RunId;
  readonly applicationPath: string;
  readonly deadlineMs: number | undefined;
  readonly variables: Readonly<Record<string, string>>;
  /** By name of the definition: worked out by the shell, which has read the packages. */
  readonly software: ReadonlyMap<string, SoftwarePlan>;
}

/** For a specification that has been checked: every reference in it resolves. */
export function planRun(specification: ApplicationSpecification, settings: PlanSettings): RunPlan {
  const { project } = specification;
  const { experiment } = project;
  const componentBlocks = experiment?.componentBlocks ?? [];
  const experimentName = experiment?.name ?? project.name;
  const used = project.components.filter((component) =>
    componentBlocks.some((block) => block.component.name === component.name),
  );
  const variables = new Map(
    project.variables.map((variable) => [variable.name, settings.variables[variable.name] ?? variable.value]),
  );
  return {
    run: settings.run,
    application: settings.applicationPath,
    experiment: experimentName,
    components: used.map((component) =>
      planComponent(component, componentBlocks, experimentName, settings.software),
    ),
    barriers: planBarriers(componentBlocks),
    deadlineMs: settings.deadlineMs ?? experiment?.deadlineMs ?? DEFAULTS.runDeadlineMs,
    durationMs: experiment?.durationMs,
    controllerAbsenceMs: experiment?.controllerAbsenceMs ?? DEFAULTS.controllerAbsenceMs,
    variables,
    softwareDirectories: project.software,
    secretNames: project.secrets.map((secret) => secret.name),
    startTogether: true,
    inputWanted: false,
  };
}

function planComponent(
  component: ComponentDefinition,
  componentBlocks: readonly ComponentBlock[],
  experiment: string,
  software: ReadonlyMap<string, SoftwarePlan>,
): ComponentPlan {
  const own = componentBlocks.filter((block) => block.component.name === component.name);
  const blocks = own.map((block) => planComponentBlock(block, component, experiment));
  const processes = blocks.flatMap((block) =>
    block.blocks.flatMap((child) => (child.kind === "process" ? [child.process] : [])),
  );
  const barriers = blocks.some((block) => block.blocks.some((child) => child.kind === "barrier"));
  const collects =
    blocks.some((block) => block.collects.length > 0) ||
    processes.some((process) => process.collects.length > 0);
  return {
    name: component.name,
    hostsMin: component.hostsMin,
    hostsMax: component.hostsMax,
    resources: component.resources,
    software: component.software.flatMap((reference) => software.get(reference.name) ?? []),
    blocks,
    servicesOnly: processes.length > 0 && !barriers && processes.every((process) => process.service),
    neededToTheEnd: collects || processes.some((process) => process.service),
    collects,
    stopGraceMs: Math.max(DEFAULTS.stopGraceMs, ...processes.map((process) => process.stopGraceMs)),
  };
}

function planComponentBlock(
  block: ComponentBlock,
  component: ComponentDefinition,
  experiment: string,
): ComponentBlockPlan {
  return {
    name: block.name,
    path: blockPathOf(block.name, experiment),
    blocks: block.children.map((child) => planBlock(child, block, component, experiment)),
    collects: block.collects,
  };
}

function planBlock(
  child: Block,
  block: ComponentBlock,
  component: ComponentDefinition,
  experiment: string,
): BlockPlan {
  const place = {
    name: child.name,
    path: blockPathOf(child.name, block.name, experiment),
    predecessors: child.predecessors.map((reference) => reference.name),
  };
  if (child.kind === "barrier") return { kind: "barrier", ...place, barrier: child.barrier.name };
  const { process } = child;
  return { kind: "process", ...place, process: { ...process, user: process.user ?? component.user } };
}

/** Barriers of the same name are one; the first definition that gives a number or a deadline counts. */
function planBarriers(componentBlocks: readonly ComponentBlock[]): BarrierPlan[] {
  const found = new Map<string, { definition: BarrierDefinition; components: Set<string> }>();
  for (const block of componentBlocks) {
    for (const child of block.children) {
      if (child.kind !== "barrier") continue;
      const known = found.get(child.barrier.name) ?? {
        definition: child.barrier,
        components: new Set<string>(),
      };
      known.components.add(block.component.name);
      found.set(child.barrier.name, known);
    }
  }
  return [...found].map(([name, { definition, components }]) => ({
    name,
    max: definition.max,
    deadlineMs: definition.deadlineMs,
    components: [...components],
  }));
}

/** A host that is known to be in trouble: what was being done, and why it did not work. */
export interface HostFailure {
  readonly step: string;
  readonly reason: string;
  /** What to do about it, when that is known. */
  readonly remedy?: string;
  /** It never answered, or went silent: counts as unreachable rather than failed. */
  readonly unreachable: boolean;
}

export type FailedHosts = ReadonlyMap<HostId, HostFailure>;

/** Bytes kept of each stream of a block's process. */
export function outputLimitsOf(plan: RunPlan): (block: string) => number {
  const blocks = plan.components.flatMap(({ blocks: componentBlocks }) =>
    componentBlocks.flatMap((block) => block.blocks),
  );
  const limits = new Map<string, number | undefined>(
    blocks.map((block) => [
      block.path,
      block.kind === "process" ? block.process.limits.outputBytes : undefined,
    ]),
  );
  return (block) => limits.get(block) ?? DEFAULTS.outputBytes;
}

/** Barriers and process blocks, which a person may count as done. */
export function forceableNames(plan: RunPlan): ReadonlySet<string> {
  const blocks = plan.components.flatMap((component) => component.blocks.flatMap((block) => block.blocks));
  const processes = blocks.filter((block) => block.kind === "process").map((block) => block.name);
  return new Set([...plan.barriers.map((barrier) => barrier.name), ...processes]);
}
