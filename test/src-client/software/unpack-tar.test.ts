// Tar archives, ordinary and evil: what they should make, and that no archive ever writes outside its folder.
import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gnuLongName, pax, tarOf, ustar, type TarEntry } from "./build-tar.ts";
import { unpackInCage } from "./unpack-in-cage.ts";

const LONG = `${"long/".repeat(40)}name`;
const link = (name: string, linkName: string): TarEntry => ({ name, type: "2", linkName });
const hardLink = (name: string, linkName: string): TarEntry => ({ name, type: "1", linkName });
const folder = (name: string, mode = 0o755): TarEntry => ({ name, type: "5", mode });

describe("ordinary archives", () => {
  it("unpacks files, folders and links", async () => {
    const archive = tarOf(
      folder("./"),
      folder("./app/", 0o750),
      { name: "./app/run", content: "#!/bin/sh\n", mode: 0o755 },
      { name: "app//lib/deep", content: "deep" },
      link("app/link", "lib/deep"),
      link("app/lib/up", "../run"),
      hardLink("app/same", "./app/lib/deep"),
      { name: "old", type: "\0", content: "pre-POSIX" },
    );
    const { reason, tree } = await unpackInCage("tar", archive);
    expect(reason).toBeUndefined();
    expect(tree).toEqual({
      ...{
        "app/": "750",
        "app/run": "#!/bin/sh\n",
        "app/lib/": "755",
        "app/lib/deep": "deep",
        "app/lib/up": "→ ../run",
      },
      ...{ "app/link": "→ lib/deep", "app/same": "deep", old: "pre-POSIX" },
    });
  });

  it("takes long names by pax and by GNU", async () => {
    const archive = tarOf(
      pax({ path: `${LONG}1` }),
      { name: "short", content: "pax" },
      gnuLongName(`${LONG}2`),
      { name: "short", content: "gnu" },
      gnuLongName("long/long", "K"),
      link("link", "cut"),
    );
    const { reason, tree } = await unpackInCage("tar", archive);
    expect(reason).toBeUndefined();
    expect(tree).toMatchObject({ [`${LONG}1`]: "pax", [`${LONG}2`]: "gnu", link: "→ long/long" });
  });

  it("gives the same as GNU tar makes of itself", async () => {
    const archive = execFileSync("tar", ["-c", "-C", "test/src-client", "."], { maxBuffer: 10 ** 8 });
    const { reason, tree } = await unpackInCage("tar", archive);
    expect(reason).toBeUndefined();
    expect(Object.keys(tree)).toContain("software/unpack-tar.test.ts");
  });

  it("strips what would give others' rights, and lets the owner write", async () => {
    const { tree } = await unpackInCage(
      "tar",
      tarOf(folder("d", 0o7070), { name: "d/f", mode: 0o6111, content: "x" }),
    );
    expect(tree).toEqual({ "d/": "750", "d/f": "x" });
  });

  it("takes an archive without its end mark", async () => {
    expect(await unpackInCage("tar", ustar({ name: "a", content: "A" }))).toEqual({
      reason: undefined,
      tree: { a: "A" },
    });
  });
});

