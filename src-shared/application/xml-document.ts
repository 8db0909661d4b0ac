// Reads XML into a tree of elements that all know where they stand in the text; refuses what is not well-formed.
import { XMLParser } from "fast-xml-parser";
import type { Problem } from "../base/problem.ts";
import type { Span } from "./application.ts";
import { createLineColumnOf, type LineColumnOf, shortMessage } from "./problem-list.ts";
import { admitXml, type AttributePlace, type ElementPlace } from "./xml-gate.ts";

export interface XmlAttribute extends AttributePlace {
  /** Decoded; line breaks and tabs are blanks, as XML has it. */
  readonly value: string;
}

export interface XmlElement {
  readonly name: string;
  /** From the "<" of the start tag to behind the ">" of the end tag. */
  readonly span: Span;
  readonly startTag: Span;
  /** Between start and end tag; undefined for `<a/>`. */
  readonly content: Span | undefined;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** The decoded text directly inside, all pieces joined; comments are left out. */
  readonly text: string;
}

export interface XmlDocument {
  readonly text: string;
  readonly root: XmlElement;
  readonly lineColumnOf: LineColumnOf;
}

export type XmlResult =
  | { readonly kind: "ok"; readonly document: XmlDocument }
  | { readonly kind: "error"; readonly problem: Problem };

const TEXT = "#text";
const ATTRIBUTES = ":@";
const ATTRIBUTE_PREFIX = "@";
/** No XML name starts with it, so that no element's name can be one that JavaScript treats specially. */
const ELEMENT_PREFIX = "<";

/** Each option answers a trap: numbers stay as written, blanks stay, all references are decoded (the gate knows no others). */
const READER_OPTIONS = {
  preserveOrder: true,
  ignoreAttributes: false,
  ignoreDeclaration: true,
  attributeNamePrefix: ATTRIBUTE_PREFIX,
  textNodeName: TEXT,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  // The limits guard against entities of one's own, which the gate refuses; what is left only ever shrinks.
  processEntities: { enabled: true, maxTotalExpansions: Infinity, maxExpandedLength: Infinity },
  maxNestedTags: 1000,
  jPath: false,
  transformTagName: (name: string) => ELEMENT_PREFIX + name,
};

/** Never throws, whatever the text. */
export function readXml(text: string): XmlResult {
  const admission = admitXml(text);
  if (admission.kind === "refused") {
    return xmlError(text, admission.offset, admission.message, admission.remedy);
  }
  const tree = readTree(admission.readable);
  if (tree.kind === "error") return xmlError(text, 0, tree.message, REPORT_REMEDY);
  const builder = new TreeBuilder(admission.elements);
  const root = builder.build(tree.nodes);
  if (root === undefined) {
    const offset = admission.elements[builder.reached]?.startTag.start ?? 0;
    return xmlError(
      text,
      offset,
      "the two XML readers disagree about the document from here on",
      REPORT_REMEDY,
    );
  }
  return { kind: "ok", document: { text, root, lineColumnOf: createLineColumnOf(text) } };
}

const REPORT_REMEDY = "Write this part more plainly, and please report it with the file.";

function xmlError(text: string, offset: number, message: string, remedy: string): XmlResult {
  const place = createLineColumnOf(text)(offset);
  return {
    kind: "error",
    problem: {
      severity: "error",
      ...place,
      offset,
      message: shortMessage(message),
      remedy: shortMessage(remedy),
    },
  };
}

type Tree =
  | { readonly kind: "ok"; readonly nodes: unknown }
  | { readonly kind: "error"; readonly message: string };

function readTree(readable: string): Tree {
  try {
    const nodes: unknown = new XMLParser(READER_OPTIONS).parse(readable);
    return { kind: "ok", nodes };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "error", message: `the XML cannot be read: ${reason}` };
  }
}

/** Walks what the reader found and what the gate found side by side; the depth is bounded by the gate. */
class TreeBuilder {
  readonly #places: readonly ElementPlace[];
  reached = 0;

  constructor(places: readonly ElementPlace[]) {
    this.#places = places;
  }

  /** Undefined when the two do not tell the same elements. */
  build(nodes: unknown): XmlElement | undefined {
    const roots = this.#elementsOf(nodes);
    return roots?.length === 1 && this.reached === this.#places.length ? roots[0] : undefined;
  }

  #elementsOf(nodes: unknown): XmlElement[] | undefined {
    if (!Array.isArray(nodes)) return undefined;
    const elements: XmlElement[] = [];
    for (const node of nodes as unknown[]) {
      const name = elementNameOf(node);
      if (name === undefined) continue;
      const element = this.#element(name, node as Readonly<Record<string, unknown>>);
      if (element === undefined) return undefined;
      elements.push(element);
    }
    return elements;
  }

  #element(key: string, node: Readonly<Record<string, unknown>>): XmlElement | undefined {
    const place = this.#places[this.reached];
    if (place === undefined || key.replace(/^<+/, "") !== place.name) return undefined;
    const attributes = attributesOf(node[ATTRIBUTES], place.attributes);
    if (attributes === undefined) return undefined;
    this.reached += 1;
    const inside = node[key];
    const children = this.#elementsOf(inside);
    if (children === undefined) return undefined;
    const { name, startTag, content, end } = place;
    return {
      name,
      span: { start: startTag.start, end },
      startTag,
      content,
      attributes,
      children,
      text: textOf(inside),
    };
  }
}

function elementNameOf(node: unknown): string | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  return Object.keys(node).find((key) => key.startsWith(ELEMENT_PREFIX));
}

function attributesOf(values: unknown, places: readonly AttributePlace[]): XmlAttribute[] | undefined {
  const attributes: XmlAttribute[] = [];
  for (const place of places) {
    const value = valueOf(values, ATTRIBUTE_PREFIX + place.name);
    if (value === undefined) return undefined;
    attributes.push({ ...place, value });
  }
  return attributes;
}

function valueOf(values: unknown, key: string): string | undefined {
  if (typeof values !== "object" || values === null || !Object.hasOwn(values, key)) return undefined;
  const value: unknown = (values as Readonly<Record<string, unknown>>)[key];
  return typeof value === "string" ? value : undefined;
}

function textOf(nodes: unknown): string {
  if (!Array.isArray(nodes)) return "";
  return (nodes as unknown[]).map((node) => valueOf(node, TEXT) ?? "").join("");
}

/** The value of an attribute, or undefined when the element has none of that name. */
export function attributeOf(element: XmlElement, name: string): XmlAttribute | undefined {
  return element.attributes.find((attribute) => attribute.name === name);
}

/** The element whose start tag starts at this offset, as the spans of a specification name it. */
export function elementAt(document: XmlDocument, start: number): XmlElement | undefined {
  let element: XmlElement | undefined = document.root;
  while (element !== undefined && element.span.start !== start)
    element = childAround(element.children, start);
  return element;
}

/** The last child that starts at the offset or before it, found by halving. */
function childAround(children: readonly XmlElement[], offset: number): XmlElement | undefined {
  let low = 0;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((children[middle]?.span.start ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const child = children[low - 1];
  return child !== undefined && offset < child.span.end ? child : undefined;
}
