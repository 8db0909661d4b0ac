// Entry of the thread in which simulated hosts live: as many as are asked for, beside the controller's own thread.
import { parentPort } from "node:worker_threads";
import { createSystemClock } from "#shared/node/system-clock.ts";
import type { ToSimulated } from "#shared/protocol/simulation-words.ts";
import { SimulatedNetwork } from "./simulated/simulated-network.ts";

if (parentPort !== null) {
  const port = parentPort;
  const network = new SimulatedNetwork({
    clock: createSystemClock(),
    post: (messages) => port.postMessage(messages),
  });
  port.on("message", (messages: readonly ToSimulated[]) => network.hear(messages));
}