/** What the reason must say; every one must leave nothing outside. */
const EVIL: readonly (readonly [string, Buffer, RegExp])[] = [
  ["a name that goes up", tarOf({ name: "../x", content: "x" }), /entry "\.\.\/x": the name goes up/],
  ["a name that goes up later", tarOf({ name: "a/b/../../../x" }), /goes up/],
  ["a name that goes up and comes back", tarOf({ name: "../target/x" }), /goes up/],
  ["a folder that goes up", tarOf(folder("../evil")), /goes up/],
  [
    "an absolute name",
    tarOf({ name: "/tmp/nebula-evil" }),
    /entry "\/tmp\/nebula-evil": the name is absolute/,
  ],
  ["a drive letter", tarOf({ name: "C:/x" }), /drive letter/],
  ["backslashes", tarOf({ name: "..\\..\\x" }), /backslash/],
  ["a file without a name", tarOf({ name: "./." }), /the name is empty/],
  [
    "a pax path that goes up",
    tarOf(pax({ path: "../x" }), { name: "innocent" }),
    /entry "\.\.\/x": the name goes up/,
  ],
  ["a pax path that is absolute", tarOf(pax({ path: "/x" }), { name: "innocent" }), /absolute/],
  ["a pax link target", tarOf(pax({ linkpath: "/etc" }), link("innocent", "here")), /absolute/],
  [
    "a global pax link target",
    tarOf(pax({ linkpath: "../.." }, "g"), link("innocent", "here")),
    /leaves the folder/,
  ],
  ["a GNU long name that goes up", tarOf(gnuLongName("../x"), { name: "innocent" }), /goes up/],
  [
    "a GNU long link target",
    tarOf(gnuLongName("../../x", "K"), link("innocent", "here")),
    /leaves the folder/,
  ],
  ["a prefix field that goes up", tarOf(withPrefix("..", { name: "x" })), /goes up/],
  [
    "a link to an absolute path",
    tarOf(link("l", "/etc/passwd")),
    /entry "l" → "\/etc\/passwd": the link points to an absolute/,
  ],
  ["a link out of the tree", tarOf(link("l", "../outside")), /leaves the folder of the package/],
  ["a deep link out of the tree", tarOf(link("a/b/l", "../../../x")), /leaves the folder/],
  ["a link that goes down and up", tarOf(folder("a"), link("l", "a/../../x")), /".." after a name/],
  ["a link with a drive letter", tarOf(link("l", "C:\\x")), /backslash|drive letter/],
  [
    "writing through a link",
    tarOf(folder("d"), link("l", "d"), { name: "l/x" }),
    /entry "l\/x": it goes through the link "l"/,
  ],
  ["a folder through a link", tarOf(folder("d"), link("l", "d"), folder("l/x")), /goes through the link/],
  [
    "a folder in the place of a link",
    tarOf(folder("d"), link("l", "d"), folder("l")),
    /goes through the link/,
  ],
  [
    "a link chain out of the tree",
    tarOf(folder("a/b"), link("a/b/l", "../.."), link("m", "a/b/l/../x")),
    /".." after a name/,
  ],
  [
    "writing through a chain",
    tarOf(link("a", "b"), link("b", "c"), folder("c"), { name: "a/x" }),
    /goes through the link "a"/,
  ],
  ["a link over a file", tarOf({ name: "x" }, link("x", "y")), /the package has it twice/],
  [
    "a file over a link",
    tarOf(link("x", "y"), { name: "x", content: "evil" }),
    /entry "x": the package has it twice/,
  ],
  ["a file over a folder", tarOf(folder("x"), { name: "x" }), /twice/],
  ["a file below a file", tarOf({ name: "x" }, { name: "x/y" }), /entry "x\/y": "x" is a file/],
  ["duplicate files", tarOf({ name: "x", content: "1" }, { name: "./x", content: "2" }), /twice/],
  [
    "a hard link outside",
    tarOf(hardLink("h", "../sentinel")),
    /entry "h" → "\.\.\/sentinel": a hard link leaves/,
  ],
  ["an absolute hard link", tarOf(hardLink("h", "/etc/passwd")), /a hard link leaves the package/],
  ["a hard link to nothing", tarOf(hardLink("h", "x")), /a hard link to what is not in the package/],
  ["a hard link to a link", tarOf(link("l", "x"), hardLink("h", "l")), /a hard link to or through/],
  [
    "a hard link through a link",
    tarOf({ name: "d/x" }, link("l", "d"), hardLink("h", "l/x")),
    /to or through/,
  ],
  ["a hard link to a folder", tarOf(folder("d"), hardLink("h", "d")), /to or through/],
  [
    "a character device",
    tarOf({ name: "null", type: "3" }),
    /entry "null": a character device is not allowed/,
  ],
  ["a block device", tarOf({ name: "sda", type: "4" }), /a block device is not allowed/],
  ["a named pipe", tarOf({ name: "pipe", type: "6" }), /a named pipe is not allowed/],
  ["a sparse file", tarOf({ name: "s", type: "S" }), /sparse/],
  ["a pax sparse file", tarOf({ name: "GNUSparseFile.0/s" }), /sparse/],
  ["an unknown type", tarOf({ name: "u", type: "Z" }), /type|damaged/],
  ["a name part too long", tarOf(pax({ path: "n".repeat(256) }), { name: "short" }), /File name too long/],
  [
    "a path too long",
    tarOf(pax({ path: "abcdefghi/".repeat(420) }), { name: "short" }),
    /longer than 4096 bytes/,
  ],
  ["too many folders", tarOf(pax({ path: "a/".repeat(300) }), { name: "short" }), /more than 256 folders/],
  [
    "an extended header too large",
    tarOf(pax({ path: "x", comment: "c".repeat(1_100_000) }), { name: "y" }),
    /extended header of/,
  ],
  ["a wrong checksum", spoilt(tarOf({ name: "x" }), 0), /damaged/],
  ["a file that is cut", tarOf({ name: "x", content: "x".repeat(5000) }).subarray(0, 3000), /damaged/],
  ["a file that claims to be endless", tarOf({ name: "x", size: 8 ** 11 - 1 }), /damaged/],
  ["an archive of nothing", tarOf(), /not a tar archive/],
  ["no archive at all", Buffer.from("<html>404</html>".repeat(100)), /not a tar archive/],
  ["an empty file", Buffer.alloc(0), /not a tar archive/],
];

