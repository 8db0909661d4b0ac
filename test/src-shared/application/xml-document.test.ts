// Reading XML: exact places, decoded values, strict refusals with a place, limits, and no exception ever.
import { XMLParser } from "fast-xml-parser";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DOCUMENT_BYTES_MAX,
  DOCUMENT_DEPTH_MAX,
  DOCUMENT_ELEMENTS_MAX,
} from "../../../src-shared/application/application-limits.ts";
import type { Span } from "../../../src-shared/application/application.ts";
import {
  attributeOf,
  elementAt,
  readXml,
  type XmlElement,
} from "../../../src-shared/application/xml-document.ts";
import { escapeAttribute, escapeText, isXmlText } from "../../../src-shared/application/write-xml.ts";
import { fixture, fixturePaths, unmarked } from "./specification-text.ts";

const FIXTURES = [...fixturePaths("application"), ...fixturePaths("directory")];

function rootOf(text: string): XmlElement {
  const result = readXml(text);
  if (result.kind === "error") throw new Error(result.problem.message);
  return result.document.root;
}

function allElements(element: XmlElement): XmlElement[] {
  return [element, ...element.children.flatMap(allElements)];
}

describe("places", () => {
  test("are exact with byte order mark, declaration, CRLF, odd blanks, both quotes, comments, CDATA and instructions", () => {
    const text =
      '\uFEFF<?xml version="1.0"?>\r\n<?note it\'s <? fine?>\r\n<a  x = "1\r\n2"\ty=\'&quot;>&#65;\'>// hi\r\n' +
      "<b/>t<!-- <c> --><![CDATA[<d>&amp;]]><é z='😀'>015415</é ></a\n>\r\n<!-- end -->";
    const root = rootOf(text);
    const at = (span: Span | undefined): string =>
      span === undefined ? "-" : text.slice(span.start, span.end);
    expect(at(root.span)).toBe(text.slice(text.indexOf("<a "), text.indexOf("\r\n<!-- end")));
    expect(at(root.startTag)).toBe("<a  x = \"1\r\n2\"\ty='&quot;>&#65;'>");
    expect(
      root.attributes.map((attribute) => [at(attribute.nameSpan), at(attribute.valueSpan), attribute.value]),
    ).toEqual([
      ["x", "1\r\n2", "1 2"],
      ["y", "&quot;>&#65;", '">A'],
    ]);
    expect(root.children.map((child) => [child.name, at(child.span), at(child.content), child.text])).toEqual(
      [
        ["b", "<b/>", "-", ""],
        ["é", "<é z='😀'>015415</é >", "015415", "015415"],
      ],
    );
    expect(root.text).toBe("// hi\nt<d>&amp;");
    expect(
      elementAt({ text, root, lineColumnOf: () => ({ line: 1, column: 1 }) }, text.indexOf("<é"))?.name,
    ).toBe("é");
  });

  test("lines end at LF, CRLF and CR", () => {
    const text = "<a>\n<b/>\r\n<c/>\r<d/></a>";
    const result = readXml(text);
    expect(result.kind).toBe("ok");
    if (result.kind !== "ok") return;
    const lines = result.document.root.children.map(({ span }) => result.document.lineColumnOf(span.start));
    expect(lines).toEqual([2, 3, 4].map((line) => ({ line, column: 1 })));
    expect(result.document.lineColumnOf(text.length)).toEqual({ line: 4, column: 9 });
  });

  test.each(FIXTURES)("%s: every span holds what it says", (path) => {
    const text = fixture(path);
    for (const element of allElements(rootOf(text))) {
      expect(text.slice(element.span.start).startsWith(`<${element.name}`)).toBe(true);
      expect(text[element.span.end - 1]).toBe(">");
      for (const { name, nameSpan, valueSpan } of element.attributes) {
        expect(text.slice(nameSpan.start, valueSpan.start - 1)).toBe(`${name}=`);
        expect(text[valueSpan.start - 1]).toBe(text[valueSpan.end]);
      }
    }
  });
});

