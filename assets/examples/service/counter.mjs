// A web server that counts its visitors, and that goes wrong in its first two processes to show what happens then.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const ADDRESS = process.env.ADDRESS ?? "127.0.0.1";
const PORT = Number(process.env.PORT ?? "27435");
const WELL_FOR_MS = Number(process.env.WELL_FOR_SECONDS ?? "4") * 1000;
/** Kept in the work directory, which outlives the process. */
const STATE_FILE = "counter.json";

function readState() {
  try {
    return JSON.parse(readFileSync(STATE_FILE, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return { starts: 0, visitors: 0 };
    throw error;
  }
}

const state = readState();
state.starts += 1;
let isWell = true;

/** By way of a second file: whoever kills this process at a bad moment leaves the old count, not half of one. */
function keepState() {
  writeFileSync(`${STATE_FILE}.new`, `${JSON.stringify(state)}\n`);
  renameSync(`${STATE_FILE}.new`, STATE_FILE);
}

const server = createServer((request, response) => {
  if (request.url === "/health") {
    response.statusCode = isWell ? 200 : 503;
    response.end(isWell ? "well\n" : "not well\n");
    return;
  }
  state.visitors += 1;
  keepState();
  response.end(`You are visitor ${state.visitors}; this is process ${state.starts}.\n`);
});
server.on("error", (error) => {
  const isTaken = error.code === "EADDRINUSE";
  const reason = isTaken ? "is taken; choose another one in application.xml" : `cannot be used: ${error.message}`;
  console.error(`counter: port ${PORT} on ${ADDRESS} ${reason}`);
  process.exit(1);
});
server.listen(PORT, ADDRESS, () => {
  keepState();
  console.log(`process ${state.starts} counts on http://${ADDRESS}:${PORT}/, ${state.visitors} visitors so far`);
  if (state.starts <= 2) setTimeout(goWrong, WELL_FOR_MS);
});

function goWrong() {
  if (state.starts === 1) {
    console.error("counter: not well from now on");
    isWell = false;
    return;
  }
  console.error("counter: giving up with status 3");
  process.exit(3);
}

process.on("SIGTERM", () => {
  console.log(`stopped after ${state.visitors} visitors`);
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
