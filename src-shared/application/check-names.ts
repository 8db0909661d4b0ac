// Checks the names of a specification: each one given once, each reference leading somewhere, nothing left unused.
import type { Block, ComponentBlock, Placed } from "./application.ts";
import { blockGraphOf, stuckBlocks, type BlockGraph } from "./block-graph.ts";
import type { CheckContext } from "./check-context.ts";
import { listed } from "./element-reader.ts";
import { suggestion } from "./nearest-name.ts";

interface Named extends Placed {
  readonly name: string;
}

export function checkNames(context: CheckContext): void {
  checkDefinitions(context);
  checkReferences(context);
  for (const block of context.componentBlocks) checkBlockNames(block, context);
  checkPathNames(context);
  if (context.experiment !== undefined) checkUnused(context);
}

function checkDefinitions(context: CheckContext): void {
  const { project } = context;
  checkOnce(project.variables, "variables", context);
  checkOnce(project.secrets, "secrets", context);
  checkOnce(project.software, "pieces of software", context);
  checkOnce(project.components, "components", context);
  checkOnce(context.componentBlocks, "component blocks", context);
  for (const software of project.software)
    checkOnce(software.packages, `packages of '${software.name}'`, context);
}

/** `what`: the plural, as in "two components are called 'x'". */
function checkOnce(definitions: readonly Named[], what: string, { problems, places }: CheckContext): void {
  const seen = new Set<string>();
  for (const { name, span } of definitions) {
    if (name !== "" && seen.has(name)) {
      problems.error(
        places.attribute(span, "name"),
        `two ${what} are called '${name}'`,
        "Give one of them another name.",
      );
    }
    seen.add(name);
  }
}

function checkReferences(context: CheckContext): void {
  const { project } = context;
  const software = new Set(project.software.map(({ name }) => name));
  for (const component of project.components) {
    for (const reference of component.software) {
      checkReference(
        reference,
        software,
        "software",
        "Define it with <software>, or correct the name.",
        context,
      );
    }
    checkRepeated(component.software, `component '${component.name}' lists the software`, context);
  }
  for (const block of context.componentBlocks) {
    checkComponentReference(block, context);
    checkEnvironments(block, context);
  }
}

function checkReference(
  reference: Named,
  known: ReadonlySet<string>,
  what: string,
  remedy: string,
  context: CheckContext,
): void {
  const { name, span } = reference;
  if (name === "" || known.has(name)) return;
  const message = `there is no ${what} '${name}'${suggestion(name, known)}`;
  context.problems.error(context.places.attribute(span, "name"), message, remedy);
}

function checkRepeated(references: readonly Named[], what: string, { problems, places }: CheckContext): void {
  const seen = new Set<string>();
  for (const { name, span } of references) {
    if (seen.has(name))
      problems.warning(places.attribute(span, "name"), `${what} '${name}' twice`, "Delete one of the two.");
    seen.add(name);
  }
}

function checkComponentReference(block: ComponentBlock, context: CheckContext): void {
  const { component } = block;
  const known = new Set(context.components.keys());
  if (component.span.start !== block.span.start) {
    checkReference(
      component,
      known,
      "component",
      "Define it with <component>, or correct the name.",
      context,
    );
    return;
  }
  if (known.has(component.name)) return;
  const message = `component block '${block.name}' does not say which component it runs on`;
  context.problems.error(
    block.span.start,
    message,
    `Put <component name="…"/> into it, or define a component '${component.name}'.`,
  );
}

function checkEnvironments(block: ComponentBlock, context: CheckContext): void {
  const secrets = new Set(context.project.secrets.map(({ name }) => name));
  for (const child of block.children) {
    if (child.kind !== "process") continue;
    checkOnce(child.process.environment, `environment variables of '${child.process.name}'`, context);
    for (const variable of child.process.environment) {
      if (variable.kind !== "secret" || secrets.has(variable.secret)) continue;
      const message = `there is no secret '${variable.secret}'${suggestion(variable.secret, secrets)}`;
      const remedy = "Define it with <secret> in the project, or correct the name.";
      context.problems.error(context.places.attribute(variable.span, "secret"), message, remedy);
    }
  }
}

