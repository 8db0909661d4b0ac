// Builds small specifications for tests, with marks («) where problems are expected, and reads fixtures.
import { readdirSync, readFileSync } from "node:fs";
import { checkApplication } from "../../../src-shared/application/check-application.ts";
import { parseApplication } from "../../../src-shared/application/parse-application.ts";
import type { Problem } from "../../../src-shared/base/problem.ts";
import type { ResourceDirectory } from "../../../src-shared/resource-directory/resource-directory.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url);

export function fixture(path: string): string {
  return readFileSync(new URL(path, FIXTURES), "utf8");
}

export function fixturePaths(folder: "application" | "directory"): string[] {
  return readdirSync(new URL(`${folder}/`, FIXTURES))
    .filter((name) => name.endsWith(".xml"))
    .map((name) => `${folder}/${name}`);
}

/** The text without its marks, and where they stood. */
export function unmarked(marked: string): {
  text: string;
  places: { line: number; column: number; offset: number }[];
} {
  const pieces = marked.split("«");
  const places: { line: number; column: number; offset: number }[] = [];
  let before = "";
  for (const piece of pieces.slice(0, -1)) {
    before += piece;
    const lines = before.split("\n");
    places.push({ line: lines.length, column: (lines.at(-1) ?? "").length + 1, offset: before.length });
  }
  return { text: pieces.join(""), places };
}

export interface SpecificationParts {
  /** In the project, before the components. */
  readonly definitions?: string;
  readonly components?: string;
  readonly experiment?: string;
  /** Component blocks. */
  readonly blocks?: string;
}

export function component(name: string, hosts: string, inside = ""): string {
  return `<component name="${name}">
  <rspec>${hosts.startsWith("<") ? hosts : `<num_hosts>${hosts}</num_hosts>`}</rspec>
  ${inside}
  <resources><resource type="ssh"/></resources>
</component>`;
}

export function processBlock(name: string, inside = "", ...predecessors: readonly string[]): string {
  const lines = predecessors.map((predecessor) => `<predecessor name="${predecessor}"/>`).join("\n");
  return `<process_block name="${name}">${lines}
  <process><path>true</path>${inside}</process>
</process_block>`;
}

export function barrierBlock(name: string, barrier: string, ...predecessors: readonly string[]): string {
  const lines = predecessors.map((predecessor) => `<predecessor name="${predecessor}"/>`).join("\n");
  return `<barrier_block name="${name}">${lines}<barrier ${barrier}/></barrier_block>`;
}

export function componentBlock(name: string, componentName: string, ...children: readonly string[]): string {
  return `<component_block name="${name}">
<component name="${componentName}"/>
${children.join("\n")}
</component_block>`;
}

/** A specification without problems, unless the parts have some. */
export function specification(parts: SpecificationParts = {}): string {
  return `<plush>
<project name="p">
${parts.definitions ?? ""}
${parts.components ?? component("c", "3")}
<experiment name="e" ${parts.experiment ?? ""}>
<execution>
${parts.blocks ?? componentBlock("cb", "c", processBlock("run"))}
</execution>
</experiment>
</project>
</plush>
`;
}

/** All that parsing and checking tell. */
export function problemsOf(text: string, directory?: ResourceDirectory): Problem[] {
  const { specification: parsed, problems } = parseApplication(text);
  return parsed === undefined ? problems : [...problems, ...checkApplication(parsed, text, directory)];
}
