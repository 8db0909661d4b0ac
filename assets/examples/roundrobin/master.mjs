// The master of the round robin: waits for its clients, then hands the turn from one to the next, round after round.
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

/** Clients start when their own component is ready, which may be long after the master. */
const JOIN_WAIT_MS_MAX = 120_000;
/** A turn is one small message there and back. */
const TURN_WAIT_MS_MAX = 10_000;

const options = {
  address: { type: "string", default: "127.0.0.1" },
  port: { type: "string" },
  clients: { type: "string" },
  rounds: { type: "string", default: "3" },
};
const { values } = parseArgs({ options });
const port = Number(values.port);
const wanted = Number(values.clients);
const rounds = Number(values.rounds);

function giveUp(message) {
  console.error(`master: ${message}`);
  process.exit(1);
}

/** Name to { socket, lines }; a client that comes again (restarted) takes its own place. */
const clients = new Map();

function admit(socket, allJoined) {
  const lines = createInterface({ input: socket });
  socket.on("error", () => socket.destroy());
  lines.on("error", () => lines.close());
  lines.once("line", (line) => {
    const name = /^hello (\S+)$/.exec(line)?.[1];
    if (name === undefined) {
      socket.end("unknown greeting\n");
      return;
    }
    clients.set(name, { socket, lines });
    if (clients.size === wanted) allJoined();
  });
}

async function giveTurn(name, round) {
  const { socket, lines } = clients.get(name);
  if (socket.destroyed) giveUp(`${name} hung up before turn ${round}`);
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), TURN_WAIT_MS_MAX);
  const onClose = () => ended.abort();
  socket.once("close", onClose);
  try {
    const answer = once(lines, "line", { signal: ended.signal });
    socket.write(`turn ${round}\n`);
    const [line] = await answer;
    if (line !== `done ${round}`) giveUp(`${name} answered '${line}' to turn ${round}`);
  } catch {
    giveUp(`${name} ${socket.destroyed ? "hung up during" : "did not finish"} turn ${round}`);
  } finally {
    clearTimeout(timer);
    socket.off("close", onClose);
  }
}

async function play() {
  const order = [...clients.keys()].sort((left, right) => left.localeCompare(right, "en", { numeric: true }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of order) await giveTurn(name, round);
    console.log(`round ${round} of ${rounds}: ${order.join(" -> ")}`);
  }
  for (const { socket } of clients.values()) socket.end("bye\n");
}

const joinTimer = setTimeout(
  () => giveUp(`only ${clients.size} of ${wanted} clients came within ${JOIN_WAIT_MS_MAX / 1000} s`),
  JOIN_WAIT_MS_MAX,
);
const allJoined = new Promise((resolve) => {
  const server = createServer((socket) => admit(socket, () => resolve(server)));
  server.on("error", (error) => {
    const isTaken = error.code === "EADDRINUSE";
    const reason = isTaken ? "is taken; choose another one in application.xml" : `cannot be used: ${error.message}`;
    giveUp(`port ${port} on ${values.address} ${reason}`);
  });
  server.listen(port, values.address, () => console.log(`waiting for ${wanted} clients on port ${port}`));
});
const server = await allJoined;
clearTimeout(joinTimer);
await play();
server.close();
