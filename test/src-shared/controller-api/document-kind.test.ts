// A file that was opened from the desktop is told to be an application or a directory by what is in it.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { documentKindOf } from "../../../src-shared/controller-api/document-kind.ts";

test("the examples are what they are called", () => {
  for (const example of ["hello", "service", "roundrobin"]) {
    for (const kind of ["application", "directory"] as const) {
      const url = new URL(`../../../assets/examples/${example}/${kind}.xml`, import.meta.url);
      expect(documentKindOf(readFileSync(url, "utf8"))).toBe(kind);
    }
  }
});

test.each([
  ['<plush><!-- <project name="x"> --><resource_manager type="ssh"/></plush>', "directory"],
  ["<gush><project name='x'><resource_manager/></project></gush>", "application"],
  ["<resource_managers/>", "application"],
  ["<!-- <resource_manager> ", "application"],
  ["", "application"],
])("%s", (text, kind) => {
  expect(documentKindOf(text)).toBe(kind);
});
