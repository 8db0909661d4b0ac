// A client's program on its host: what arrived whole runs and stays for others; anything else is refused and told.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BOOT_PROGRAM } from "../../../src-main/deploy/boot-program.ts";

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
