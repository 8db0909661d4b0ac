// A client's program on its host: what arrived whole runs and stays for others; anything else is refused and told.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Module } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import { brotliCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BOOT_PROGRAM, LOCAL_BOOT_PROGRAM } from "../../../src-main/deploy/boot-program.ts";

const PACKED = brotliCompressSync(
  Buffer.from(
    'console.log(require("node:path").basename(__filename), "é", require("fs").readFileSync(0, "utf8"))',
  ),
);
const HASH = createHash("sha256").update(PACKED).digest("hex");

let folder = "";
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nebula-boot-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function boot(part: string): { status: number | null; stdout: string; stderr: string } {
  const words = ["-e", BOOT_PROGRAM, "plush-client", part, at("client.cjs.br"), HASH];
  return spawnSync(process.execPath, words, { input: "credentials", encoding: "utf8" });
}

test("what has just arrived says who it is, runs with its input, and stays for the next one", () => {
  writeFileSync(at("part"), PACKED);
  const first = boot(at("part"));
  expect(first.stderr).toBe("");
  expect(first.stdout).toMatch(/^@nebula@ started \d+\nclient\.cjs\.br é credentials\n$/);
  expect(existsSync(at("part"))).toBe(false);
  expect(boot("")).toMatchObject({ status: 0, stdout: expect.stringContaining(" credentials") as string });
});

test("a byte that has changed on the way is found before anything of it runs", () => {
  const changed = Buffer.from(PACKED);
  changed.writeUInt8(changed.readUInt8(9) ^ 1, 9);
  writeFileSync(at("part"), changed);
  expect(boot(at("part"))).toMatchObject({
    status: 2,
    stdout: "",
    stderr: "what arrived is not what was sent\n",
  });
  expect(existsSync(at("client.cjs.br"))).toBe(false);
  writeFileSync(at("client.cjs.br"), changed);
  expect(boot("")).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringContaining("remove it") as string,
  });
});

test("one that is gone is told in the system's words", () => {
  expect(boot("")).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringContaining("ENOENT") as string,
  });
});

describe("compiled code", () => {
  /** V8 tells sources apart by their length: so it shows which of the two has run. */
  const TEXT = 'console.log("text")';
  const OTHER = 'console.log("code")';
  const NODE = [process.version, process.arch, String(statSync(process.execPath).size)].join(" ");
  const codeFor = (node: string): Buffer =>
    Buffer.concat([Buffer.from(`${node}\n`), new Script(Module.wrap(OTHER)).createCachedData()]);
  const said = (...words: readonly string[]): string =>
    spawnSync(process.execPath, ["-e", ...words], { encoding: "utf8" })
      .stdout.split("\n")
      .at(-2) ?? "";

  function onHost(code: Buffer, digest = createHash("sha256").update(code).digest("hex")): string {
    const packed = brotliCompressSync(TEXT);
    writeFileSync(at("part"), packed);
    writeFileSync(at("client.code"), code);
    const hash = createHash("sha256").update(packed).digest("hex");
    return said(BOOT_PROGRAM, "plush-client", at("part"), at("c.br"), hash, at("client.code"), digest);
  }

  function embedded(code: Buffer): string {
    writeFileSync(at("client.cjs"), TEXT);
    writeFileSync(at("client.code"), code);
    return said(LOCAL_BOOT_PROGRAM, "plush-client", at("client.cjs"), at("client.code"));
  }

  test("is taken in place of the text by the Node that has made it", () => {
    expect(onHost(codeFor(NODE))).toBe("code");
    expect(embedded(codeFor(NODE))).toBe("code");
  });

  test("is not by another Node, nor when it is not what the controller has, nor when it is none", () => {
    expect(onHost(codeFor("v20.0.0 x64 1"))).toBe("text");
    expect(embedded(codeFor("v20.0.0 x64 1"))).toBe("text");
    expect(onHost(codeFor(NODE), "0".repeat(64))).toBe("text");
    expect(embedded(Buffer.from(`${NODE}\nnothing that V8 knows`))).toBe("text");
    expect(embedded(Buffer.alloc(0))).toBe("text");
  });

  test("is not missed where there is none", () => {
    writeFileSync(at("client.cjs"), TEXT);
    expect(said(LOCAL_BOOT_PROGRAM, "plush-client", at("client.cjs"), at("client.code"))).toBe("text");
  });
});