function withPrefix(prefix: string, entry: TarEntry): Buffer {
  const block = ustar(entry);
  block.write(prefix, 345);
  block.write("        ", 148);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function spoilt(archive: Buffer, at: number): Buffer {
  const copy = Buffer.from(archive);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe("evil archives", () => {
  it.each(EVIL)("refuses %s", async (_name, archive, expected) => {
    const { reason } = await unpackInCage("tar", archive);
    expect(reason).toMatch(expected);
  });

  it.each(EVIL)("refuses %s when it is packed", async (_name, archive, expected) => {
    const { reason } = await unpackInCage("tar", gzipSync(archive));
    expect(reason).toMatch(expected);
  });

  it("cuts a name at its NUL byte, as every tar does", async () => {
    const { reason, tree } = await unpackInCage("tar", tarOf(pax({ path: "safe\0/../../x" }), { name: "y" }));
    expect({ reason, tree }).toEqual({ reason: undefined, tree: { safe: "" } });
  });
});

describe("bounds", () => {
  const zeros = gzipSync(tarOf({ name: "z", content: Buffer.alloc(3_000_000) }));

  it("stops at so many bytes", async () => {
    const { reason } = await unpackInCage("tar", zeros, { bytesMax: 1_000_000 });
    expect(reason).toBe("it unpacks to more than 1,000,000 bytes");
  });

  it("stops at a ratio that is only repetition", async () => {
    const { reason } = await unpackInCage("tar", zeros, { ratioMax: 100, ratioFreeBytes: 1_000_000 });
    expect(reason).toBe("the archive unpacks to more than 100 times its size");
    expect((await unpackInCage("tar", zeros, { ratioMax: 100 })).reason).toBeUndefined();
  });

  it("stops at so many entries", async () => {
    const archive = tarOf(...Array.from({ length: 20 }, (_item, index) => ({ name: String(index) })));
    expect((await unpackInCage("tar", archive, { entriesMax: 19 })).reason).toBe(
      "it has more than 19 entries",
    );
    expect((await unpackInCage("tar", archive, { entriesMax: 20 })).reason).toBeUndefined();
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
  const path = fc.tuple(
    fc.constantFrom("", "", "", "/", "./"),
    fc.array(part, { minLength: 1, maxLength: 4 }),
  );
  const name = path.map(([start, parts]) => start + parts.join("/"));
  const entry = fc.record({
    name,
    type: fc.constantFrom("0", "0", "1", "2", "2", "5", "3", "6", "7"),
    linkName: name,
    content: fc.constantFrom("", "x", "y".repeat(600)),
    mode: fc.constantFrom(0o644, 0o7777, 0),
  });
  const block = fc.oneof(
    {
      weight: 6,
      arbitrary: entry.map((one) =>
        ustar(one.type === "0" || one.type === "7" ? { ...one, linkName: "" } : one),
      ),
    },
    { weight: 1, arbitrary: name.map((value) => pax({ path: value })) },
    { weight: 1, arbitrary: name.map((value) => pax({ linkpath: value })) },
    { weight: 1, arbitrary: name.map((value) => gnuLongName(value)) },
    { weight: 1, arbitrary: name.map((value) => gnuLongName(value, "K")) },
  );

  it("never write outside and never hang", async () => {
    // unpackInCage itself throws when anything outside has changed.
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 8 }), fc.boolean(), async (blocks, packed) => {
        const archive = tarOf(...blocks);
        const { reason, tree } = await unpackInCage("tar", packed ? gzipSync(archive) : archive);
        expect(reason === undefined || reason.length > 0).toBe(true);
        expect(Object.values(tree)).not.toContain("neither file, folder nor link");
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it("come out whole, however long the files", async () => {
    const size = fc.oneof(fc.nat(2000), fc.integer({ min: 60_000, max: 300_000 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(size, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (sizes, packed) => {
          const files = sizes.map((length, index) => ({
            name: `f${String(index)}`,
            content: Buffer.alloc(length, index + 65),
          }));
          const archive = tarOf(...files);
          const { reason, tree } = await unpackInCage(
            "tar",
            packed ? gzipSync(archive, { level: 1 }) : archive,
          );
          expect(reason).toBeUndefined();
          for (const { name: path, content } of files)
            expect(tree[path]).toBe(content.subarray(0, 100).toString("latin1"));
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);
});
