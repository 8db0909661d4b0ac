// A host's directory as an archive that tar reads: all of it, as it is, or a failure in the host's words.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FileAnswer, FileEntry, HostFiles } from "../../../src-shared/controller-api/host-files.ts";
import { archiveOf } from "../../../src-main/window-session/directory-archive.ts";

type Tree = { readonly [name: string]: string | Tree };
const LONG = `${"long".repeat(40)}.txt`;

function hostWith(tree: Tree, broken = "", closed: string[] = []): Pick<HostFiles, "list" | "read"> {
  const at = (path: string): string | Tree | undefined =>
    path
      .split("/")
      .filter(Boolean)
      .reduce<string | Tree | undefined>(
        (one, name) => (typeof one === "object" ? one[name] : undefined),
        tree,
      );
  const entryOf = (name: string, value: string | Tree): FileEntry => ({
    name,
    kind: value === "->" ? "link" : typeof value === "string" ? "file" : "directory",
    size: typeof value === "string" ? value.length : 0,
    modifiedMs: 1_700_000_000_000,
    mode: name.endsWith(".sh") ? 0o755 : 0o640,
  });
  return {
    list: async (path) => {
      const entries = Object.entries(at(path) as Tree).map(([name, value]) => entryOf(name, value));
      return { kind: "ok", value: { path, entries, unnamed: 0, isCut: false } };
    },
    read: async (path) => {
      if (path.endsWith(broken) && broken !== "") return { kind: "failed", reason: "Permission denied" };
      const pieces = (at(path) as string).match(/.{1,700}/gs) ?? [];
      return {
        kind: "ok",
        value: {
          size: (at(path) as string).length,
          next: async () => ({
            kind: "ok",
            value: pieces.length === 0 ? undefined : Buffer.from(pieces.shift()!),
          }),
          close: async () => void closed.push(path),
        },
      };
    },
  };
}

async function all(source: ReturnType<typeof archiveOf>): Promise<FileAnswer<Buffer>> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const answer = await source.next();
    if (answer.kind === "failed") return answer;
    if (answer.value === undefined) return { kind: "ok", value: Buffer.concat(pieces) };
    pieces.push(answer.value);
  }
}

test("tar unpacks it: names of any kind, modes, empty files and directories; links are not in it", async () => {
  const data = {
    "run.sh": "x".repeat(1500),
    empty: "",
    none: {},
    link: "->",
    "..": "no step out",
    sub: { [LONG]: "long name", "Zürich ☃": "snow", block: "b".repeat(512) },
  };
  const answer = await all(archiveOf(hostWith({ srv: { data } }), "/srv/data"));
  if (answer.kind === "failed") throw new Error(answer.reason);
  const folder = mkdtempSync(join(tmpdir(), "nebula-archive-"));
  try {
    writeFileSync(join(folder, "data.tar"), answer.value);
    execFileSync("tar", ["-xf", "data.tar"], { cwd: folder });
    expect(readdirSync(join(folder, "data"), { recursive: true }).map(String).sort()).toEqual(
      ["empty", "none", "run.sh", "sub", `sub/${LONG}`, "sub/Zürich ☃", "sub/block"].sort(),
    );
    expect(readFileSync(join(folder, "data", "run.sh"), "utf8")).toBe(data["run.sh"]);
    expect(readFileSync(join(folder, "data", "sub", LONG), "utf8")).toBe("long name");
    expect(readFileSync(join(folder, "data", "sub", "Zürich ☃"), "utf8")).toBe("snow");
    expect(statSync(join(folder, "data", "run.sh")).mode & 0o700).toBe(0o700);
    expect(statSync(join(folder, "data", "sub", "block")).mtimeMs).toBe(1_700_000_000_000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what cannot be read ends it in the host's words; who stops reading leaves no file open", async () => {
  const tree = { data: { a: "1", secret: "2" } };
  expect(await all(archiveOf(hostWith(tree, "secret"), "/data"))).toEqual({
    kind: "failed",
    reason: "/data/secret: Permission denied",
  });
  const closed: string[] = [];
  const source = archiveOf(hostWith({ data: { a: "x".repeat(5000) } }, "", closed), "/data");
  for (let piece = 0; piece < 3; piece += 1) await source.next();
  await source.close();
  expect(closed).toEqual(["/data/a"]);
});
