// Receives the file from the sender, checks its SHA-256 and keeps it; tries again until it is whole.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";

/** The barrier opens for all at once; the sender needs a moment to listen. */
const SENDER_WAIT_MS_MAX = 60_000;
const RETRY_DELAY_MS = 250;

const options = {
  from: { type: "string" },
  name: { type: "string" },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [folder = "received"] = positionals;
const colon = values.from.lastIndexOf(":");
const host = values.from.slice(0, colon);
const port = Number(values.from.slice(colon + 1));

/** Resolves with the manifest and the bytes as soon as they are all there. */
function receiveOnce() {
  return new Promise((resolve, reject) => {
    const chunks = [];
    const socket = connect({ host, port });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the sender hung up before the end")));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      const received = Buffer.concat(chunks);
      const lineEnd = received.indexOf("\n");
      if (lineEnd === -1) return;
      const manifest = JSON.parse(received.subarray(0, lineEnd).toString("utf8"));
      const bytes = received.subarray(lineEnd + 1);
      if (bytes.length < manifest.size) return;
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      socket.end(`${values.name} ${sha256}\n`, () => resolve({ manifest, bytes, sha256 }));
    });
  });
}

async function receive() {
  const giveUpAt = Date.now() + SENDER_WAIT_MS_MAX;
  for (;;) {
    try {
      return await receiveOnce();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await delay(RETRY_DELAY_MS);
    }
  }
}

try {
  const { manifest, bytes, sha256 } = await receive();
  if (sha256 !== manifest.sha256) throw new Error(`${manifest.name} came with sha256 ${sha256}, not ${manifest.sha256}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, manifest.name), bytes);
  console.log(`${values.name} received ${manifest.name}: ${bytes.length} bytes, sha256 ${sha256}`);
} catch (error) {
  console.error(`receive_files: ${values.from}: ${error.message}`);
  process.exit(1);
}
