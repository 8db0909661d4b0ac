// The first thing that a client's Node does on a host: checks and unpacks the client's program, and runs it.
import { CLIENT_MARK } from "#shared/protocol/client-start.ts";

/** As the client's own for a host that it cannot live on. */
const EXIT_UNFIT = 2;

/** Told as a failure of the upload, which it is. */
export const CORRUPT_REASON = "what arrived is not what was sent";

/**
 * `run` with the program's text and, where there is one, what V8 had compiled of it before (client-code.mjs): its first
 * line names the very Node that has done so, and V8 itself refuses what does not fit its flags.
 */
const RUN = [
  `const run = (text, code) => {`,
  `const client = new Module(file), end = code ? code.indexOf(10) : 0;`,
  `client.filename = file;`,
  `const node = [process.version, process.arch, fs.statSync(process.execPath).size].join(" ");`,
  `if (end < 1 || code.toString("latin1", 0, end) !== node) return client._compile(text, file);`,
  `const { Script } = require("vm");`,
  `const options = { filename: file, cachedData: code.subarray(end + 1) };`,
  `const main = new Script(Module.wrap(text), options).runInThisContext();`,
  `main.call(client.exports, client.exports, client.require.bind(client), client, file, require("path").dirname(file));`,
  `};`,
  `const read = (path) => { try { return fs.readFileSync(path); } catch { return undefined; } };`,
].join(" ");

/**
 * Its arguments: a word by which people know the process, where the packed program has just been put (or ""), where it
 * stays for other clients, and its digest; then, for a host that is the controller's own computer, where its compiled
 * code is, and the digest of that (or "" twice). Node does here what `gunzip`, `sha256sum` and `mv` would do in 9 ms
 * more. Neither ' nor anything else that a shell would take for its own stands in it.
 */
export const BOOT_PROGRAM = [
  `const fs = require("fs"), Module = require("module"), [, , part, file, hash, codeFile, codeHash] = process.argv;`,
  `const refuse = (why) => { console.error(why); process.exit(${String(EXIT_UNFIT)}); };`,
  `const digest = (bytes) => require("crypto").createHash("sha256").update(bytes).digest("hex");`,
  RUN,
  `let packed;`,
  `try { packed = fs.readFileSync(part || file); } catch (error) { refuse(error.message); }`,
  `if (digest(packed) !== hash)`,
  `refuse(part ? "${CORRUPT_REASON}" : file + " is not what it was: remove it");`,
  `try { if (part) fs.renameSync(part, file); } catch (error) { refuse(error.message); }`,
  `fs.writeSync(1, "${CLIENT_MARK} started " + process.pid + String.fromCharCode(10));`,
  `const code = codeFile ? read(codeFile) : undefined;`,
  `run(require("zlib").brotliDecompressSync(packed).toString(), code && digest(code) === codeHash ? code : undefined);`,
].join(" ");

/** For embedded hosts. Its arguments: the same word, the program as it was built, and its compiled code beside it. */
export const LOCAL_BOOT_PROGRAM = [
  `const fs = require("fs"), Module = require("module"), [, , file, codeFile] = process.argv;`,
  RUN,
  `run(fs.readFileSync(file, "utf8"), read(codeFile));`,
].join(" ");
