// Changes an XML text by cutting and inserting at known places; whatever is not changed stays byte for byte.
import { attributeOf, type XmlDocument, type XmlElement } from "./xml-document.ts";
import { escapeAttribute, escapeText, writeElement, type ElementSketch, type Layout } from "./write-xml.ts";

/** `start` to `end` of the text gives way to `text`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** All edits are meant for the same text. Throws when two of them overlap, which is a mistake of the caller's. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const edit of inOrder(edits)) {
    if (edit.start < at || edit.end < edit.start || edit.end > text.length) {
      throw new RangeError(
        `edit ${String(edit.start)}-${String(edit.end)} overlaps another one or leaves the text`,
      );
    }
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

/** The edits that lead from `applyEdits(text, edits)` back to `text`. */
export function invertEdits(text: string, edits: readonly TextEdit[]): TextEdit[] {
  let shift = 0;
  return inOrder(edits).map((edit) => {
    const start = edit.start + shift;
    shift += edit.text.length - (edit.end - edit.start);
    return { start, end: start + edit.text.length, text: text.slice(edit.start, edit.end) };
  });
}

/** Edits at one place keep their order, and insertions come before what is cut there. */
function inOrder(edits: readonly TextEdit[]): TextEdit[] {
  return edits.toSorted((one, other) => one.start - other.start || one.end - other.end);
}

export function setAttribute(
  document: XmlDocument,
  element: XmlElement,
  name: string,
  value: string,
): TextEdit[] {
  const attribute = attributeOf(element, name);
  if (attribute === undefined) {
    const last = element.attributes.at(-1);
    const at = last === undefined ? element.startTag.start + 1 + element.name.length : last.valueSpan.end + 1;
    return [{ start: at, end: at, text: ` ${name}="${escapeAttribute(value)}"` }];
  }
  if (attribute.value === value) return [];
  const quote = document.text[attribute.valueSpan.end] === "'" ? "'" : '"';
  return [{ ...attribute.valueSpan, text: escapeAttribute(value, quote) }];
}

export function removeAttribute(document: XmlDocument, element: XmlElement, name: string): TextEdit[] {
  const attribute = attributeOf(element, name);
  if (attribute === undefined) return [];
  let start = attribute.nameSpan.start;
  while (/\s/.test(document.text[start - 1] ?? "")) start -= 1;
  return [{ start, end: attribute.valueSpan.end + 1, text: "" }];
}

/** For elements that hold a value: everything inside gives way. */
export function setText(document: XmlDocument, element: XmlElement, value: string): TextEdit[] {
  if (element.text === value && element.children.length === 0) return [];
  if (element.content !== undefined) return [{ ...element.content, text: escapeText(value) }];
  const start = emptyTagEnd(document, element);
  return [{ start, end: element.startTag.end, text: `>${escapeText(value)}</${element.name}>` }];
}

/** Where the "/>" of an empty element starts, with the blanks before it. */
function emptyTagEnd(document: XmlDocument, element: XmlElement): number {
  let start = element.startTag.end - 2;
  while (/\s/.test(document.text[start - 1] ?? "")) start -= 1;
  return start;
}

export function insertBefore(document: XmlDocument, sibling: XmlElement, added: ElementSketch): TextEdit[] {
  return placeBefore(document, sibling, (layout) => writeElement(added, layout ?? "oneLine"));
}

export function insertAfter(document: XmlDocument, sibling: XmlElement, added: ElementSketch): TextEdit[] {
  return placeAfter(document, sibling, (layout) => writeElement(added, layout ?? "oneLine"));
}

/** As the last child. */
export function insertInside(document: XmlDocument, parent: XmlElement, added: ElementSketch): TextEdit[] {
  return placeInside(document, parent, (layout) => writeElement(added, layout ?? "oneLine"));
}

/** With its lines, when it has them for itself. */
export function removeElement(document: XmlDocument, element: XmlElement): TextEdit[] {
  const { text } = document;
  const { start, end } = element.span;
  const lineStart = lineStartBefore(text, start);
  const lineEnd = /^[ \t]*(?:\r\n|\n|\r)/.exec(text.slice(end, lineEndAfter(text, end)))?.[0];
  if (lineStart === undefined || lineEnd === undefined) return [{ start, end, text: "" }];
  return [{ start: lineStart, end: end + lineEnd.length, text: "" }];
}

export function moveBefore(document: XmlDocument, element: XmlElement, sibling: XmlElement): TextEdit[] {
  return isWithin(sibling, element)
    ? []
    : moved(document, element, placeBefore(document, sibling, rawOf(document, element)));
}

