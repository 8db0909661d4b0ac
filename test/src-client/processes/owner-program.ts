// A program of its own for the keeper's test: starts a keeper and processes as a client does, says so, and waits to die.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createKeeper } from "../../../src-client/processes/keeper.ts";
import { createProcessWorld } from "./process-world.ts";

const keep = process.argv[2] === "keep";
const world = await createProcessWorld();
const directory = join(world.directory, "host");
await mkdir(directory);
const keeper = createKeeper(
  { onLost: (reason) => process.stdout.write(`${JSON.stringify({ lost: reason })}\n`) },
  { token: world.token, directory, keep, graceMs: 1000 },
);
const scripts = [
  "echo up; exec sleep 1000",
  "trap '' TERM; echo up; while :; do sleep 0.1; done",
  "(setsid sh -c 'trap \"\" TERM; echo up; while :; do sleep 0.1; done' &); exec sleep 1000",
  "env -i sleep 1000 & echo up; wait",
];
for (const [index, script] of scripts.entries()) world.start(`p${index}`, { args: ["-c", script] });
for (const index of scripts.keys()) await world.untilPrinted(`p${index}`, "up");
process.stdout.write(
  `${JSON.stringify({ token: world.token, keeper: keeper.pid, directory, world: world.directory })}\n`,
);
process.stdin.once("data", () => {
  void (async () => {
    await world.close();
    await keeper.done();
    process.exit(0);
  })();
});
