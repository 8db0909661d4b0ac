// Sends the prepared file to every receiver that connects, and ends when all of them have confirmed it.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const options = {
  listen: { type: "string" },
  receivers: { type: "string" },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [folder = "files"] = positionals;
const colon = values.listen.lastIndexOf(":");
const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
const bytes = readFileSync(join(folder, manifest.name));
const wanted = Number(values.receivers);
const confirmed = new Set();

/** One line of JSON, then the bytes; the receiver answers with its name and the sum it got. */
const server = createServer((socket) => {
  socket.on("error", (error) => console.error(`send_files: a receiver was lost: ${error.message}`));
  const lines = createInterface({ input: socket }).on("error", () => socket.destroy());
  lines.once("line", (line) => {
    const [name, sha256] = line.split(" ");
    socket.end();
    if (sha256 !== manifest.sha256) {
      console.error(`send_files: ${name} got other bytes: ${sha256}`);
      return;
    }
    confirmed.add(name);
    console.log(`sent ${manifest.name} to ${name}, ${confirmed.size} of ${wanted}`);
    if (confirmed.size === wanted) server.close();
  });
  socket.write(`${JSON.stringify(manifest)}\n`);
  socket.write(bytes);
});
server.on("error", (error) => {
  const reason = error.code === "EADDRINUSE" ? "the port is taken; choose another one in application.xml" : error.message;
  console.error(`send_files: ${values.listen}: ${reason}`);
  process.exit(1);
});
server.listen(Number(values.listen.slice(colon + 1)), values.listen.slice(0, colon));
