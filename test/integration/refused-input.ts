// What tests of refused input share: a sandbox with files, the place that a mark names, and how a problem must be told.
import { afterAll, expect } from "vitest";
import { directoryOf, type BadDocument } from "./bad-documents.ts";
import { PlushSandbox, type CommandOptions, type Ended } from "./plush-sandbox.ts";

export const ONE_HOST = directoryOf('<node hostname="h1" group="all"/>');
export const RUN = ["run", "application.xml", "-d", "directory.xml"];

const sandboxes: PlushSandbox[] = [];
afterAll(() => {
  for (const sandbox of sandboxes) sandbox.remove();
});

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** `sandbox`: where `plush` runs as a process, or another way to run it. */
export function sandboxWith(files: Files, sandbox = new PlushSandbox()): PlushSandbox {
  sandboxes.push(sandbox);
  for (const [name, content] of Object.entries(files)) sandbox.write(name, content);
  return sandbox;
}

export async function refusedIn(
  sandbox: PlushSandbox,
  words: readonly string[],
  options: CommandOptions = {},
): Promise<Ended> {
  const ended = await sandbox.plush(words, options);
  expect(await sandbox.leftovers()).toEqual([]);
  expect(sandbox.runs(), "a refused run leaves no results").toEqual([]);
  return ended;
}

export interface Placed {
  readonly text: string | Uint8Array;
  /** "12:3", or empty when the text marks no place. */
  readonly place: string;
}

export function withoutMark(document: BadDocument["text"]): Placed {
  if (typeof document !== "string" || !document.includes("▸")) return { text: document, place: "" };
  const before = document.slice(0, document.indexOf("▸")).split("\n");
  return { text: document.replace("▸", ""), place: `${before.length}:${before.at(-1)!.length + 1}` };
}

export function expectProblem(
  ended: Ended,
  file: string,
  place: string,
  { says, help }: Pick<BadDocument, "says" | "help">,
): void {
  expect(ended.stderr).toContain(place === "" ? file : `${file}:${place}: error: `);
  expect(ended.stderr).toMatch(says);
  expect(ended.stderr).toMatch(new RegExp(`^  help: .*${help.source}`, "m"));
  expect(ended).toMatchObject({ code: 6, stdout: "" });
}

/** The same words and the same exit code, whoever runs the command. */
export async function expectRefused(
  document: BadDocument,
  file: "application.xml" | "directory.xml",
  others: Files,
  sandbox?: PlushSandbox,
): Promise<void> {
  const { text, place } = withoutMark(document.text);
  const used = sandboxWith({ ...others, [file]: text }, sandbox);
  expectProblem(await refusedIn(used, RUN), file, place, document);
}
