// Edits touch only what they are for: values read back as set, everything else stays byte for byte, and all can be undone.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyEdits,
  insertAfter,
  insertBefore,
  insertInside,
  invertEdits,
  moveAfter,
  moveBefore,
  moveInside,
  removeAttribute,
  removeElement,
  setAttribute,
  setText,
  type TextEdit,
} from "../../../src-shared/application/edit-application.ts";
import {
  attributeOf,
  readXml,
  type XmlDocument,
  type XmlElement,
} from "../../../src-shared/application/xml-document.ts";
import { isXmlText, leaf, sketch } from "../../../src-shared/application/write-xml.ts";
import { fixture, fixturePaths } from "./specification-text.ts";

function read(text: string): XmlDocument {
  const result = readXml(text);
  if (result.kind === "error") throw new Error(`${result.problem.message}\n${text}`);
  return result.document;
}

function find(document: XmlDocument, ...names: readonly (string | number)[]): XmlElement {
  let element = document.root;
  for (const name of names) {
    element =
      typeof name === "number"
        ? element.children[name]!
        : element.children.find((child) => child.name === name)!;
  }
  return element;
}

function edited(text: string, edit: (document: XmlDocument) => readonly TextEdit[]): string {
  const edits = edit(read(text));
  const result = applyEdits(text, edits);
  expect(applyEdits(result, invertEdits(text, edits))).toBe(text);
  read(result);
  return result;
}

const BLOCK = sketch("process_block", { name: "new" }, [sketch("process", {}, [leaf("path", "a & b")])]);

describe("attributes", () => {
  test.each([
    ["<a/>", '<a x="1"/>'],
    ["<a />", '<a x="1" />'],
    ["<a></a>", '<a x="1"></a>'],
    ["<a y='2'  z = '3' />", "<a y='2'  z = '3' x=\"1\" />"],
    ['<a x="2" y="3"/>', '<a x="1" y="3"/>'],
    ["<a x='2'/>", "<a x='1'/>"],
    ["<a x = '&#49;'/>", "<a x = '&#49;'/>"],
  ])("%s", (before, after) => {
    expect(edited(before, (document) => setAttribute(document, document.root, "x", "1"))).toBe(after);
  });

  test.each([
    ['<a x="1"/>', "<a/>"],
    ['<a\n  x="1"\n  y="2"/>', '<a\n  y="2"/>'],
    ['<a y="2" x = "1" />', '<a y="2" />'],
    ["<a/>", "<a/>"],
  ])("remove from %j", (before, after) => {
    expect(edited(before, (document) => removeAttribute(document, document.root, "x"))).toBe(after);
  });
});

describe("text", () => {
  test.each([
    ["<a/>", "<a>1 &lt; 2</a>"],
    ["<a />", "<a>1 &lt; 2</a>"],
    ["<a>x<!-- y --></a>", "<a>1 &lt; 2</a>"],
    ["<a>1 <![CDATA[< 2]]></a>", "<a>1 <![CDATA[< 2]]></a>"],
  ])("%s", (before, after) => {
    expect(edited(before, (document) => setText(document, document.root, "1 < 2"))).toBe(after);
  });
});

const LIST = `<a>
  <b name="1"/>
  <!-- two -->
  <b name="2">
    <c/>
  </b> <!-- behind two -->
  <b name="3"></b>
</a>
`;