describe("values", () => {
  test.each([
    ["015415", "015415"],
    ["1e5", "1e5"],
    ["0x10", "0x10"],
    [" a ", " a "],
    ["&#65;&#x42;", "AB"],
    ["&lt;&gt;&amp;&quot;&apos;", "<>&\"'"],
    ["&amp;lt;", "&lt;"],
    ["true", "true"],
    ["&#x1F600;", "😀"],
    ["<![CDATA[a]]><![CDATA[<b>]]>", "a<b>"],
    ["a\r\nb\rc", "a\nb\nc"],
    ["&#13;&#10;", "\r\n"],
  ])("%j is %j", (written, value) => {
    expect(rootOf(`<a>${written}</a>`).text).toBe(value);
  });

  test("names that JavaScript treats specially are names like any other", () => {
    const text =
      "<a><__proto__ __proto__='1' constructor='2'>x</__proto__><constructor/><toString hasOwnProperty='3'/></a>";
    const root = rootOf(text);
    expect(root.children.map(({ name }) => name)).toEqual(["__proto__", "constructor", "toString"]);
    expect(attributeOf(root.children[0]!, "__proto__")?.value).toBe("1");
    expect(attributeOf(root.children[2]!, "hasOwnProperty")?.value).toBe("3");
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
  });

  test("a hundred thousand references are all decoded", () => {
    expect(rootOf(`<a>${"&amp;".repeat(150_000)}</a>`).text).toBe("&".repeat(150_000));
  });

  test("any text that XML can hold is read back from content and attributes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }).filter(isXmlText), (value) => {
        const root = rootOf(
          `<a x="${escapeAttribute(value)}" y='${escapeAttribute(value, "'")}'>${escapeText(value)}</a>`,
        );
        expect([root.text, ...root.attributes.map((attribute) => attribute.value)]).toEqual([
          value,
          value,
          value,
        ]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("refusals, each with its place («)", () => {
  test.each([
    ["«", "the document is empty"],
    [" «\n", "the document is empty"],
    ["«<a>", "<a> is never closed"],
    ["<a>\n  «<b>\n", "<b> is never closed"],
    ["<a><b>«</a>", "</a> stands where <b> is still open"],
    ["</a«>", "an end tag stands here without its start tag"],
    ["<a/>«x", "text stands outside of the root element"],
    ["<a/><b«/>", "a second root element starts here"],
    ["<a b=«1/>", "an attribute's value needs quotes"],
    ["<a b='1' «b='2'/>", "an attribute is given twice"],
    ["<a __proto__='1' «__proto__='2'/>", "an attribute is given twice"],
    ["<a>&foo«;</a>", "this entity is not known"],
    ["<a>&nbsp«;</a>", "this entity is not known"],
    ["<a>&constructor«;</a>", "this entity is not known"],
    ["<a>&#0«;</a>", "this number stands for no character that XML allows"],
    ["<a>\n R«& D</a>", "an & stands here that starts no reference such as &lt;"],
    ["<a b='«& '/>", "an & stands here that starts no reference such as &lt;"],
    ["<a><«</a>", "a < stands here that starts no tag"],
    ["<a>]]«></a>", "]]> stands in plain text"],
    ["«\ud800<a/>", "half of a character (a lone surrogate) stands here"],
    ["<a>«\udc00</a>", "half of a character (a lone surrogate) stands here"],
    ["<a>«\u0001</a>", "this character is not allowed here"],
    ["<a>«\u0000</a>", "this character is not allowed here"],
    ["<a«\ufeff/>", "an invisible character stands in a name"],
    ["<a b«\u1680='1'/>", "an invisible character stands in a name"],
    ["<a b='«<'/>", "this character is not allowed here"],
    ["«<a", "a tag is never completed"],
    ["<a>«<b c='", "a tag is never completed"],
    ["<a>«<!-- x", "a comment is never closed"],
    ["<a>«<![CDATA[ x", "a CDATA section is never closed"],
    ["<a>«<?x", "an instruction is never closed"],
    [
      "«<!DOCTYPE a><a/>",
      "document type declarations (<!DOCTYPE …>) and entities of one's own are not allowed",
    ],
    [
      '<?xml version="1.0"?>\n<!-- <!DOCTYPE b> -->\n«<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
      "document type declarations (<!DOCTYPE …>) and entities of one's own are not allowed",
    ],
    [
      '«<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      "document type declarations (<!DOCTYPE …>) and entities of one's own are not allowed",
    ],
  ])("%j", (marked, message) => {
    const { text, places } = unmarked(marked);
    const result = readXml(text);
    expect(result.kind).toBe("error");
    if (result.kind !== "error") return;
    const { line, column, offset } = result.problem;
    expect(result.problem.message).toBe(message);
    expect({ line, column, offset }).toEqual(places[0]);
    expect(result.problem.remedy).not.toBe("");
  });

  test("a billion laughs are refused before the first", () => {
    const entities = Array.from(
      { length: 10 },
      (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
    );
    const result = readXml(`<!DOCTYPE a [<!ENTITY l0 "ha">${entities.join("")}]><a>&l10;</a>`);
    expect(result).toMatchObject({ kind: "error", problem: { line: 1, column: 1 } });
  });
});

describe("limits", () => {
  /** Generous: what is refused takes some 20 ms here, what would be read takes seconds. */
  const QUICK_MS = 200;

  function refusal(text: string): string {
    const results = Array.from({ length: 3 }, () => {
      const start = performance.now();
      const result = readXml(text);
      return { result, timeMs: performance.now() - start };
    });
    // The best of three counts: a loaded machine is no fault of the parser's.
    expect(Math.min(...results.map(({ timeMs }) => timeMs))).toBeLessThan(QUICK_MS);
    const [first] = results;
    return first?.result.kind === "error" ? first.result.problem.message : "read";
  }

  test("10 MB of nesting", () => {
    expect(refusal("<a>".repeat(3_500_000))).toBe("the document is larger than 4 MiB");
  });

  test("4 MB of nesting", () => {
    expect(refusal("<a>".repeat(1_300_000))).toBe(`elements are nested more than ${DOCUMENT_DEPTH_MAX} deep`);
  });

  test("size is counted in bytes", () => {
    const half = Math.floor(DOCUMENT_BYTES_MAX / 2);
    expect(readXml(`<a>${"é".repeat(half - 100)}</a>`).kind).toBe("ok");
    expect(refusal(`<a>${"é".repeat(half)}</a>`)).toBe("the document is larger than 4 MiB");
    expect(refusal(`<a>${"😀".repeat(DOCUMENT_BYTES_MAX / 4)}</a>`)).toBe(
      "the document is larger than 4 MiB",
    );
  });

  test("depth", () => {
    const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
    expect(readXml(nested(DOCUMENT_DEPTH_MAX)).kind).toBe("ok");
    expect(refusal(nested(DOCUMENT_DEPTH_MAX + 1))).toBe(
      `elements are nested more than ${DOCUMENT_DEPTH_MAX} deep`,
    );
  });

  test("number of elements", () => {
    const result = readXml(`<r>${"<a/>".repeat(DOCUMENT_ELEMENTS_MAX + 1)}</r>`);
    expect(result.kind === "error" && result.problem.message).toBe(
      `the document has more than ${DOCUMENT_ELEMENTS_MAX} elements`,
    );
  });
});

describe("nothing throws", () => {
  test("on arbitrary text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(["ok", "error"]).toContain(readXml(text).kind);
      }),
      { numRuns: 500 },
    );
  });

  test("on arbitrary bytes, decoded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(["ok", "error"]).toContain(readXml(new TextDecoder().decode(bytes)).kind);
      }),
      { numRuns: 300 },
    );
  });

  const MARKUP = [
    "<",
    ">",
    "</",
    "/>",
    "&",
    ";",
    '"',
    "'",
    "=",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<!DOCTYPE",
    "a",
    " ",
    "\r\n",
    "\t",
    "&#65;",
    "<a>",
    "</a>",
    "<a b='c'>",
    "__proto__",
    "\ud800",
    "\u0000",
    "😀",
    "\uFEFF",
    "\u1680",
    "\u00a0",
    "\u2028",
  ];

  test("on markup in any order, and both readers tell the same when it is well-formed", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...MARKUP), { maxLength: 12 }), (pieces) => {
        for (const text of [pieces.join(""), `<a>${pieces.join("")}</a>`]) {
          const result = readXml(text);
          if (result.kind === "error") expect(result.problem.message).not.toMatch(/disagree|cannot be read/);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test("on fixtures with pieces cut out and put in", () => {
    const texts = FIXTURES.map(fixture);
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(),
        fc.nat(20),
        fc.constantFrom(...MARKUP, ""),
        (text, place, cut, piece) => {
          const at = place % text.length;
          const result = readXml(text.slice(0, at) + piece + text.slice(at + cut));
          if (result.kind === "error") expect(result.problem.message).not.toMatch(/disagree|cannot be read/);
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("a lenient reader alone would take what the gate refuses", () => {
  expect(() => {
    new XMLParser().parse("<a><b></a>");
  }).not.toThrow();
  expect(readXml("<a><b></a>").kind).toBe("error");
});
