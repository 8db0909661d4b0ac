// Compares a tree of elements with the shape it should have: unknown, misplaced and repeated elements, stray text.
import { suggestion } from "./nearest-name.ts";
import type { ProblemList } from "./problem-list.ts";
import type { XmlDocument, XmlElement } from "./xml-document.ts";

/** What may stand in an element. Order never matters. */
export interface Shape {
  readonly attributes: readonly string[];
  readonly children: Readonly<Record<string, ChildRule>>;
  /** "value": its text means something. "stray": its text is a comment at best. "any": nothing inside is looked at. */
  readonly content: "value" | "stray" | "any";
}

export interface ChildRule {
  readonly shape: Shape;
  readonly many: boolean;
  /** Read, but without effect; says so. */
  readonly ignored?: string;
}

/** An element whose text is its value. */
export function valueShape(...attributes: readonly string[]): Shape {
  return { attributes, children: {}, content: "value" };
}

export function elementShape(
  attributes: readonly string[],
  children: Readonly<Record<string, ChildRule>> = {},
): Shape {
  return { attributes, children, content: "stray" };
}

export const OPAQUE: Shape = { attributes: [], children: {}, content: "any" };

export const one = (shape: Shape): ChildRule => ({ shape, many: false });
export const many = (shape: Shape): ChildRule => ({ shape, many: true });

/** Attributes that XML itself and schema references put anywhere. */
const ALWAYS_ALLOWED = /^(?:xmlns$|xmlns:|xml:|xsi:)/;

/** `homes` says where each element belongs, for those that stand in the wrong place. */
export function checkShape(
  document: XmlDocument,
  root: Shape,
  homes: ReadonlyMap<string, string>,
  problems: ProblemList,
): void {
  visit(document.root, root);

  function visit(element: XmlElement, shape: Shape): void {
    if (shape.content === "any") return;
    for (const { name, nameSpan } of element.attributes) {
      if (shape.attributes.includes(name) || ALWAYS_ALLOWED.test(name)) continue;
      const message = `<${element.name}> has no attribute '${name}'${suggestion(name, shape.attributes)}`;
      problems.warning(nameSpan.start, message, "It is ignored; correct its name or delete it.");
    }
    if (shape.content === "stray") checkStrayText(document.text, element, problems);
    const seen = new Set<string>();
    for (const child of element.children) {
      const rule = Object.hasOwn(shape.children, child.name) ? shape.children[child.name] : undefined;
      if (rule === undefined) warnOfUnknown(element, child, shape);
      else visitKnown(element, child, rule, seen);
    }
  }

  function visitKnown(parent: XmlElement, child: XmlElement, rule: ChildRule, seen: Set<string>): void {
    if (!rule.many && seen.has(child.name)) {
      const message = `<${parent.name}> has more than one <${child.name}>`;
      problems.error(child.span.start, message, "Keep one of them; the first is used.");
    }
    seen.add(child.name);
    if (rule.ignored !== undefined)
      problems.warning(child.span.start, rule.ignored, "It is kept in the file and has no effect.");
    visit(child, rule.shape);
  }

  function warnOfUnknown(parent: XmlElement, child: XmlElement, shape: Shape): void {
    const home = homes.get(child.name);
    const known = Object.keys(shape.children);
    if (home !== undefined) {
      problems.warning(
        child.span.start,
        `<${child.name}> has no effect in <${parent.name}>`,
        `Move it: it belongs in ${home}.`,
      );
      return;
    }
    const message = `<${child.name}> is not known in <${parent.name}>${suggestion(child.name, known)}`;
    problems.warning(child.span.start, message, "It is kept in the file and has no effect.");
  }
}

/** Plush's own examples write comments as plain text, `// like this`; other text is probably a mistake. */
function checkStrayText(text: string, element: XmlElement, problems: ProblemList): void {
  const stray = element.text.trim();
  if (stray === "" || stray.startsWith("//")) return;
  const offset = placeOfText(text, element);
  problems.warning(
    offset,
    `text stands directly in <${element.name}> and is ignored`,
    "Put it into an element, or into a comment: <!-- … -->.",
  );
}

/** The first place between the children that is neither blank nor part of a comment or instruction. */
function placeOfText(text: string, element: XmlElement): number {
  if (element.content === undefined) return element.span.start;
  let at = element.content.start;
  for (const child of [
    ...element.children.map((inner) => inner.span),
    { start: element.content.end, end: 0 },
  ]) {
    const between = text.slice(at, child.start);
    const blanked = between.replace(/<!--[^]*?-->|<\?[^]*?\?>/g, (comment) => " ".repeat(comment.length));
    const found = blanked.search(/\S/);
    if (found !== -1) return at + found;
    at = child.end;
  }
  return element.content.start;
}
