// Showing software in a work directory: links, shared folders, conflicts, and the same by copying.
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  linkSoftware,
  type LinkResult,
  type SoftwareTree,
} from "../../../src-client/software/link-software.ts";
import { removeTree } from "../../../src-client/software/remove-tree.ts";

let scratch: string;
let work: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "nebula-link-"));
  work = join(scratch, "runs", "1");
});
afterEach(async () => {
  await removeTree(scratch);
});

async function put(path: string, content = path): Promise<void> {
  const full = join(scratch, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
}

async function treeOf(name: string, ...paths: readonly string[]): Promise<SoftwareTree> {
  const directory = join(scratch, "store", name, "tree");
  await mkdir(directory, { recursive: true });
  for (const path of paths) await put(`store/${name}/tree/${path}`, `${name}:${path}`);
  return { name, directory };
}

/** Files as their content, links as where they lead, from the work directory on. */
async function look(directory = work): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    const shown = relative(work, path);
    if (entry.isSymbolicLink()) seen[shown] = `→ ${relative(join(scratch, "store"), await readlink(path))}`;
    else if (entry.isDirectory()) Object.assign(seen, { [`${shown}/`]: "folder" }, await look(path));
    else seen[shown] = await readFile(path, "utf8");
  }
  return seen;
}

const link = async (...trees: readonly SoftwareTree[]): Promise<LinkResult> => linkSoftware(trees, work);
const copy = async (...trees: readonly SoftwareTree[]): Promise<LinkResult> =>
  linkSoftware(trees, work, { mode: "copy" });
const linked: LinkResult = { kind: "linked" };

describe("linking", () => {
  it("links what stands at the top", async () => {
    expect(await link(await treeOf("one", "app/bin/run", "app/lib/x", "readme"))).toEqual(linked);
    expect(await look()).toEqual({ app: "→ one/tree/app", readme: "→ one/tree/readme" });
    expect(await readFile(join(work, "app/bin/run"), "utf8")).toBe("one:app/bin/run");
  });

  it("merges folders that several share, as deep as they share them", async () => {
    const one = await treeOf("one", "a/b/one", "a/only-one/x");
    const two = await treeOf("two", "a/b/two", "c");
    const three = await treeOf("three", "a/b/three");
    expect(await link(one, two, three)).toEqual(linked);
    expect(await look()).toEqual({
      ...{ "a/": "folder", "a/b/": "folder", c: "→ two/tree/c", "a/only-one": "→ one/tree/a/only-one" },
      ...{
        "a/b/one": "→ one/tree/a/b/one",
        "a/b/two": "→ two/tree/a/b/two",
        "a/b/three": "→ three/tree/a/b/three",
      },
    });
  });

  it("may be called again, with more", async () => {
    const [one, two] = [await treeOf("one", "a/one"), await treeOf("two", "a/two")];
    expect(await link(one)).toEqual(linked);
    expect(await look()).toEqual({ a: "→ one/tree/a" });
    expect(await link(one)).toEqual(linked);
    expect(await link(one, two)).toEqual(linked);
    const merged = { "a/": "folder", "a/one": "→ one/tree/a/one", "a/two": "→ two/tree/a/two" };
    expect(await look()).toEqual(merged);
    expect(await link(two, one)).toEqual(linked);
    expect(await look()).toEqual(merged);
  });

  it("merges with folders that the run has made", async () => {
    await mkdir(join(work, "a"), { recursive: true });
    expect(await link(await treeOf("one", "a/x"))).toEqual(linked);
    expect(await look()).toEqual({ "a/": "folder", "a/x": "→ one/tree/a/x" });
  });

  it("links an empty tree, and links inside trees as they are", async () => {
    const one = await treeOf("one", "lib/x");
    await symlink("lib/x", join(one.directory, "latest"));
    expect(await link(await treeOf("nothing"), one)).toEqual(linked);
    expect(await readFile(join(work, "latest"), "utf8")).toBe("one:lib/x");
  });
});

describe.each([
  ["linking", link],
  ["copying", copy],
])("conflicts when %s", (_name, act) => {
  it.each([
    ["a file twice", ["d/x"], ["d/x"], "d/x"],
    ["a folder over a file", ["d"], ["d/x"], "d"],
    ["a file over a folder", ["d/x"], ["d"], "d"],
  ])("name both: %s", async (_case, first, second, path) => {
    const result = await act(await treeOf("one", ...first), await treeOf("two", ...second));
    expect(result).toMatchObject({ kind: "failed", step: "link" });
    expect(result).toHaveProperty(
      "reason",
      expect.stringContaining(`"${path}" is in the software "two" and in `),
    );
  });

  it("with a file of the run itself leave it as it is", async () => {
    await mkdir(work, { recursive: true });
    await writeFile(join(work, "x"), "mine");
    const result = await act(await treeOf("one", "x"));
    const reason = '"x" is in the software "one" and in the work directory itself';
    expect(result).toEqual({ kind: "failed", step: "link", reason });
    expect(await readFile(join(work, "x"), "utf8")).toBe("mine");
  });

  it("with a link of the run itself do not write behind it", async () => {
    await put("elsewhere/a");
    await mkdir(work, { recursive: true });
    await symlink(join(scratch, "elsewhere"), join(work, "d"));
    expect(await act(await treeOf("one", "d/x"))).toMatchObject({ kind: "failed", step: "link" });
    expect(await readdir(join(scratch, "elsewhere"))).toEqual(["a"]);
  });
});

it("says whose the file is", async () => {
  const result = await link(await treeOf("one", "d/x"), await treeOf("two", "d/x"));
  expect(result).toHaveProperty("reason", '"d/x" is in the software "two" and in the software "one"');
});

describe("copying", () => {
  it("merges, follows links and may be called again", async () => {
    const [one, two] = [await treeOf("one", "a/one", "lib/x"), await treeOf("two", "a/two")];
    await symlink("lib/x", join(one.directory, "latest"));
    await symlink("lib", join(one.directory, "libs"));
    const expected = {
      ...{ "a/": "folder", "a/one": "one:a/one", "a/two": "two:a/two" },
      ...{
        "lib/": "folder",
        "lib/x": "one:lib/x",
        latest: "one:lib/x",
        "libs/": "folder",
        "libs/x": "one:lib/x",
      },
    };
    expect(await copy(one, two)).toEqual(linked);
    expect(await look()).toEqual(expected);
    expect(await copy(one, two)).toEqual(linked);
    expect(await look()).toEqual(expected);
    expect((await lstat(join(work, "a/one"))).isSymbolicLink()).toBe(false);
  });
});

it("names the work directory that cannot be made", async () => {
  await put("file");
  const result = await linkSoftware([], join(scratch, "file", "work"));
  expect(result).toEqual({
    kind: "failed",
    step: "link",
    reason: `${join(scratch, "file", "work")}: Not a directory (ENOTDIR)`,
  });
});
