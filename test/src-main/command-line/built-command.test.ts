// The built `plush` as a process: what needs no controller, with real pipes and exit codes.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../../temporary-folder.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const PLUSH = join(ROOT, "dist", "plush.mjs");
const EXAMPLE = join(ROOT, "assets", "examples", "roundrobin");

beforeAll(() => {
  if (!existsSync(PLUSH)) throw new Error("dist/plush.mjs is not built; run: node tools/build.mjs");
});

function plush(words: readonly string[], input = "") {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "bad.xml"), "<plush><project name='p'>\n  <softwar/>\n</plush>\n");
  const { status, stdout, stderr } = spawnSync(process.execPath, [PLUSH, ...words], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder },
    encoding: "utf8",
    input,
  });
  return { status, stdout, stderr };
}

test("the version is the package's", () => {
  expect(plush(["--version"])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: "",
  });
});

test("exit codes of usage and files", () => {
  expect(plush(["rnu"])).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringContaining("plush run"),
  });
  expect(plush(["check", "no.xml"])).toMatchObject({ status: 6, stdout: "" });
  expect(plush(["check", "bad.xml"])).toMatchObject({
    status: 6,
    stdout: expect.stringContaining("bad.xml:"),
    stderr: "",
  });
  expect(plush(["run", "bad.xml", "-d", "no.xml"])).toMatchObject({ status: 6, stdout: "" });
});

test("the examples are without problems", () => {
  expect(
    plush(["check", join(EXAMPLE, "application.xml"), "-d", join(EXAMPLE, "directory.xml")]),
  ).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/: ok\n$/),
  });
});

test("a reader that goes away is no error", async () => {
  const child = spawn(process.execPath, [PLUSH, "help", "nodesets"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  await new Promise((resolve) => child.on("close", resolve));
  expect(stderr).toBe("");
});
