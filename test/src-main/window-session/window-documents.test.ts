// The documents of windows: a group is saved in the file only while that says what was read from it.
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ControllerApi, DocumentSource } from "#shared/controller-api/controller-api.ts";
import { WindowDocuments } from "../../../src-main/window-session/window-documents.ts";
import { readDocument } from "../../../src-main/documents/read-document.ts";
import { replaceDocument } from "../../../src-main/documents/write-document.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const TEXT = `<plush><resource_manager type="local"><node hostname="n[1-3]"/></resource_manager></plush>`;
const WITH_GROUP = TEXT.replace("/></r", '/><node hostname="n[1-2]" group="odd"/></r');
const GROUP = { group: "odd", hosts: ["n1", "n2"] };

async function opened() {
  const folder = temporaryFolder();
  const file = join(folder, "directory.xml");
  const path = join(folder, "link.xml");
  writeFileSync(file, TEXT);
  chmodSync(file, 0o640);
  symlinkSync(file, path);
  const loaded: DocumentSource[] = [];
  const documents = new WindowDocuments({
    api: {
      async loadDirectory(source) {
        loaded.push(source);
        return { loaded: true, problems: [], hosts: 3 };
      },
    } as Pick<ControllerApi, "loadDirectory"> as ControllerApi,
    async readText(wanted) {
      const document = await readDocument(wanted);
      return document.kind === "ok" ? document.text : undefined;
    },
    async replaceText(wanted, text) {
      const result = await replaceDocument(wanted, text);
      return result.kind === "failed" ? result.message : undefined;
    },
    exampleFiles: async () => undefined,
    onOpened: () => undefined,
  });
  await documents.loadDirectory({ path });
  return { documents, file, path, loaded };
}

test("for now: the controller has it, the file does not", async () => {
  const { documents, file, path, loaded } = await opened();
  expect(await documents.saveGroup({ ...GROUP, write: false })).toMatchObject({ kind: "saved", hosts: 2 });
  expect(loaded.at(-1)).toEqual({ path, text: WITH_GROUP });
  expect(documents.directory?.text).toBe(WITH_GROUP);
  expect(readFileSync(file, "utf8")).toBe(TEXT);
});

test("in the file: behind a link, with its permissions", async () => {
  const { documents, file, loaded } = await opened();
  expect(await documents.saveGroup({ ...GROUP, write: true })).toMatchObject({ kind: "saved" });
  expect(readFileSync(file, "utf8")).toBe(WITH_GROUP);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(loaded.at(-1)?.text).toBe(WITH_GROUP);
});

test("a file that somebody has changed is left alone, and what is open stays", async () => {
  const { documents, file, loaded } = await opened();
  writeFileSync(file, `${TEXT}\n`);
  expect(await documents.saveGroup({ ...GROUP, write: true })).toMatchObject({
    kind: "refused",
    message: expect.stringContaining("has changed since it was opened"),
  });
  expect(readFileSync(file, "utf8")).toBe(`${TEXT}\n`);
  expect(loaded).toHaveLength(1);
});

test("a page's own text under somebody's path does not get there", async () => {
  const { documents, file } = await opened();
  await documents.loadDirectory({ path: file, text: TEXT.replace("n[1-3]", "n[1-9]") });
  expect(await documents.saveGroup({ ...GROUP, write: true })).toMatchObject({ kind: "refused" });
  expect(readFileSync(file, "utf8")).toBe(TEXT);
});
