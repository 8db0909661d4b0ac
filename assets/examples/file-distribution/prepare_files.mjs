// Prepares the file that is to be distributed: one MiB that is the same every time, and its SHA-256 beside it.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE_BYTES = 1024 * 1024;

const folder = process.argv[2] ?? "files";
const blocks = [];
let block = createHash("sha256").update("the first block").digest();
for (let size = 0; size < FILE_BYTES; size += block.length) {
  blocks.push(block);
  block = createHash("sha256").update(block).digest();
}
const bytes = Buffer.concat(blocks);
const sha256 = createHash("sha256").update(bytes).digest("hex");

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "data.bin"), bytes);
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify({ name: "data.bin", size: bytes.length, sha256 })}\n`);
console.log(`prepared data.bin: ${bytes.length} bytes, sha256 ${sha256}`);
