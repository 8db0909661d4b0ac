// The strict gate before an XML document is read: well-formed, within the limits, no DTD; records where everything stands.
import { SaxesParser, type SaxesTag } from "saxes";
import { DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_ELEMENTS_MAX } from "./application-limits.ts";
import type { Span } from "./application.ts";

/** Where one attribute stands; `value` is without its quotes. */
export interface AttributePlace {
  readonly name: string;
  readonly nameSpan: Span;
  readonly valueSpan: Span;
}

/** Where one element stands; `content` is undefined for `<a/>`. In document order, parents before children. */
export interface ElementPlace {
  readonly name: string;
  readonly depth: number;
  readonly startTag: Span;
  readonly attributes: readonly AttributePlace[];
  content: Span | undefined;
  end: number;
}

export interface Refusal {
  readonly kind: "refused";
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

export interface Admission {
  readonly kind: "admitted";
  readonly elements: readonly ElementPlace[];
  /** The text in a shape that a less strict reader reads alike; offsets in it mean nothing. */
  readonly readable: string;
}

/** Thrown by the handlers below to leave the parser at once; never leaves this file. */
class Stop extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Never throws. Time is linear in the text up to DOCUMENT_BYTES_MAX and constant beyond it. */
export function admitXml(text: string): Admission | Refusal {
  const refusal = sizeRefusal(text) ?? surrogateRefusal(text);
  if (refusal !== undefined) return refusal;
  const gate = new Gate(text);
  try {
    return gate.admit();
  } catch (error) {
    if (error instanceof Stop) return error.refusal;
    const reason = error instanceof Error ? error.message : String(error);
    return refused(gate.position(), `the XML cannot be read: ${reason}`, "Check the text around this place.");
  }
}

function refused(offset: number, message: string, remedy: string): Refusal {
  return { kind: "refused", offset, message, remedy };
}

function sizeRefusal(text: string): Refusal | undefined {
  if (text.length <= DOCUMENT_BYTES_MAX && utf8Length(text) <= DOCUMENT_BYTES_MAX) return undefined;
  const mebibytes = DOCUMENT_BYTES_MAX / 1024 / 1024;
  return refused(
    0,
    `the document is larger than ${String(mebibytes)} MiB`,
    "Split it, or generate fewer blocks with larger components.",
  );
}

function utf8Length(text: string): number {
  if (text.length * 3 <= DOCUMENT_BYTES_MAX) return text.length;
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    // A surrogate pair is 4 bytes: 2 for each half.
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff)) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}

/** saxes joins a lone half of a surrogate pair with whatever follows, even with a "<". */
function surrogateRefusal(text: string): Refusal | undefined {
  const offset = text.search(/\p{Surrogate}/u);
  if (offset === -1) return undefined;
  return refused(
    offset,
    "half of a character (a lone surrogate) stands here",
    "Delete it, or save the file as UTF-8 again.",
  );
}

class Gate {
  readonly #text: string;
  readonly #parser = new SaxesParser({ position: true, defaultXMLVersion: "1.0", forceXMLVersion: true });
  readonly #elements: ElementPlace[] = [];
  readonly #open: ElementPlace[] = [];
  readonly #replacements: (Span & { readonly by: string })[] = [];
  #attributes: AttributePlace[] = [];
  #tagStart = 0;
  /** End of the last markup seen: the next comment or instruction starts behind it. */
  #markupEnd = 0;

  constructor(text: string) {
    this.#text = text;
  }

