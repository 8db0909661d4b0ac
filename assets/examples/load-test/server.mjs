// The web server under test: answers after a few milliseconds, and says on /health that it is well.
import { createServer } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";

/** Each answer takes 1 to 5 ms, in turn: enough for percentiles that differ, without any chance in it. */
const DELAYS_MS = [1, 2, 1, 3, 1, 2, 1, 5];

const options = {
  address: { type: "string", default: "127.0.0.1" },
  port: { type: "string" },
};
const { values } = parseArgs({ options });
const port = Number(values.port);
let requests = 0;

const server = createServer(async (request, response) => {
  if (request.url === "/health") {
    response.end("well\n");
    return;
  }
  requests += 1;
  await delay(DELAYS_MS[requests % DELAYS_MS.length]);
  response.end("Hello World\n");
});
server.on("error", (error) => {
  const isTaken = error.code === "EADDRINUSE";
  const reason = isTaken ? "is taken; choose another one in application.xml" : `cannot be used: ${error.message}`;
  console.error(`server: port ${port} on ${values.address} ${reason}`);
  process.exit(1);
});
server.listen(port, values.address, () => console.log(`serving on http://${values.address}:${port}/`));

process.on("SIGTERM", () => {
  console.log(`served ${requests} requests`);
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