describe("elements", () => {
  test("before, after and inside, indented like their neighbours", () => {
    const added = sketch("d", {}, [leaf("f", "x")]);
    expect(edited(LIST, (document) => insertBefore(document, find(document, 1), added))).toBe(
      LIST.replace('  <b name="2">', '  <d>\n    <f>x</f>\n  </d>\n  <b name="2">'),
    );
    expect(edited(LIST, (document) => insertAfter(document, find(document, 1), added))).toBe(
      LIST.replace("<!-- behind two -->", "<!-- behind two -->\n  <d>\n    <f>x</f>\n  </d>"),
    );
    expect(edited(LIST, (document) => insertInside(document, find(document, 0), added))).toBe(
      LIST.replace('<b name="1"/>', '<b name="1">\n    <d>\n      <f>x</f>\n    </d>\n  </b>'),
    );
    expect(edited(LIST, (document) => insertInside(document, find(document, 2), added))).toBe(
      LIST.replace("></b>", ">\n    <d>\n      <f>x</f>\n    </d>\n  </b>"),
    );
    expect(edited(LIST, (document) => insertInside(document, find(document, 1), added))).toBe(
      LIST.replace("<c/>", "<c/>\n    <d>\n      <f>x</f>\n    </d>"),
    );
  });

  test("with the line ends and the indentation of the document", () => {
    const text = "<a>\r\n\t<b>\r\n\t\t<c/>\r\n\t</b>\r\n</a>";
    expect(edited(text, (document) => insertAfter(document, find(document, "b", "c"), BLOCK))).toBe(
      text.replace(
        "<c/>",
        '<c/>\r\n\t\t<process_block name="new">\r\n\t\t\t<process>\r\n\t\t\t\t<path>a &amp; b</path>\r\n\t\t\t</process>\r\n\t\t</process_block>',
      ),
    );
  });

  test("on one line where all is on one line", () => {
    const text = "<a><b/><c/></a>";
    const added = sketch("d", {}, [leaf("f", "")]);
    expect(edited(text, (document) => insertAfter(document, find(document, "b"), added))).toBe(
      "<a><b/><d><f/></d><c/></a>",
    );
    expect(edited(text, (document) => insertBefore(document, find(document, "b"), added))).toBe(
      "<a><d><f/></d><b/><c/></a>",
    );
    expect(edited(text, (document) => insertInside(document, find(document, "b"), added))).toBe(
      "<a><b><d><f/></d></b><c/></a>",
    );
    expect(edited("<a/>", (document) => insertInside(document, document.root, added))).toBe(
      "<a>\n  <d>\n    <f/>\n  </d>\n</a>",
    );
  });

  test("behind text and comments", () => {
    const text = "<a>\n  // text\n  <!-- comment -->\n</a>";
    expect(edited(text, (document) => insertInside(document, document.root, leaf("d", "")))).toBe(
      "<a>\n  // text\n  <!-- comment -->\n  <d/>\n</a>",
    );
  });

  test("removed with their lines, or alone when they share one", () => {
    expect(edited(LIST, (document) => removeElement(document, find(document, 0)))).toBe(
      LIST.replace('  <b name="1"/>\n', ""),
    );
    expect(edited(LIST, (document) => removeElement(document, find(document, 1)))).toBe(
      LIST.replace('<b name="2">\n    <c/>\n  </b>', ""),
    );
    expect(edited("<a>x<b/>y</a>", (document) => removeElement(document, find(document, 0)))).toBe(
      "<a>xy</a>",
    );
    expect(edited("<a>\r\n  <b/>\r\n</a>", (document) => removeElement(document, find(document, 0)))).toBe(
      "<a>\r\n</a>",
    );
  });

  test("moved among their neighbours and into others", () => {
    const order = (text: string): string =>
      read(text)
        .root.children.map((child) => attributeOf(child, "name")?.value)
        .join("");
    const plain = LIST.replace(" <!-- behind two -->", "");
    expect(
      order(edited(plain, (document) => moveBefore(document, find(document, 2), find(document, 0)))),
    ).toBe("312");
    expect(
      order(edited(plain, (document) => moveAfter(document, find(document, 0), find(document, 2)))),
    ).toBe("231");
    expect(
      order(edited(plain, (document) => moveAfter(document, find(document, 2), find(document, 0)))),
    ).toBe("132");
    const down = edited(plain, (document) => moveInside(document, find(document, 0), find(document, 1)));
    expect(down).toBe(
      '<a>\n  <!-- two -->\n  <b name="2">\n    <c/>\n    <b name="1"/>\n  </b>\n  <b name="3"></b>\n</a>\n',
    );
    expect(edited(plain, (document) => moveInside(document, find(document, 1), find(document, 1, "c")))).toBe(
      plain,
    );
    expect(edited(plain, (document) => moveAfter(document, find(document, 1), find(document, 1)))).toBe(
      plain,
    );
    expect(edited(plain, (document) => moveInside(document, find(document, 2), document.root))).toBe(plain);
  });
});