function checkBlockNames(parent: ComponentBlock, context: CheckContext): void {
  checkOnce(parent.children, `blocks in '${parent.name}'`, context);
  const names = new Set(parent.children.map(({ name }) => name));
  for (const child of parent.children) {
    const remedy = `Name a process block or barrier block in '${parent.name}'.`;
    for (const predecessor of child.predecessors)
      checkReference(predecessor, names, "block", remedy, context);
    checkRepeated(child.predecessors, `block '${child.name}' names the predecessor`, context);
  }
  checkCycles(parent, context);
}

/** Blocks are addressed as inner/outer/experiment. */
function checkPathNames({ experiment, componentBlocks, problems, places }: CheckContext): void {
  if (experiment === undefined) return;
  const blocks: readonly Named[] = componentBlocks.flatMap((block) => [block, ...block.children]);
  for (const { name, span } of [experiment, ...blocks]) {
    if (!name.includes("/")) continue;
    problems.error(
      places.attribute(span, "name"),
      `the name '${name}' has a slash, which separates the parts of a block's path`,
      "Use another character.",
    );
  }
}

/** Blocks that wait for each other: takes away what can run, and follows what is left back to where it repeats. */
function checkCycles(parent: ComponentBlock, { problems, places }: CheckContext): void {
  const graph = blockGraphOf(parent.children);
  const left = stuckBlocks(graph);
  const told = new Set<Block>();
  for (const start of left) {
    const chain: Block[] = [];
    let block: Block | undefined = start;
    while (block !== undefined && !told.has(block)) {
      told.add(block);
      chain.push(block);
      block = nextStuck(block, graph, left);
    }
    const loop = block === undefined ? -1 : chain.indexOf(block);
    if (loop === -1) continue;
    const [first, ...before] = chain.slice(loop);
    if (first === undefined) continue;
    const cycle = [first, ...before.reverse()];
    const names = [...cycle, first].map(({ name }) => `'${name}'`).join(" → ");
    const message =
      cycle.length === 1
        ? `block '${first.name}' is its own predecessor`
        : `blocks wait for each other: ${names}`;
    const place = first.predecessors.find((predecessor) => predecessor.name === cycle.at(-1)?.name);
    problems.error(
      place === undefined ? first.span.start : places.attribute(place.span, "name"),
      message,
      "Delete one of these predecessors.",
    );
  }
}

function nextStuck(block: Block, graph: BlockGraph, left: ReadonlySet<Block>): Block | undefined {
  for (const { name } of block.predecessors) {
    const predecessor = graph.byName.get(name);
    if (predecessor !== undefined && left.has(predecessor)) return predecessor;
  }
  return undefined;
}

function checkUnused(context: CheckContext): void {
  const { project, componentBlocks } = context;
  const usedComponents = new Set(componentBlocks.map(({ component }) => component.name));
  const usedSoftware = new Set(
    project.components.flatMap(({ software }) => software.map(({ name }) => name)),
  );
  const usedSecrets = new Set<string>();
  for (const block of componentBlocks)
    for (const child of block.children) for (const name of secretsOf(child)) usedSecrets.add(name);
  warnUnused(project.components, usedComponents, "component", "component block runs on it", context);
  warnUnused(project.software, usedSoftware, "software", "component lists it", context);
  warnUnused(project.secrets, usedSecrets, "secret", "environment variable takes it", context);
}

function secretsOf(block: Block): string[] {
  if (block.kind !== "process") return [];
  return block.process.environment.flatMap((variable) =>
    variable.kind === "secret" ? [variable.secret] : [],
  );
}

export function warnUnused(
  definitions: readonly Named[],
  used: ReadonlySet<string>,
  what: string,
  user: string,
  { problems, places }: CheckContext,
): void {
  for (const { name, span } of definitions) {
    if (name === "" || used.has(name)) continue;
    problems.warning(
      places.attribute(span, "name"),
      `${what} '${name}' is never used: no ${user}`,
      "Use it or delete it.",
    );
  }
}

/** "'a', 'b' and 'c'" */
export function quoted(names: readonly string[]): string {
  return listed(names.map((name) => `'${name}'`));
}
