// The first thing that a client's Node does on a host: checks and unpacks the client's program, and runs it.
import { CLIENT_MARK } from "#shared/protocol/client-start.ts";

/** As the client's own for a host that it cannot live on. */
const EXIT_UNFIT = 2;

/** Told as a failure of the upload, which it is. */
export const CORRUPT_REASON = "what arrived is not what was sent";

/**
 * Its arguments: a word by which people know the process, where the packed program has just been put (or ""), where it
 * stays for other clients, and its digest. Node does here what `gunzip`, `sha256sum` and `mv` would do in 9 ms more.
 * Neither ' nor anything else that a shell would take for its own stands in it.
 */
export const BOOT_PROGRAM = [
  `const fs = require("fs"), Module = require("module"), [, , part, file, hash] = process.argv;`,
  `const refuse = (why) => { console.error(why); process.exit(${String(EXIT_UNFIT)}); };`,
  `let packed;`,
  `try { packed = fs.readFileSync(part || file); } catch (error) { refuse(error.message); }`,
  `if (require("crypto").createHash("sha256").update(packed).digest("hex") !== hash)`,
  `refuse(part ? "${CORRUPT_REASON}" : file + " is not what it was: remove it");`,
  `try { if (part) fs.renameSync(part, file); } catch (error) { refuse(error.message); }`,
  `fs.writeSync(1, "${CLIENT_MARK} started " + process.pid + String.fromCharCode(10));`,
  `const client = new Module(file);`,
  `client.filename = file;`,
  `client._compile(require("zlib").brotliDecompressSync(packed).toString(), file);`,
].join(" ");
