// Reads an application specification from its XML; whatever is wrong becomes a problem with its place, never an exception.
import type { Problem } from "../base/problem.ts";
import { DEFAULTS, HOSTS_MAX } from "./application-limits.ts";
import { APPLICATION_HOMES, APPLICATION_SHAPE } from "./application-shape.ts";
import type {
  ApplicationSpecification,
  BarrierBlock,
  BarrierDefinition,
  Block,
  ComponentBlock,
  ComponentDefinition,
  ExitPolicy,
  Experiment,
  ProcessBlock,
  Project,
  Reference,
  ResourceReference,
  SecretDefinition,
  VariableDefinition,
  WorkflowBlock,
} from "./application.ts";
import {
  attributeOffset,
  attributeText,
  childOf,
  childrenOf,
  countOf,
  readCount,
  readDurationMs,
  readName,
  textOffset,
} from "./element-reader.ts";
import { MANAGER_TYPES_REMEDY } from "./manager-types.ts";
import { parseCollects, parseExitPolicies, parseProcess } from "./parse-process.ts";
import { parseSoftware } from "./parse-software.ts";
import { createProblemList, type ProblemList } from "./problem-list.ts";
import { attributeOf, readXml, type XmlDocument, type XmlElement } from "./xml-document.ts";
import { checkShape } from "./xml-shapes.ts";

export interface ParsedApplication {
  /** Undefined only when nothing can be made of the text: not well-formed, another root, no project. */
  readonly specification: ApplicationSpecification | undefined;
  readonly problems: Problem[];
}

/** Never throws. What the parts mean together is `checkApplication`'s business. */
export function parseApplication(text: string): ParsedApplication {
  const result = readXml(text);
  return result.kind === "error"
    ? { specification: undefined, problems: [result.problem] }
    : parseApplicationDocument(result.document);
}

export function parseApplicationDocument(document: XmlDocument): ParsedApplication {
  const problems = createProblemList(document.text);
  const specification = new ApplicationParser(document, problems).parse();
  return { specification, problems: problems.all() };
}

class ApplicationParser {
  readonly #document: XmlDocument;
  readonly #problems: ProblemList;

  constructor(document: XmlDocument, problems: ProblemList) {
    this.#document = document;
    this.#problems = problems;
  }

