// Joins the hosts to a small overlay: they meet at the rendezvous, and each learns who else is in it.
import { createServer, connect } from "node:net";
import { createInterface } from "node:readline";
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";

/** The rendezvous may be prepared and started long after the others. */
const RENDEZVOUS_WAIT_MS_MAX = 120_000;
const RETRY_DELAY_MS = 250;

const options = {
  name: { type: "string" },
  rendezvous: { type: "string" },
  "wait-for": { type: "string" },
};
const { values } = parseArgs({ options });
const colon = values.rendezvous.lastIndexOf(":");
const host = values.rendezvous.slice(0, colon);
const port = Number(values.rendezvous.slice(colon + 1));

/** Waits until every awaited host has said its name, then tells all of them all names. */
function gather(awaited) {
  return new Promise((resolve, reject) => {
    const sockets = new Map();
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      const lines = createInterface({ input: socket }).on("error", () => socket.destroy());
      lines.once("line", (name) => {
        if (!awaited.includes(name)) {
          socket.end();
          return;
        }
        sockets.set(name, socket);
        console.log(`${name} joined, ${sockets.size} of ${awaited.length}`);
        if (sockets.size < awaited.length) return;
        const members = [values.name, ...awaited];
        for (const joined of sockets.values()) joined.end(`${JSON.stringify(members)}\n`);
        server.close(() => resolve(members));
      });
    });
    server.on("error", (error) => {
      const isTaken = error.code === "EADDRINUSE";
      reject(isTaken ? new Error("the port is taken; choose another one in application.xml") : error);
    });
    server.listen(port, host);
  });
}

function joinOnce() {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let members;
    socket.on("error", reject);
    socket.on("close", () => (members === undefined ? reject(new Error("the rendezvous hung up")) : resolve(members)));
    createInterface({ input: socket })
      .on("error", reject)
      .once("line", (line) => {
        members = JSON.parse(line);
      });
    socket.write(`${values.name}\n`);
  });
}

async function join() {
  const giveUpAt = Date.now() + RENDEZVOUS_WAIT_MS_MAX;
  for (;;) {
    try {
      return await joinOnce();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await delay(RETRY_DELAY_MS);
    }
  }
}

try {
  const awaited = values["wait-for"];
  const members = await (awaited === undefined ? join() : gather(awaited.split(",")));
  writeFileSync("overlay.json", `${JSON.stringify(members)}\n`);
  console.log(`${values.name} is in the overlay of ${members.join(", ")}`);
} catch (error) {
  console.error(`join_overlay: ${values.rendezvous}: ${error.message}`);
  process.exit(1);
}
