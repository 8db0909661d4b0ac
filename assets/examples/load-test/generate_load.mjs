// Generates load: some connections ask for a page again and again; what it measured goes to results/load.json.
import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { parseArgs } from "node:util";

const REQUEST_WAIT_MS_MAX = 2_000;
/** After an error a connection waits this long, so that a server that is down is not asked a million times. */
const ERROR_DELAY_MS = 50;

const options = {
  url: { type: "string" },
  seconds: { type: "string", default: "3" },
  connections: { type: "string", default: "4" },
  name: { type: "string", default: "generator" },
};
const { values } = parseArgs({ options });
const agent = new Agent({ keepAlive: true, maxSockets: Number(values.connections) });

function ask() {
  return new Promise((resolve, reject) => {
    const request = get(values.url, { agent, timeout: REQUEST_WAIT_MS_MAX }, (response) => {
      response.resume();
      response.on("error", reject);
      response.on("end", () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${REQUEST_WAIT_MS_MAX} ms`)));
    request.on("error", reject);
  });
}

async function askUntil(endAt, measured) {
  while (performance.now() < endAt) {
    const start = performance.now();
    try {
      await ask();
      measured.latenciesMs.push(performance.now() - start);
    } catch (error) {
      measured.errors += 1;
      measured.lastError = error.message;
      await new Promise((resolve) => setTimeout(resolve, ERROR_DELAY_MS));
    }
  }
}

/** The smallest value that at least the given share of all values does not exceed (nearest rank). */
function percentile(sorted, share) {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return value === undefined ? null : Math.round(value * 100) / 100;
}

const seconds = Number(values.seconds);
const measured = { latenciesMs: [], errors: 0, lastError: undefined };
const endAt = performance.now() + seconds * 1000;
await Promise.all(Array.from({ length: Number(values.connections) }, () => askUntil(endAt, measured)));
agent.destroy();

const sorted = measured.latenciesMs.sort((left, right) => left - right);
const result = {
  host: values.name,
  url: values.url,
  seconds,
  connections: Number(values.connections),
  requests: sorted.length,
  errors: measured.errors,
  latencyMs: { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), p99: percentile(sorted, 0.99) },
};
mkdirSync("results", { recursive: true });
writeFileSync("results/load.json", `${JSON.stringify(result, undefined, 2)}\n`);
console.log(`${values.name}: ${result.requests} requests, ${result.errors} errors, p95 ${result.latencyMs.p95} ms`);
if (result.requests === 0) {
  console.error(`generate_load: not one request was answered: ${measured.lastError}`);
  process.exit(1);
}
