// Keeps what V8 has compiled of the client by the end of a short session, for clients on the computer that has built it.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** It takes one second. */
const SESSION_MS = 60_000;

/**
 * In the client's place: runs it, and writes down its code when it ends. V8 asks for the flags that it has compiled
 * under, and the client changes one of them (put-off-tidying.ts).
 */
const RECORDER = `
const fs = require("fs"), vm = require("vm"), Module = require("module");
const { program, code } = JSON.parse(fs.readFileSync(require("path").join(__dirname, "recorder.json"), "utf8"));
const script = new vm.Script(Module.wrap(fs.readFileSync(program, "utf8")), { filename: program });
process.on("exit", () => {
  require("v8").setFlagsFromString("--incremental-marking");
  fs.writeFileSync(code, script.createCachedData());
});
const client = new Module(program);
client.filename = program;
script.runInThisContext().call(client.exports, client.exports, client.require.bind(client), client, program, __dirname);
`;
const DIRECTORY = '<plush><resource_manager type="local"><node hostname="h"/></resource_manager></plush>\n';

/**
 * The first line of the file says for which Node it is: src-main/deploy/boot-program.ts compares it. Whatever goes wrong,
 * clients compile for themselves.
 * @param {string} controller dist/plush.mjs
 * @param {string} program dist/client.cjs
 * @param {string} file dist/client.code
 * @returns {string} why there is none; or ""
 */
export function recordClientCode(controller, program, file) {
  rmSync(file, { force: true });
  if (process.platform === "win32") return "";
  const folder = mkdtempSync(join(tmpdir(), "nebula-code-"));
  const at = (/** @type {string} */ name) => join(folder, name);
  try {
    // The controller looks for its client beside itself.
    copyFileSync(controller, at("plush.mjs"));
    writeFileSync(at("client.cjs"), RECORDER);
    writeFileSync(at("recorder.json"), JSON.stringify({ program, code: at("code") }));
    writeFileSync(at("directory.xml"), DIRECTORY);
    const env = { PATH: process.env["PATH"], HOME: folder, XDG_STATE_HOME: at("state"), TMPDIR: folder };
    const words = [at("plush.mjs"), "exec", "-d", at("directory.xml"), "--", "hostname"];
    const session = spawnSync(process.execPath, words, {
      cwd: folder,
      env,
      encoding: "utf8",
      timeout: SESSION_MS,
    });
    if (!existsSync(at("code")))
      return `${session.error?.message ?? session.stderr}`.trim() || "no client has run";
    const node = [process.version, process.arch, statSync(process.execPath).size].join(" ");
    writeFileSync(file, Buffer.concat([Buffer.from(`${node}\n`), readFileSync(at("code"))]));
    return "";
  } catch (error) {
    return /** @type {Error} */ (error).message;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
