// A client of the round robin: finds the master, takes its turns and leaves when the master says goodbye.
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";

/** The master may be prepared and started long after the clients. */
const MASTER_WAIT_MS_MAX = 120_000;
const RETRY_DELAY_MS = 250;

const options = {
  master: { type: "string" },
  port: { type: "string" },
  name: { type: "string" },
};
const { values } = parseArgs({ options });
const { master, port, name } = values;

function tryOnce() {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: master, port: Number(port) });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

async function findMaster() {
  const giveUpAt = Date.now() + MASTER_WAIT_MS_MAX;
  for (;;) {
    try {
      return await tryOnce();
    } catch (error) {
      if (Date.now() > giveUpAt) throw error;
      await delay(RETRY_DELAY_MS);
    }
  }
}

function takeTurns(socket) {
  return new Promise((resolve, reject) => {
    let turns = 0;
    let saidGoodbye = false;
    createInterface({ input: socket })
      .on("line", (line) => {
        const round = /^turn (\d+)$/.exec(line)?.[1];
        saidGoodbye ||= line === "bye";
        if (round === undefined) return;
        turns += 1;
        console.log(`${name} has turn ${round}`);
        socket.write(`done ${round}\n`);
      })
      .on("error", reject);
    socket.on("error", reject);
    socket.on("close", () => (saidGoodbye ? resolve(turns) : reject(new Error("the master hung up"))));
    socket.write(`hello ${name}\n`);
  });
}

try {
  const turns = await takeTurns(await findMaster());
  console.log(`${name} had ${turns} turns`);
} catch (error) {
  console.error(`client: master ${master}:${port}: ${error.message}`);
  process.exit(1);
}
