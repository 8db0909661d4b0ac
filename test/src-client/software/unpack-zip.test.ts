// Zip archives, ordinary and evil: what they should make, and that no archive ever writes outside its folder.
import { execFileSync, spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { zipOf, type ZipEntry } from "./build-zip.ts";
import { unpackInCage } from "./unpack-in-cage.ts";

const noZip = spawnSync("zip", ["-v"]).error !== undefined;
const FILE = 0o100644;
const LINK = 0o120777;
const link = (name: string, target: string): ZipEntry => ({ name, content: target, mode: LINK });

describe("ordinary archives", () => {
  it("unpacks files, folders and links", async () => {
    const archive = zipOf(
      { name: "app/", mode: 0o040750 },
      { name: "app/run", content: "#!/bin/sh\n", mode: 0o100755, deflate: true },
      { name: "lib/deep", content: "deep ".repeat(9), mode: FILE },
      link("app/up", "../lib/deep"),
      { name: "dos.txt", content: "dos" },
      { name: "ünï", content: "utf8", flags: 0x800 },
    );
    const { reason, tree } = await unpackInCage("zip", archive);
    expect(reason).toBeUndefined();
    expect(tree).toEqual({
      ...{ "app/": "750", "app/run": "#!/bin/sh\n", "app/up": "→ ../lib/deep" },
      ...{ "lib/": "755", "lib/deep": "deep ".repeat(9), "dos.txt": "dos", ünï: "utf8" },
    });
  });

  it.skipIf(noZip)("unpacks what zip has packed", async () => {
    const archive = execFileSync("zip", ["-q", "-r", "-", "test/src-client"], { maxBuffer: 10 ** 8 });
    const { reason, tree } = await unpackInCage("zip", archive);
    expect(reason).toBeUndefined();
    expect(Object.keys(tree)).toContain("test/src-client/software/unpack-zip.test.ts");
  });
});

const EVIL: readonly (readonly [string, Buffer, RegExp])[] = [
  ["a name that goes up", zipOf({ name: "../x" }), /entry "\.\.\/x": the name goes up/],
  ["a name that goes up later", zipOf({ name: "a/../../x" }), /goes up/],
  ["an absolute name", zipOf({ name: "/tmp/nebula-evil" }), /absolute/],
  ["a drive letter", zipOf({ name: "C:/x" }), /drive letter/],
  ["backslashes", zipOf({ name: "..\\..\\x" }), /backslash/],
  ["a NUL byte", zipOf({ name: "a\0b" }), /entry "a\\x00b": the name has a NUL byte/],
  ["no name", zipOf({ name: "" }), /the name is empty/],
  ["a link to an absolute path", zipOf(link("l", "/etc/passwd")), /points to an absolute path/],
  ["a link out of the tree", zipOf(link("a/l", "../../x")), /leaves the folder/],
  ["a link with a NUL byte", zipOf(link("l", "a\0b")), /NUL/],
  ["an empty link", zipOf(link("l", "")), /points to nothing/],
  ["a link that is too long", zipOf(link("l", "x".repeat(5000))), /too long/],
  [
    "writing through a link",
    zipOf({ name: "d/" }, link("l", "d"), { name: "l/x" }),
    /goes through the link "l"/,
  ],
  ["duplicates", zipOf({ name: "x", content: "1" }, { name: "x", content: "2" }), /twice/],
  ["a file over a link", zipOf(link("x", "y"), { name: "x" }), /twice/],
  ["a character device", zipOf({ name: "d", mode: 0o020666 }), /device, pipe or socket/],
  ["a named pipe", zipOf({ name: "p", mode: 0o010666 }), /device, pipe or socket/],
  ["a socket", zipOf({ name: "s", mode: 0o140666 }), /device, pipe or socket/],
  [
    "two names for one entry",
    zipOf({ name: "good", localName: "evil" }),
    /local header and the central directory differ/,
  ],
  [
    "two sizes for one entry",
    zipOf({ name: "x", content: "abc", localSize: 99 }),
    /local header and the central directory differ/,
  ],
  ["a wrong checksum", zipOf({ name: "x", content: "abc", checksum: 1 }), /its checksum is wrong/],
  ["more than it says", zipOf({ name: "x", content: "a".repeat(999), deflate: true, size: 9 }), /damaged/],
  ["less than it says", zipOf({ name: "x", content: "a".repeat(9), deflate: true, size: 999 }), /damaged/],
  ["a stored file with another size", zipOf({ name: "x", content: "abc", size: 9 }), /damaged/],
  ["deflate that is none", zipOf({ name: "x", content: "\xff\xff\xff\xff", method: 8 }), /damaged/],
  ["encryption", zipOf({ name: "x", content: "0123456789abc", flags: 1 }), /encrypted|damaged/],
  [
    "another compression",
    zipOf({ name: "x", content: "abc", method: 12 }),
    /compression method 12 is not supported/,
  ],
  [
    "entries that overlap",
    zipOf({ name: "a", content: "x".repeat(500) }, { name: "b", overlap: true }),
    /differ|overlap/,
  ],
  ["a cut archive", zipOf({ name: "a", content: "abc" }).subarray(0, 40), /not a zip archive/],
  ["no archive at all", Buffer.from("<html>404</html>".repeat(9)), /not a zip archive/],
  ["an empty file", Buffer.alloc(0), /not a zip archive/],
];

describe("evil archives", () => {
  it.each(EVIL)("refuses %s", async (_name, archive, expected) => {
    const { reason } = await unpackInCage("zip", archive);
    expect(reason).toMatch(expected);
  });

  it("refuses an archive whose directory is damaged", async () => {
    const archive = zipOf({ name: "a", content: "abc" }, { name: "b", content: "abc" });
    const at = archive.lastIndexOf("PK\x01\x02");
    archive[at] = 0;
    expect((await unpackInCage("zip", archive)).reason).toMatch(/the archive is damaged/);
  });
});

describe("bounds", () => {
  const bomb = zipOf({ name: "z", content: Buffer.alloc(3_000_000), deflate: true });

  it("stops at so many bytes", async () => {
    expect((await unpackInCage("zip", bomb, { bytesMax: 1_000_000 })).reason).toBe(
      "it unpacks to more than 1,000,000 bytes",
    );
  });

  it("stops at a ratio that is only repetition", async () => {
    const { reason } = await unpackInCage("zip", bomb, { ratioMax: 100, ratioFreeBytes: 1_000_000 });
    expect(reason).toBe("the archive unpacks to more than 100 times its size");
  });

  it("stops at so many entries, before it begins", async () => {
    const archive = zipOf(...Array.from({ length: 20 }, (_item, index) => ({ name: String(index) })));
    const { reason, tree } = await unpackInCage("zip", archive, { entriesMax: 19 });
    expect({ reason, tree }).toEqual({ reason: "it has more than 19 entries", tree: {} });
  });
});

describe("arbitrary archives", () => {
  const part = fc.constantFrom(
    "a",
    "b",
    "c",
    "..",
    ".",
    "",
    "\\",
    "C:",
    "a\0b",
    "target",
    "outside",
    "sentinel",
  );
  const name = fc
    .tuple(fc.constantFrom("", "", "", "/", "./"), fc.array(part, { minLength: 1, maxLength: 4 }))
    .map(([start, parts]) => start + parts.join("/"));
  const entry: fc.Arbitrary<ZipEntry> = fc.record({
    name,
    content: fc.oneof(name, fc.constantFrom("", "x".repeat(600))),
    mode: fc.constantFrom(FILE, LINK, LINK, 0o040755, 0o020666, 0o107777),
    deflate: fc.boolean(),
  });

  it("never write outside and never hang", async () => {
    // unpackInCage itself throws when anything outside has changed.
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
        const { reason, tree } = await unpackInCage("zip", zipOf(...entries));
        expect(reason === undefined || reason.length > 0).toBe(true);
        expect(Object.values(tree)).not.toContain("neither file, folder nor link");
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it("survive any damage", async () => {
    const good = zipOf(
      { name: "a/b", content: "abc".repeat(50), deflate: true, mode: FILE },
      link("l", "a/b"),
      { name: "d/" },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const archive = Buffer.from(good);
          for (const [at, value] of changes) archive[at] = value;
          const { reason } = await unpackInCage("zip", archive);
          expect(reason === undefined || reason.length > 0).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);
});