  parse(): ApplicationSpecification | undefined {
    const { root } = this.#document;
    const rootName = root.name;
    if (rootName !== "plush" && rootName !== "gush") {
      this.#problems.error(
        root.span.start,
        `the root element is <${rootName}>`,
        "An application specification starts with <plush> (or <gush>).",
      );
      return undefined;
    }
    if (childrenOf(root, "resource_manager").length > 0 && childrenOf(root, "project").length === 0) {
      this.#problems.error(
        root.span.start,
        "this is a resource directory, not an application specification",
        "Are the two swapped? An application specification has a <project>.",
      );
      return undefined;
    }
    checkShape(this.#document, APPLICATION_SHAPE, APPLICATION_HOMES, this.#problems);
    const [project, ...others] = childrenOf(root, "project");
    if (project === undefined) {
      this.#problems.error(
        root.span.start,
        "the file has no <project>",
        'Put <project name="…"> around its definitions.',
      );
      return undefined;
    }
    for (const other of others) {
      this.#problems.error(
        other.span.start,
        "the file has more than one <project>",
        "Put each project into a file of its own; the first is used.",
      );
    }
    return { rootName, project: this.#project(project) };
  }

  #project(element: XmlElement): Project {
    const [experiment, ...others] = childrenOf(element, "experiment");
    for (const other of others) {
      this.#problems.error(
        other.span.start,
        "the project has more than one <experiment>",
        "Put each experiment into a file of its own; the first is used.",
      );
    }
    return {
      span: element.span,
      name: readName(element, this.#problems),
      variables: childrenOf(element, "variable").map((child) => this.#variable(child)),
      secrets: childrenOf(element, "secret").map((child) => this.#secret(child)),
      software: childrenOf(element, "software").map((child) =>
        parseSoftware(child, this.#document.text, this.#problems),
      ),
      components: childrenOf(element, "component").map((child) => this.#component(child)),
      experiment: experiment === undefined ? undefined : this.#experiment(experiment),
    };
  }

  #variable(element: XmlElement): VariableDefinition {
    const value = attributeOf(element, "value")?.value;
    if (value === undefined)
      this.#problems.error(
        element.span.start,
        "<variable> has no value",
        'Write value="…"; it may be empty.',
      );
    return { span: element.span, name: readName(element, this.#problems), value: value ?? "" };
  }

  #secret(element: XmlElement): SecretDefinition {
    const from = attributeText(element, "from")?.trim() ?? "";
    const parts = /^(env|file):(.+)$/s.exec(from);
    if (parts === null) {
      const message =
        from === "" ? "the secret does not say where it comes from" : `a secret cannot come from '${from}'`;
      this.#problems.error(
        attributeOffset(element, "from"),
        message,
        'Write from="env:NAME" or from="file:PATH"; never the secret itself.',
      );
    }
    const source = { kind: parts?.[1] === "file" ? "file" : "env", name: parts?.[2] ?? "" } as const;
    return { span: element.span, name: readName(element, this.#problems), source };
  }

  #component(element: XmlElement): ComponentDefinition {
    return {
      span: element.span,
      name: readName(element, this.#problems),
      ...this.#hostCounts(element),
      software: childrenOf(element, "software").map((child) => this.#reference(child)),
      resources: childrenOf(childOf(element, "resources"), "resource").map((child) => this.#resource(child)),
      user: attributeText(element, "user"),
    };
  }

  /** `<num_hosts>10</num_hosts>` is exactly ten; `min` and `max` leave a choice. */
  #hostCounts(component: XmlElement): { hostsMin: number; hostsMax: number } {
    const element = childOf(childOf(component, "rspec"), "num_hosts");
    if (element === undefined) {
      this.#problems.error(
        component.span.start,
        "the component does not say how many hosts it needs",
        "Write <rspec><num_hosts>…</num_hosts></rspec>.",
      );
      return { hostsMin: 1, hostsMax: 1 };
    }
    const rule = { min: 1, max: HOSTS_MAX };
    const bounds = element.attributes.some(({ name }) => name === "min" || name === "max");
    if (!bounds) {
      const count =
        countOf(element.text, textOffset(this.#document.text, element), "num_hosts", rule, this.#problems) ??
        1;
      return { hostsMin: count, hostsMax: count };
    }
    if (element.text.trim() !== "") {
      const offset = textOffset(this.#document.text, element);
      this.#problems.error(offset, "num_hosts has both a number and min or max", "Keep one of the two ways.");
    }
    const hostsMin = readCount(element, "min", { fallback: 1, ...rule }, this.#problems);
    const hostsMax = readCount(element, "max", { fallback: hostsMin, ...rule }, this.#problems);
    if (hostsMin <= hostsMax) return { hostsMin, hostsMax };
    const message = `min is ${String(hostsMin)} and max is ${String(hostsMax)}`;
    this.#problems.error(attributeOffset(element, "min"), message, "Make min the smaller one.");
    return { hostsMin: hostsMax, hostsMax: hostsMin };
  }

  #resource(element: XmlElement): ResourceReference {
    const type = attributeText(element, "type")?.trim();
    if (type === undefined)
      this.#problems.error(element.span.start, "<resource> has no type", MANAGER_TYPES_REMEDY);
    const group = attributeText(element, "group")?.trim();
    return { span: element.span, type: type ?? "ssh", group, hosts: attributeText(element, "hosts")?.trim() };
  }

  #reference(element: XmlElement): Reference {
    return { span: element.span, name: readName(element, this.#problems) };
  }

  #experiment(element: XmlElement): Experiment {
    const execution = childOf(element, "execution");
    if (execution === undefined) {
      this.#problems.error(
        element.span.start,
        "the experiment has no <execution>",
        "Put its <component_block> elements into <execution>.",
      );
    }
    const policies = [
      ...parseExitPolicies(execution, this.#problems),
      ...parseExitPolicies(element, this.#problems),
    ];
    return {
      span: element.span,
      name: readName(element, this.#problems),
      deadlineMs: readDurationMs(
        element,
        "deadline",
        { fallback: DEFAULTS.runDeadlineMs, min: 1 },
        this.#problems,
      ),
      durationMs: readDurationMs(element, "duration", { fallback: undefined, min: 1 }, this.#problems),
      controllerAbsenceMs: readDurationMs(
        element,
        "controller_absence",
        { fallback: DEFAULTS.controllerAbsenceMs },
        this.#problems,
      ),
      componentBlocks: childrenOf(execution, "component_block").map((child) =>
        this.#componentBlock(child, policies),
      ),
    };
  }

  #componentBlock(element: XmlElement, outer: readonly ExitPolicy[]): ComponentBlock {
    const name = readName(element, this.#problems);
    const reference = childOf(element, "component");
    const policies = [...parseExitPolicies(element, this.#problems), ...outer];
    const children: Block[] = [];
    for (const child of element.children) {
      if (child.name === "process_block") children.push(this.#processBlock(child, policies));
      if (child.name === "barrier_block") children.push(this.#barrierBlock(child));
    }
    const workflowBlocks = childrenOf(element, "workflow_block").map((child): WorkflowBlock => {
      return { span: child.span, name: attributeText(child, "name") ?? "" };
    });
    return {
      span: element.span,
      name,
      // Nebula named the component of a block "c_" and the block's name.
      component:
        reference === undefined ? { span: element.span, name: `c_${name}` } : this.#reference(reference),
      children,
      collects: parseCollects(element, this.#problems),
      ...(workflowBlocks.length === 0 ? {} : { workflowBlocks }),
    };
  }

  #processBlock(element: XmlElement, policies: readonly ExitPolicy[]): ProcessBlock {
    const inner = childOf(element, "process");
    if (inner === undefined) {
      this.#problems.error(
        element.span.start,
        "the process block has no <process>",
        "Put a <process> into it.",
      );
    }
    const name = readName(element, this.#problems, inner && attributeText(inner, "name"));
    const process = parseProcess(
      inner ?? element,
      name,
      policies,
      inner === undefined ? SILENT : this.#problems,
    );
    return { span: element.span, kind: "process", name, predecessors: this.#predecessors(element), process };
  }

  #barrierBlock(element: XmlElement): BarrierBlock {
    const inner = childOf(element, "barrier");
    if (inner === undefined) {
      this.#problems.error(
        element.span.start,
        "the barrier block has no <barrier>",
        "Put a <barrier> into it.",
      );
    }
    const name = readName(element, this.#problems, inner && attributeText(inner, "name"));
    const barrier = this.#barrier(inner ?? element, name, inner === undefined ? SILENT : this.#problems);
    return { span: element.span, kind: "barrier", name, predecessors: this.#predecessors(element), barrier };
  }

  #predecessors(element: XmlElement): Reference[] {
    return childrenOf(element, "predecessor").map((child) => this.#reference(child));
  }

  #barrier(element: XmlElement, blockName: string, problems: ProblemList): BarrierDefinition {
    const type = attributeText(element, "type")?.trim() ?? "1";
    if (type !== "1") {
      const message = `barriers of type '${type}' (partial barriers) are not supported yet`;
      problems.error(attributeOffset(element, "type"), message, 'Write type="1", the full barrier.');
    }
    const max = attributeText(element, "max")?.trim() ?? "all";
    const rule = { min: 1, max: HOSTS_MAX };
    return {
      span: element.span,
      name: readName(element, problems, blockName === "" ? undefined : blockName),
      type,
      max:
        max === "all"
          ? "all"
          : (countOf(max, attributeOffset(element, "max"), "max", rule, problems) ?? "all"),
      deadlineMs: readDurationMs(
        element,
        "deadline",
        { fallback: DEFAULTS.barrierDeadlineMs, min: 1 },
        problems,
      ),
    };
  }
}

/** For the stand-in of an element that is missing: its absence is the one problem to tell. */
const SILENT: ProblemList = { error: () => undefined, warning: () => undefined, all: () => [] };