test("edits that overlap are a mistake that is told loudly", () => {
  expect(() =>
    applyEdits("abc", [
      { start: 0, end: 2, text: "" },
      { start: 1, end: 3, text: "" },
    ]),
  ).toThrow(RangeError);
  expect(() => applyEdits("abc", [{ start: 0, end: 4, text: "" }])).toThrow(RangeError);
});

describe("properties", () => {
  const TEXTS = [...fixturePaths("application"), ...fixturePaths("directory")].map(fixture);
  const CRLF = TEXTS.map((text) => text.replaceAll("\n", "\r\n"));
  const anyText = fc.constantFrom(...TEXTS, ...CRLF);

  function allElements(element: XmlElement): XmlElement[] {
    return [element, ...element.children.flatMap(allElements)];
  }

  /** What the elements say, without their places. */
  function told(element: XmlElement): unknown {
    return [
      element.name,
      element.attributes.map(({ name, value }) => [name, value]),
      element.children.map(told),
    ];
  }

  test("a value reads back as it was set, and nothing else changes", () => {
    const value = fc.string({ unit: "binary", maxLength: 20 }).filter(isXmlText);
    fc.assert(
      fc.property(
        anyText,
        fc.nat(),
        value,
        fc.constantFrom("name", "type", "other"),
        (text, place, set, name) => {
          const document = read(text);
          const elements = allElements(document.root);
          const index = place % elements.length;
          const edits = setAttribute(document, elements[index]!, name, set);
          const after = applyEdits(text, edits);
          const again = allElements(read(after).root);
          expect(attributeOf(again[index]!, name)?.value).toBe(set);
          again.splice(index, 1);
          elements.splice(index, 1);
          expect(
            again.map(({ name: other, attributes }) => [other, attributes.map((one) => one.value)]),
          ).toEqual(
            elements.map(({ name: other, attributes }) => [other, attributes.map((one) => one.value)]),
          );
          expect(applyEdits(after, invertEdits(text, edits))).toBe(text);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("text reads back as it was set", () => {
    const value = fc.string({ unit: "binary", maxLength: 20 }).filter(isXmlText);
    fc.assert(
      fc.property(anyText, fc.nat(), value, (text, place, set) => {
        const document = read(text);
        const leaves = allElements(document.root).filter(({ children }) => children.length === 0);
        const index = place % leaves.length;
        const edits = setText(document, leaves[index]!, set);
        const after = applyEdits(text, edits);
        expect(
          allElements(read(after).root).filter(({ children }) => children.length === 0)[index]!.text,
        ).toBe(set);
        expect(applyEdits(after, invertEdits(text, edits))).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  test("insertions, removals and moves keep the document well-formed and can be undone", () => {
    type Change = (document: XmlDocument, one: XmlElement, other: XmlElement) => readonly TextEdit[];
    const changes: readonly Change[] = [
      (document, one) => insertAfter(document, one, BLOCK),
      (document, one) => insertBefore(document, one, BLOCK),
      (document, one) => insertInside(document, one, BLOCK),
      removeElement,
      moveAfter,
      moveBefore,
      moveInside,
    ];
    fc.assert(
      fc.property(anyText, fc.nat(), fc.nat(), fc.constantFrom(...changes), (text, first, second, change) => {
        const document = read(text);
        const elements = allElements(document.root).slice(1);
        const edits = change(
          document,
          elements[first % elements.length]!,
          elements[second % elements.length]!,
        );
        const after = applyEdits(text, edits);
        read(after);
        expect(applyEdits(after, invertEdits(text, edits))).toBe(text);
      }),
      { numRuns: 400 },
    );
  });

  test("what is inserted and removed again leaves no trace", () => {
    fc.assert(
      fc.property(anyText, fc.nat(), (text, place) => {
        const document = read(text);
        const elements = allElements(document.root).slice(1);
        const after = applyEdits(text, insertAfter(document, elements[place % elements.length]!, BLOCK));
        const again = read(after);
        const added = allElements(again.root).find(
          (element) => attributeOf(element, "name")?.value === "new",
        )!;
        expect(applyEdits(after, removeElement(again, added))).toBe(text);
        expect(told(read(text).root)).toEqual(told(document.root));
      }),
      { numRuns: 100 },
    );
  });

  test("no edits leave the text as it is", () => {
    for (const text of [...TEXTS, ...CRLF]) expect(applyEdits(text, [])).toBe(text);
  });
});
