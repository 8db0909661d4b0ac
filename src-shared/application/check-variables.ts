// Checks that every variable used stands for something, and that variables stand only where they are replaced.
import type { ComponentBlock, ProcessBlock, Span } from "./application.ts";
import type { CheckContext } from "./check-context.ts";
import { warnUnused } from "./check-names.ts";
import { suggestion } from "./nearest-name.ts";
import { parseVariableName, PLAIN_VARIABLES, variablesIn } from "./variables.ts";

/** A text in which variables are replaced, and how to find it when there is something to tell. */
interface UsingText {
  readonly text: string;
  /** The element to point at when the text itself cannot be found. */
  readonly span: Span;
  readonly find: () => Span | undefined;
}

interface Known {
  readonly variables: ReadonlySet<string>;
  readonly software: ReadonlySet<string>;
  readonly used: Set<string>;
}

export function checkVariables(context: CheckContext): void {
  const known: Known = {
    variables: new Set(context.project.variables.map(({ name }) => name)),
    software: new Set(context.project.software.map(({ name }) => name)),
    used: new Set(),
  };
  for (const block of context.componentBlocks) {
    for (const using of textsOfComponentBlock(block, context)) checkText(using, block, known, context);
  }
  checkSharedTexts(known, context);
  checkPlainTexts(context);
  if (context.experiment !== undefined) {
    warnUnused(context.project.variables, known.used, "variable", "text has it in ${var.…}", context);
  }
}

function textsOfComponentBlock(block: ComponentBlock, context: CheckContext): UsingText[] {
  const processes = block.children.filter((child) => child.kind === "process");
  return [...collectTexts(block, context), ...processes.flatMap((child) => textsOfProcess(child, context))];
}

function collectTexts({ collects }: Pick<ComponentBlock, "collects">, { places }: CheckContext): UsingText[] {
  return collects.map(({ path, span }) => ({
    text: path,
    span,
    find: () => places.attributeSpan(span, "path"),
  }));
}

function textsOfProcess({ process }: ProcessBlock, context: CheckContext): UsingText[] {
  const { places } = context;
  const { span } = process;
  const texts: UsingText[] = [
    { text: process.path, span, find: () => places.innerSpan(span, "path") },
    { text: process.cwd, span, find: () => places.innerSpan(span, "cwd") },
    ...process.args.map((text, index) => ({
      text,
      span,
      find: () => places.innerSpan(span, "cmdline", "arg", index),
    })),
    ...collectTexts(process, context),
  ];
  for (const variable of process.environment) {
    if (variable.kind === "secret") continue;
    texts.push({
      text: variable.value,
      span: variable.span,
      find: () => places.attributeSpan(variable.span, "value"),
    });
  }
  return [...texts, ...textsOfHealthCheck(process.healthCheck, context)];
}

function textsOfHealthCheck(
  check: ProcessBlock["process"]["healthCheck"],
  { places }: CheckContext,
): UsingText[] {
  if (check === undefined) return [];
  const { probe, span } = check;
  switch (probe.kind) {
    case "port":
      return [{ text: probe.port, span, find: () => places.attributeSpan(span, "port") }];
    case "http":
      return [{ text: probe.url, span, find: () => places.attributeSpan(span, "http") }];
    case "command": {
      const args = probe.args.map((text, index) => ({
        text,
        span,
        find: () => places.innerSpan(span, "cmdline", "arg", index),
      }));
      return [{ text: probe.path, span, find: () => places.innerSpan(span, "path") }, ...args];
    }
  }
}

function checkText(
  using: UsingText,
  block: ComponentBlock | undefined,
  known: Known,
  context: CheckContext,
): void {
  // Most texts have no variable at all.
  if (!using.text.includes("${")) return;
  for (const { name, span } of variablesIn(using.text)) {
    const trouble = troubleWith(name, block, known, context);
    if (trouble === undefined) continue;
    const written = using.text.slice(span.start, span.end);
    const offset = context.places.within(using.find(), written, using.span.start);
    context.problems[trouble.severity](offset, trouble.message, trouble.remedy);
  }
}

interface Trouble {
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly remedy: string;
}

const ESCAPE_REMEDY = "Correct the name, or write $${…} to pass it on as it is.";

function errorOf(message: string, remedy = ESCAPE_REMEDY): Trouble {
  return { severity: "error", message, remedy };
}

