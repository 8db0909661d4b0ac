// Collecting files after a run: which are found, which never are, and reading them while they change.
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  collectFiles,
  COLLECT_SETTINGS,
  type Collection,
  type CollectSettings,
} from "../../../src-client/collect/collect-files.ts";

let scratch: string;
let work: string;
const never = new AbortController().signal;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "nebula-collect-"));
  work = join(scratch, "work");
  await mkdir(work);
});
afterEach(async () => {
  await rm(scratch, { recursive: true, force: true });
});

async function put(path: string, content = path): Promise<void> {
  const full = join(scratch, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
}

async function collect(
  paths: readonly string[],
  settings: Partial<CollectSettings> = {},
): Promise<Collection> {
  const rules = paths.map((path) => ({ path: path.replace(/\?$/, ""), optional: path.endsWith("?") }));
  const places = { workDirectory: work, softwareDirectories: [join(scratch, "store/k/tree")] };
  return await collectFiles(rules, places, { ...COLLECT_SETTINGS, ...settings }, never);
}

const pathsOf = (collection: Collection): readonly string[] => collection.files.map(({ path }) => path);

describe("finding", () => {
  beforeEach(async () => {
    for (const path of [
      "results/a.json",
      "results/b.json",
      "results/c.txt",
      "logs/x",
      "logs/deep/y",
      "logs/.hidden",
      "top",
    ]) {
      await put(`work/${path}`);
    }
  });

  it.each([
    [["results/*.json"], ["results/a.json", "results/b.json"]],
    [["results/{a,c}.*"], ["results/a.json", "results/c.txt"]],
    [["logs/**"], ["logs/deep/y", "logs/x"]],
    [["logs/**/.*"], ["logs/.hidden"]],
    [["logs"], ["logs/.hidden", "logs/deep/y", "logs/x"]],
    [
      ["./logs//x", "top"],
      ["logs/x", "top"],
    ],
    [["**/y"], ["logs/deep/y"]],
    [["top", "*"], ["top"]],
  ])("%j", async (patterns, expected) => {
    const found = await collect(patterns);
    expect(pathsOf(found)).toEqual(expected);
    expect(found.problems).toEqual([]);
    expect(found.files.map(({ index }) => index)).toEqual(expected.map((_path, index) => index));
  });

  it("tells size and permissions", async () => {
    await chmod(join(work, "top"), 0o750);
    expect((await collect(["top"])).files).toEqual([
      { index: 0, path: "top", size: "work/top".length, mode: 0o750 },
    ]);
  });

  it("reports what is missing unless it is optional", async () => {
    const found = await collect(["nothing", "no/*.where", "results/*.csv", "also-nothing?", "no/**?"]);
    expect(found.files).toEqual([]);
    expect(found.problems).toEqual([
      "nothing: no such file",
      "no/*.where: no such file",
      "results/*.csv: no such file",
    ]);
  });

  it("counts a file that two rules match once, for both", async () => {
    const found = await collect(["results/a.json", "results/a.*"]);
    expect(pathsOf(found)).toEqual(["results/a.json"]);
    expect(found.problems).toEqual([]);
  });

  it("survives that the work directory is gone", async () => {
    await rm(work, { recursive: true });
    expect((await collect(["top"])).problems).toEqual(["top: no such file"]);
  });
});

describe("staying inside", () => {
  beforeEach(async () => {
    await put("outside/secret");
    await put("store/k/tree/app/bin/tool");
    await put("work/here");
  });

  it.each(["../outside/secret", "/etc/passwd", "a/../../outside/secret", "C:/x", "..", "*/../../outside/*"])(
    "refuses %s",
    async (pattern) => {
      const found = await collect([pattern]);
      expect(found.files).toEqual([]);
      expect(found.problems).toEqual([`${pattern}: rules stay below the work directory`]);
    },
  );

  it("follows no link to the outside", async () => {
    await symlink(join(scratch, "outside"), join(work, "folder"));
    await symlink(join(scratch, "outside/secret"), join(work, "file"));
    await symlink("..", join(work, "up"));
    const found = await collect(["**", "folder/secret", "folder/*", "folder", "file", "up/outside/secret"]);
    expect(pathsOf(found)).toEqual(["here"]);
    expect(found.problems).toHaveLength(5);
  });

  it("takes links to files inside, and survives circles and links to nowhere", async () => {
    await symlink("here", join(work, "latest"));
    await symlink(".", join(work, "circle"));
    await symlink("nowhere", join(work, "broken"));
    await symlink("self", join(work, "self"));
    expect(pathsOf(await collect(["**"]))).toEqual(["here", "latest"]);
  });

  it("takes software only where a rule names it", async () => {
    await symlink(join(scratch, "store/k/tree/app"), join(work, "app"));
    expect(pathsOf(await collect(["**"]))).toEqual(["here"]);
    expect(pathsOf(await collect(["*/bin/tool?"]))).toEqual([]);
    expect(pathsOf(await collect(["app/**"]))).toEqual(["app/bin/tool"]);
    expect(pathsOf(await collect(["app/bin/tool"]))).toEqual(["app/bin/tool"]);
    expect(pathsOf(await collect(["app"]))).toEqual(["app/bin/tool"]);
  });

  it("follows no link from software to elsewhere", async () => {
    await symlink(join(scratch, "store/k/tree/app"), join(work, "app"));
    await symlink(join(scratch, "outside/secret"), join(scratch, "store/k/tree/app/leak"));
    await symlink(join(scratch, "outside"), join(scratch, "store/k/tree/app/leaks"));
    expect(pathsOf(await collect(["app/**", "app/leak?", "app/leaks/secret?"]))).toEqual(["app/bin/tool"]);
  });
});

describe("bounds", () => {
  beforeEach(async () => {
    for (let index = 0; index < 10; index += 1) await put(`work/d/${String(index)}`, "12345");
  });

  it("stops at so many files", async () => {
    const found = await collect(["d/*"], { filesMax: 4 });
    expect(pathsOf(found)).toEqual(["d/0", "d/1", "d/2", "d/3"]);
    expect(found.problems).toEqual(["more than 4 files match: the rest is left out"]);
  });

  it("stops at so many bytes", async () => {
    const found = await collect(["d/*"], { bytesMax: 12 });
    expect(pathsOf(found)).toEqual(["d/0", "d/1"]);
    expect(found.problems).toEqual(["the files have more than 12 bytes: the rest is left out"]);
  });

  it("stops searching after so many entries", async () => {
    const found = await collect(["**/9"], { entriesMax: 5 });
    expect(found.problems).toContain("more than 5 entries to search: the rest is left out");
  });

  it("stops when it is told to", async () => {
    const places = { workDirectory: work, softwareDirectories: [] };
    const rules = [{ path: "**", optional: false }];
    await expect(collectFiles(rules, places, COLLECT_SETTINGS, AbortSignal.abort())).rejects.toThrow();
  });
});

describe("reading", () => {
  beforeEach(async () => put("work/file", "0123456789"));
  const textOf = async (found: Collection, offset: number, length: number): Promise<string> => {
    const result = await found.read(0, offset, length);
    return result.kind === "bytes" ? Buffer.from(result.bytes).toString() : `failed: ${result.reason}`;
  };

  it("reads parts up to the listed end", async () => {
    const found = await collect(["file"]);
    expect(await textOf(found, 0, 4)).toBe("0123");
    expect(await textOf(found, 8, 100)).toBe("89");
    expect(await textOf(found, 10, 1)).toBe("");
    expect(await textOf(found, 11, 1)).toBe("failed: file: no such part");
    expect(await found.read(7, 0, 1)).toEqual({ kind: "failed", reason: "there is no file 7" });
  });

  it("keeps to the listed size when the file grows", async () => {
    const found = await collect(["file"]);
    await appendFile(join(work, "file"), "more");
    expect(await textOf(found, 5, 100)).toBe("56789");
  });

  it("fails when the file shrinks", async () => {
    const found = await collect(["file"]);
    await truncate(join(work, "file"), 3);
    expect(await textOf(found, 0, 3)).toBe("012");
    expect(await textOf(found, 0, 10)).toBe("failed: file: has become shorter: 3 bytes, and 10 were listed");
  });

  it("fails when something else is in its place", async () => {
    await put("secret", "secret");
    for (const place of [
      async () => symlink(join(scratch, "secret"), join(work, "file")),
      async () => writeFile(join(work, "file"), "another"),
    ]) {
      await rm(join(work, "file"), { force: true });
      await put("work/file", "0123456789");
      const found = await collect(["file"]);
      await rename(join(work, "file"), join(work, "moved"));
      await place();
      expect(await textOf(found, 0, 6)).toBe("failed: file: replaced since it was listed");
    }
  });

  it("fails when it is gone", async () => {
    const found = await collect(["file"]);
    await rm(join(work, "file"));
    expect(await textOf(found, 0, 6)).toMatch(/^failed: file: ENOENT/);
  });
});