export function moveAfter(document: XmlDocument, element: XmlElement, sibling: XmlElement): TextEdit[] {
  return isWithin(sibling, element)
    ? []
    : moved(document, element, placeAfter(document, sibling, rawOf(document, element)));
}

/** To the end of `parent`. */
export function moveInside(document: XmlDocument, element: XmlElement, parent: XmlElement): TextEdit[] {
  if (isWithin(parent, element) || parent.children.at(-1) === element) return [];
  return moved(document, element, placeInside(document, parent, rawOf(document, element)));
}

/** Nothing can be moved to a place inside of itself. */
function isWithin(inner: XmlElement, outer: XmlElement): boolean {
  return inner.span.start >= outer.span.start && inner.span.end <= outer.span.end;
}

/** As it is written; lines inside keep their indentation, which may be part of a value. */
function rawOf(document: XmlDocument, element: XmlElement): () => string {
  return () => document.text.slice(element.span.start, element.span.end);
}

function moved(document: XmlDocument, element: XmlElement, insertion: readonly TextEdit[]): TextEdit[] {
  return [...insertion, ...removeElement(document, element)];
}

/** Writes what is to be inserted for the lines around it, or for one line. */
type Write = (layout: Layout | undefined) => string;

function placeBefore(document: XmlDocument, sibling: XmlElement, write: Write): TextEdit[] {
  const { start } = sibling.span;
  const lineStart = lineStartBefore(document.text, start);
  if (lineStart === undefined) return [{ start, end: start, text: write(undefined) }];
  const layout = layoutOf(document, document.text.slice(lineStart, start));
  return [{ start: lineStart, end: lineStart, text: layout.indentation + write(layout) + layout.newline }];
}

function placeAfter(document: XmlDocument, sibling: XmlElement, write: Write): TextEdit[] {
  const { text } = document;
  const { start, end } = sibling.span;
  const lineStart = lineStartBefore(text, start);
  if (lineStart === undefined) return [{ start: end, end, text: write(undefined) }];
  const layout = layoutOf(document, text.slice(lineStart, start));
  // A comment behind the sibling on its last line belongs to it.
  const comment =
    /^(?:[ \t]*<!--[^\r\n]*?-->)+(?=[ \t]*[\r\n])/.exec(text.slice(end, lineEndAfter(text, end)))?.[0] ?? "";
  const at = end + comment.length;
  return [{ start: at, end: at, text: layout.newline + layout.indentation + write(layout) }];
}

function placeInside(document: XmlDocument, parent: XmlElement, write: Write): TextEdit[] {
  const { text } = document;
  const last = parent.children.at(-1);
  if (last !== undefined) return placeAfter(document, last, write);
  const lineStart = lineStartBefore(text, parent.span.start);
  const outer =
    lineStart === undefined ? undefined : layoutOf(document, text.slice(lineStart, parent.span.start));
  const layout = outer && { ...outer, indentation: outer.indentation + outer.unit };
  const lead = layout === undefined ? "" : layout.newline + layout.indentation;
  const tail = outer === undefined ? "" : outer.newline + outer.indentation;
  if (parent.content === undefined) {
    const start = emptyTagEnd(document, parent);
    return [{ start, end: parent.startTag.end, text: `>${lead}${write(layout)}${tail}</${parent.name}>` }];
  }
  const inside = text.slice(parent.content.start, parent.content.end);
  const at = parent.content.start + inside.trimEnd().length;
  const endsLine = /[\r\n][ \t]*$/.test(text.slice(at, parent.content.end));
  return [{ start: at, end: at, text: lead + write(layout) + (endsLine ? "" : tail) }];
}

/** The start of the line, when only blanks stand before `offset` on it. */
function lineStartBefore(text: string, offset: number): number | undefined {
  let start = offset;
  while (start > 0 && (text[start - 1] === " " || text[start - 1] === "\t")) start -= 1;
  return start === 0 || text[start - 1] === "\n" || text[start - 1] === "\r" ? start : undefined;
}

/** Behind the line end, CRLF counted as one. */
function lineEndAfter(text: string, offset: number): number {
  const lineEnd = /\r\n|\n|\r/g;
  lineEnd.lastIndex = offset;
  return lineEnd.exec(text) === null ? text.length : lineEnd.lastIndex;
}

/** Line ends and indentation as the document has them. */
function layoutOf(document: XmlDocument, indentation: string): Layout {
  const { text, root } = document;
  const newline = /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
  const child = root.children[0];
  const lineStart = child === undefined ? undefined : lineStartBefore(text, child.span.start);
  const unit = child === undefined || lineStart === undefined ? "" : text.slice(lineStart, child.span.start);
  return { newline, indentation, unit: unit === "" ? "  " : unit };
}