/** `block`: undefined where the text is the same for all hosts. */
function troubleWith(
  name: string,
  block: ComponentBlock | undefined,
  known: Known,
  context: CheckContext,
): Trouble | undefined {
  const parsed = parseVariableName(name);
  if (parsed === undefined)
    return errorOf(`there is no variable \${${name}}${suggestion(name, PLAIN_VARIABLES)}`);
  switch (parsed.kind) {
    case "variable":
      known.used.add(parsed.variable);
      if (known.variables.has(parsed.variable)) return undefined;
      return errorOf(
        `there is no variable '${parsed.variable}'${suggestion(parsed.variable, known.variables)}`,
        "Define it with <variable> in the project, or correct the name.",
      );
    case "software":
      if (!known.software.has(parsed.software)) {
        return errorOf(
          `there is no software '${parsed.software}'${suggestion(parsed.software, known.software)}`,
        );
      }
      return block === undefined ? notShared(name) : softwareTrouble(parsed.software, block, context);
    case "host":
    case "ownComponent":
      return block === undefined ? notShared(name) : undefined;
    case "run":
      return block === undefined && parsed.field === "directory" ? notShared(name) : undefined;
    case "component":
    case "componentHost":
      if (block === undefined) return notShared(name);
      return componentTrouble(
        parsed.component,
        parsed.kind === "componentHost" ? parsed.index : undefined,
        context,
      );
  }
}

function notShared(name: string): Trouble {
  return errorOf(
    `\${${name}} has no value here`,
    "A package is the same for all hosts: use ${var.…} or ${run.id}.",
  );
}

function softwareTrouble(name: string, block: ComponentBlock, context: CheckContext): Trouble | undefined {
  const component = context.components.get(block.component.name);
  if (component === undefined || component.software.some((reference) => reference.name === name))
    return undefined;
  const message = `component '${component.name}' does not install the software '${name}'`;
  return { severity: "warning", message, remedy: `Add <software name="${name}"/> to the component.` };
}

function componentTrouble(
  name: string,
  index: number | undefined,
  context: CheckContext,
): Trouble | undefined {
  const component = context.components.get(name);
  if (component === undefined) {
    return errorOf(`there is no component '${name}'${suggestion(name, context.components.keys())}`);
  }
  if (!context.componentBlocks.some((block) => block.component.name === name)) {
    return errorOf(
      `component '${name}' has no hosts: no component block runs on it`,
      "Use a component that runs.",
    );
  }
  if (index === undefined || index < component.hostsMin) return undefined;
  const many =
    index < component.hostsMax
      ? `as few as ${String(component.hostsMin)}`
      : `at most ${String(component.hostsMax)}`;
  const message = `there may be no host ${String(index)} in component '${name}': it has ${many}, counted from 0`;
  return {
    severity: index < component.hostsMax ? "warning" : "error",
    message,
    remedy: "Use a smaller number, or raise num_hosts.",
  };
}

function checkSharedTexts(known: Known, context: CheckContext): void {
  const { places } = context;
  for (const { path, destPath, span } of context.project.software.flatMap((software) => software.packages)) {
    checkText({ text: path, span, find: () => places.innerSpan(span, "path") }, undefined, known, context);
    // A dest_path that is not written follows from the path.
    if (!destPath.includes("${") || places.innerElement(span, "dest_path") === undefined) continue;
    checkText(
      { text: destPath, span, find: () => places.innerSpan(span, "dest_path") },
      undefined,
      known,
      context,
    );
  }
}

/** Places where one might expect variables and where none is replaced. */
function checkPlainTexts({ project, components, componentBlocks, problems, places }: CheckContext): void {
  const warn = (text: string | undefined, what: string, offset: () => number): void => {
    const use = text?.includes("${") === true ? variablesIn(text)[0] : undefined;
    if (use === undefined) return;
    problems.warning(offset(), `\${${use.name}} is not replaced in ${what}`, "Write the text itself.");
  };
  for (const { value, span } of project.variables)
    warn(value, "the value of a variable", () => places.attribute(span, "value"));
  for (const { user, span } of components.values()) warn(user, "user", () => places.attribute(span, "user"));
  for (const block of componentBlocks) {
    for (const child of block.children) {
      if (child.kind === "process")
        warn(child.process.user, "user", () => places.attribute(child.process.span, "user"));
    }
  }
}
