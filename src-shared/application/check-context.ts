// What every check of a specification needs: the specification, the list of problems, and places in the text.
import type { ResourceDirectory } from "../resource-directory/resource-directory.ts";
import type {
  ApplicationSpecification,
  ComponentBlock,
  ComponentDefinition,
  Experiment,
  Project,
  Span,
} from "./application.ts";
import { attributeOffset, childOf, childrenOf, textOffset } from "./element-reader.ts";
import type { ProblemList } from "./problem-list.ts";
import { attributeOf, elementAt, readXml, type XmlDocument, type XmlElement } from "./xml-document.ts";

export interface CheckContext {
  readonly project: Project;
  readonly experiment: Experiment | undefined;
  readonly componentBlocks: readonly ComponentBlock[];
  /** The first of each name; a second one is a problem of its own. */
  readonly components: ReadonlyMap<string, ComponentDefinition>;
  readonly directory: ResourceDirectory | undefined;
  readonly problems: ProblemList;
  readonly places: Places;
}

export function createCheckContext(
  specification: ApplicationSpecification,
  text: string,
  directory: ResourceDirectory | undefined,
  problems: ProblemList,
): CheckContext {
  const { project } = specification;
  const components = new Map<string, ComponentDefinition>();
  for (const component of project.components) {
    if (!components.has(component.name)) components.set(component.name, component);
  }
  return {
    project,
    experiment: project.experiment,
    componentBlocks: project.experiment?.componentBlocks ?? [],
    components,
    directory,
    problems,
    places: new Places(text),
  };
}

/** Finds attributes and inner elements of placed things; reads the text again only when there is something to tell. */
export class Places {
  readonly #text: string;
  #document: XmlDocument | undefined;
  #read = false;

  constructor(text: string) {
    this.#text = text;
  }

  element(span: Span): XmlElement | undefined {
    if (!this.#read) {
      const result = readXml(this.#text);
      this.#document = result.kind === "ok" ? result.document : undefined;
      this.#read = true;
    }
    return this.#document && elementAt(this.#document, span.start);
  }

  /** The start of an attribute's value, or of the element when it has none. */
  attribute(span: Span, name: string): number {
    const element = this.element(span);
    return element === undefined ? span.start : attributeOffset(element, name);
  }

  /** The value of an attribute as it is written. */
  attributeSpan(span: Span, name: string): Span | undefined {
    const element = this.element(span);
    return element && attributeOf(element, name)?.valueSpan;
  }

  /** An inner element: `innerElement(span, "cmdline", "arg", 2)` is the third argument. */
  innerElement(span: Span, ...path: readonly (string | number)[]): XmlElement | undefined {
    let element = this.element(span);
    for (const [depth, step] of path.entries()) {
      if (typeof step === "number") continue;
      const index = path[depth + 1];
      element = typeof index === "number" ? childrenOf(element, step)[index] : childOf(element, step);
    }
    return element;
  }

  /** The content of an inner element as it is written. */
  innerSpan(span: Span, ...path: readonly (string | number)[]): Span | undefined {
    return this.innerElement(span, ...path)?.content;
  }

  /** The first visible character of an inner element's content; where it is empty or absent, what is there. */
  inner(span: Span, ...path: readonly (string | number)[]): number {
    const element = this.innerElement(span, ...path);
    return element === undefined ? span.start : textOffset(this.#text, element);
  }

  /** Where `part` is written inside of a stretch of the text; the stretch's start when it is escaped there. */
  within(stretch: Span | undefined, part: string, otherwise: number): number {
    if (stretch === undefined) return otherwise;
    const found = this.#text.slice(stretch.start, stretch.end).indexOf(part);
    return stretch.start + Math.max(0, found);
  }
}