  position(): number {
    return Math.min(this.#parser.position, this.#text.length);
  }

  admit(): Admission {
    const parser = this.#parser;
    parser.on("error", (error) => this.#fail(error.message.replace(/^\d+:\d+: /, "")));
    parser.on("doctype", () => this.#refuseDoctype());
    parser.on("opentagstart", (tag) => this.#startTag(tag.name));
    parser.on("attribute", (attribute) => this.#attribute(attribute.name));
    parser.on("opentag", (tag) => this.#openTag(tag));
    parser.on("closetag", (tag) => this.#closeTag(tag));
    parser.on("comment", () => this.#passMarkup());
    parser.on("cdata", () => this.#passMarkup());
    parser.on("xmldecl", () => this.#passMarkup());
    parser.on("processinginstruction", () => this.#instruction());
    parser.write(this.#text).close();
    return { kind: "admitted", elements: this.#elements, readable: this.#readable() };
  }

  #passMarkup(): void {
    this.#markupEnd = this.position();
  }

  /** Instructions mean nothing here, and a lone quote in one would lead a lenient reader astray. */
  #instruction(): void {
    const start = this.#text.indexOf("<?", this.#markupEnd);
    this.#passMarkup();
    this.#replacements.push({ start, end: this.#markupEnd, by: "" });
  }

  #refuseDoctype(): never {
    const offset = Math.max(0, this.#text.indexOf("<!DOCTYPE", this.#markupEnd));
    const message = "document type declarations (<!DOCTYPE …>) and entities of one's own are not allowed";
    throw new Stop(
      refused(offset, message, "Delete the declaration and write each entity's text where it is used."),
    );
  }

  #startTag(name: string): void {
    this.#tagStart = this.#text.lastIndexOf("<", this.position() - 1);
    this.#attributes = [];
    this.#refuseInvisible(name, this.#tagStart + 1);
    if (this.#open.length >= DOCUMENT_DEPTH_MAX) {
      const message = `elements are nested more than ${String(DOCUMENT_DEPTH_MAX)} deep`;
      throw new Stop(
        refused(this.#tagStart, message, "Close the elements that are left open above, or nest less."),
      );
    }
    if (this.#elements.length >= DOCUMENT_ELEMENTS_MAX) {
      const message = `the document has more than ${String(DOCUMENT_ELEMENTS_MAX)} elements`;
      throw new Stop(
        refused(this.#tagStart, message, "Split it, or use larger components instead of many blocks."),
      );
    }
  }

  /** Called right behind the closing quote, so that everything can be found by looking back. */
  #attribute(name: string): void {
    const text = this.#text;
    const end = this.position() - 1;
    const start = text.lastIndexOf(text[end] ?? '"', end - 1) + 1;
    const equals = text.lastIndexOf("=", start - 1);
    let nameEnd = equals;
    while (nameEnd > 0 && /[ \t\r\n]/.test(text[nameEnd - 1] ?? "")) nameEnd -= 1;
    const nameSpan = { start: nameEnd - name.length, end: nameEnd };
    this.#refuseInvisible(name, nameSpan.start);
    this.#attributes.push({ name, nameSpan, valueSpan: { start, end } });
    // XML reads a line break or tab in an attribute as one blank; the reader behind this gate does not.
    const raw = text.slice(start, end);
    if (/[\t\n\r]/.test(raw)) this.#replacements.push({ start, end, by: raw.replace(/\r\n|[\t\n\r]/g, " ") });
  }

  /** XML allows two blanks of other alphabets in names (U+FEFF, U+1680), where nobody wants them and JavaScript sees a blank. */
  #refuseInvisible(name: string, start: number): void {
    const place = name.search(/\s/);
    if (place === -1) return;
    throw new Stop(
      refused(
        start + place,
        "an invisible character stands in a name",
        "Delete it; it often comes from copying.",
      ),
    );
  }

  #openTag(tag: Pick<SaxesTag, "name" | "isSelfClosing">): void {
    const end = this.position();
    const startTag = { start: this.#tagStart, end };
    const content = tag.isSelfClosing ? undefined : { start: end, end };
    const place = {
      name: tag.name,
      depth: this.#open.length,
      startTag,
      attributes: this.#attributes,
      content,
      end,
    };
    this.#elements.push(place);
    this.#open.push(place);
    this.#passMarkup();
  }

  #closeTag(tag: Pick<SaxesTag, "name" | "isSelfClosing">): void {
    const place = this.#open.pop();
    if (place === undefined) return;
    place.end = this.position();
    if (tag.isSelfClosing) return;
    const start = this.#text.lastIndexOf("</", place.end - 1);
    place.content = { start: place.startTag.end, end: start };
    // saxes reports the element as closed before it says that the name was wrong.
    const name = /^<\/([^\s>]*)/.exec(this.#text.slice(start, place.end))?.[1] ?? "";
    if (name !== tag.name) this.#refuseWrongClose(name, place, start);
    this.#passMarkup();
  }

  #refuseWrongClose(name: string, place: ElementPlace, offset: number): never {
    const message = `</${name}> stands where <${place.name}> is still open`;
    throw new Stop(refused(offset, message, `Close <${place.name}> first, or correct the name.`));
  }

  #fail(message: string): never {
    const refusal =
      this.#bareAmpersand() ??
      this.#textOutside(message) ??
      this.#unfinished(message) ??
      this.#unclosed(message);
    if (refusal !== undefined) throw new Stop(refusal);
    const known = MESSAGES.find(([pattern]) => pattern.test(message));
    const offset = /^duplicate/.test(message) ? this.#repeatedAttribute() : Math.max(0, this.position() - 1);
    throw new Stop(
      refused(
        offset,
        known?.[1] ?? message.replace(/\.$/, ""),
        known?.[2] ?? "Correct the XML at this place.",
      ),
    );
  }

  /** saxes reads from an "&" to the next ";", however far that is. */
  #bareAmpersand(): Refusal | undefined {
    const since = this.#text.slice(this.#markupEnd, this.position());
    if (/<!(?:--|\[)/.test(since)) return undefined;
    const found = /&(?![A-Za-z_:][\w:.-]*;|#\d+;|#x[0-9a-fA-F]+;)/.exec(since);
    if (found === null) return undefined;
    const message = "an & stands here that starts no reference such as &lt;";
    return refused(this.#markupEnd + found.index, message, "Write a plain & as &amp;.");
  }

  /** saxes tells of it where the text ends; people look where it starts. */
  #textOutside(message: string): Refusal | undefined {
    if (!/text data outside of root/.test(message)) return undefined;
    const offset = this.#markupEnd + Math.max(0, this.#text.slice(this.#markupEnd).search(/\S/));
    return this.#elements.length === 0
      ? refused(
          offset,
          "text stands where the first element should start",
          "Start with <plush>; check that it is the right file.",
        )
      : refused(
          offset,
          "text stands outside of the root element",
          "Move it inside, or make it a comment: <!-- … -->.",
        );
  }

  /** At the end of the text: a comment, section or tag that has begun explains more than the elements left open. */
  #unfinished(message: string): Refusal | undefined {
    if (!/^unclosed tag|^unexpected end|must contain a root/.test(message)) return undefined;
    const rest = this.#text.slice(this.#markupEnd);
    const kinds: readonly (readonly [RegExp, string, string])[] = [
      [/<!--/, "a comment is never closed", "Write --> where it ends."],
      [/<!\[CDATA\[/, "a CDATA section is never closed", "Write ]]> where it ends."],
      [/<\?/, "an instruction is never closed", "Write ?> where it ends."],
      [/<(?!!)/, "a tag is never completed", "Complete it: its quotes and the >."],
      [/<!/, "a declaration is never completed", "Delete it."],
    ];
    for (const [pattern, text, remedy] of kinds) {
      const found = pattern.exec(rest);
      if (found !== null) return refused(this.#markupEnd + found.index, text, remedy);
    }
    return undefined;
  }

  #unclosed(message: string): Refusal | undefined {
    const element = this.#open.at(-1);
    if (!message.startsWith("unclosed tag") || element === undefined) return undefined;
    const remedy = `Write </${element.name}> where it ends.`;
    return refused(element.startTag.start, `<${element.name}> is never closed`, remedy);
  }

  #repeatedAttribute(): number {
    const seen = new Set<string>();
    const repeated = this.#attributes.find(({ name }) => seen.size === seen.add(name).size);
    return repeated?.nameSpan.start ?? this.#tagStart;
  }

  #readable(): string {
    if (this.#replacements.length === 0) return this.#text;
    const parts: string[] = [];
    let at = 0;
    for (const { start, end, by } of this.#replacements) {
      parts.push(this.#text.slice(at, start), by);
      at = end;
    }
    parts.push(this.#text.slice(at));
    return parts.join("");
  }
}

/** What saxes says, what we say, and the remedy. */
const MESSAGES: readonly (readonly [RegExp, string, string])[] = [
  [/must contain a root/, "the document is empty", "Start with <plush> and end with </plush>."],
  [
    /^unexpected end/,
    "the document ends in the middle of something",
    "Complete the last tag, or restore the cut-off rest.",
  ],
  [/only one root/, "a second root element starts here", "Put everything inside of the first one."],
  [
    /undefined entity/,
    "this entity is not known",
    "Known are &lt; &gt; &amp; &quot; &apos; and numbers such as &#65;; write a plain & as &amp;.",
  ],
  [
    /malformed character entity/,
    "this number stands for no character that XML allows",
    "Correct the number, or delete it.",
  ],
  [/"\]\]>" is disallowed/, "]]> stands in plain text", "Write it as ]]&gt;."],
  [/duplicate attribute/, "an attribute is given twice", "Delete one of the two."],
  [
    /unmatched closing tag|unexpected close tag|weird empty close/,
    "an end tag stands here without its start tag",
    "Delete it, or write the start tag.",
  ],
  [/disallowed character in tag name/, "a < stands here that starts no tag", "Write a plain < as &lt;."],
  [/unquoted attribute value/, "an attribute's value needs quotes", 'Write name="value".'],
  [/attribute without value/, "an attribute needs a value", 'Write name="value".'],
  [
    /no whitespace between attributes/,
    "a blank is missing between two attributes",
    "Put a blank between them.",
  ],
  [
    /^(?:encoding value must|version number must|expected one of|expected the name|incorrect syntax|value must be quoted|value required|whitespace required)|XML declaration/,
    "the XML declaration is wrong",
    'Write <?xml version="1.0" encoding="UTF-8"?>, or delete it.',
  ],
  [
    /disallowed character in (?:closing tag|attribute name)/,
    "this character cannot stand in a name",
    "Check the quotes, the blanks and the > of the tag before it.",
  ],
  [/forward-slash in opening tag/, "a / stands in the middle of a tag", "Write /> at its end, or delete it."],
  [
    /malformed comment/,
    "two hyphens stand inside of a comment",
    "Write --> where it ends, or take one of them out.",
  ],
  [
    /^disallowed character\.$/,
    "this character is not allowed here",
    "Delete it; write < as &lt; in an attribute.",
  ],
];
