// The schemas in assets/, the reference in docs/ and the shapes in the code name the same elements and attributes.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { APPLICATION_HOMES, APPLICATION_SHAPE } from "../../../src-shared/application/application-shape.ts";
import { checkApplication } from "../../../src-shared/application/check-application.ts";
import { parseApplication } from "../../../src-shared/application/parse-application.ts";
import { attributeOf, readXml, type XmlElement } from "../../../src-shared/application/xml-document.ts";
import type { Shape } from "../../../src-shared/application/xml-shapes.ts";
import { DIRECTORY_SHAPE, parseDirectory } from "../../../src-shared/resource-directory/parse-directory.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

interface SchemaType {
  readonly attributes: string[];
  readonly children: Map<string, string>;
}

function schemaTypes(path: string): Map<string, SchemaType> {
  const result = readXml(read(path));
  if (result.kind === "error") throw new Error(result.problem.message);
  const types = new Map<string, SchemaType>();
  for (const child of result.document.root.children) {
    if (child.name !== "xs:complexType") continue;
    const type = { attributes: [] as string[], children: new Map<string, string>() };
    collect(child, type);
    types.set(attributeOf(child, "name")!.value, type);
  }
  return types;
}

function collect(element: XmlElement, type: SchemaType): void {
  for (const child of element.children) {
    const name = attributeOf(child, "name")?.value ?? "";
    if (child.name === "xs:attribute") type.attributes.push(name);
    else if (child.name === "xs:element") type.children.set(name, attributeOf(child, "type")!.value);
    else collect(child, type);
  }
}

function expectSame(name: string, shape: Shape, types: ReadonlyMap<string, SchemaType>): void {
  if (shape.content === "any") {
    expect(name).toBe("opaque");
    return;
  }
  const type = types.get(name) ?? { attributes: [], children: new Map<string, string>() };
  const attributes = [...shape.attributes];
  // One schema type serves all references; only a component's has Plush's own time stamp.
  if (name === "reference" && !attributes.includes("timestamp")) attributes.push("timestamp");
  expect({ name, attributes: type.attributes.toSorted() }).toEqual({
    name,
    attributes: attributes.toSorted(),
  });
  expect({ name, children: [...type.children.keys()].toSorted() }).toEqual({
    name,
    children: Object.keys(shape.children).toSorted(),
  });
  for (const [child, rule] of Object.entries(shape.children))
    expectSame(type.children.get(child)!, rule.shape, types);
}

function namesIn(shape: Shape, elements: Set<string>, attributes: Set<string>): void {
  for (const attribute of shape.attributes) attributes.add(attribute);
  for (const [name, rule] of Object.entries(shape.children)) {
    elements.add(name);
    namesIn(rule.shape, elements, attributes);
  }
}

describe.each([
  { schema: "assets/application.xsd", document: "docs/application-format.md", shape: APPLICATION_SHAPE },
  { schema: "assets/directory.xsd", document: "docs/resource-directory.md", shape: DIRECTORY_SHAPE },
])("$schema and $document", ({ schema, document, shape }) => {
  test("the schema has the elements and attributes that the parser knows", () => {
    expectSame("root", shape, schemaTypes(schema));
  });

  test("the reference names them all", () => {
    const elements = new Set<string>();
    const attributes = new Set<string>();
    namesIn(shape, elements, attributes);
    const text = read(document);
    expect(
      [...elements].filter((name) => !text.includes(`<${name}>`) && !text.includes(`<${name} `)),
    ).toEqual([]);
    expect(
      [...attributes].filter((name) => !text.includes(`\`${name}\``) && !text.includes(`${name}="`)),
    ).toEqual([]);
  });
});

test("every element that has a home is one", () => {
  const elements = new Set<string>();
  namesIn(APPLICATION_SHAPE, elements, new Set());
  expect([...APPLICATION_HOMES.keys()].filter((name) => !elements.has(name))).toEqual([]);
});

describe("examples", () => {
  const folder = new URL("assets/examples/", ROOT);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  test.each(names)("%s has no problems", (name) => {
    const text = read(`assets/examples/${name}/application.xml`);
    const { directory, problems } = parseDirectory(read(`assets/examples/${name}/directory.xml`));
    const parsed = parseApplication(text);
    expect([...problems, ...parsed.problems]).toEqual([]);
    expect(checkApplication(parsed.specification!, text, directory)).toEqual([]);
  });
});
