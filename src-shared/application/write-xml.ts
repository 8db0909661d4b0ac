// Writes elements as XML text, escaped so that every reader gets the same values back.

/** An element to be written. */
export interface ElementSketch {
  readonly name: string;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
  readonly children: readonly ElementSketch[];
  /** Written exactly; only for elements without children. */
  readonly text: string;
}

/** Attributes that are undefined are left out. */
export function sketch(
  name: string,
  attributes: Readonly<Record<string, string | undefined>>,
  children: readonly ElementSketch[] = [],
): ElementSketch {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ name: key, value }],
  );
  return { name, attributes: given, children, text: "" };
}

export function leaf(name: string, text: string): ElementSketch {
  return { name, attributes: [], children: [], text };
}

/** How the lines around are laid out. */
export interface Layout {
  readonly newline: string;
  /** In front of the element itself. */
  readonly indentation: string;
  /** Added for each level inside. */
  readonly unit: string;
}

const PLAIN_LAYOUT: Layout = { newline: "\n", indentation: "", unit: "  " };

/** Without its own indentation and without a line end behind it. */
export function writeElement(element: ElementSketch, layout: Layout | "oneLine" = PLAIN_LAYOUT): string {
  const attributes = element.attributes
    .map(({ name, value }) => ` ${name}="${escapeAttribute(value)}"`)
    .join("");
  const start = `<${element.name}${attributes}`;
  if (element.children.length === 0) {
    return element.text === "" ? `${start}/>` : `${start}>${escapeText(element.text)}</${element.name}>`;
  }
  if (layout === "oneLine") {
    return `${start}>${element.children.map((child) => writeElement(child, layout)).join("")}</${element.name}>`;
  }
  const inner = { ...layout, indentation: layout.indentation + layout.unit };
  const children = element.children
    .map((child) => inner.newline + inner.indentation + writeElement(child, inner))
    .join("");
  return `${start}>${children}${layout.newline}${layout.indentation}</${element.name}>`;
}

/** What XML 1.0 cannot hold, not even as a number: most control characters, lone surrogates, U+FFFE and U+FFFF. */
const IMPOSSIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** Whether a value can be written and read back as it is. */
export function isXmlText(text: string): boolean {
  return text.search(IMPOSSIBLE) === -1;
}

/** Impossible characters become U+FFFD, the replacement character. A carriage return would be read as a line feed. */
export function escapeText(text: string): string {
  return text
    .replace(IMPOSSIBLE, "\ufffd")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/\r/g, "&#13;");
}

/** For double quotes unless told otherwise. Line ends and tabs would be read as blanks. */
export function escapeAttribute(value: string, quote: '"' | "'" = '"'): string {
  const escaped = escapeText(value).replace(/\n/g, "&#10;").replace(/\t/g, "&#9;");
  return quote === '"' ? escaped.replace(/"/g, "&quot;") : escaped.replace(/'/g, "&apos;");
}
