// Which processes a scan looks at: all of a run, in whatever order their starts were told, and none from before it.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createClientToken, markOf, PROCESS_VARIABLE } from "../../../src-client/processes/process-marker.ts";
import { createProcessTable } from "../../../src-client/processes/process-table.ts";

const ON_LINUX = process.platform === "linux";

const token = createClientToken();
const run = markOf(token, 1);
const children: ChildProcess[] = [];

async function startMarked(mark: string): Promise<number> {
  const child = spawn("sleep", ["60"], {
    env: { PATH: process.env["PATH"], [PROCESS_VARIABLE]: mark },
    stdio: "ignore",
  });
  children.push(child);
  await once(child, "spawn");
  return child.pid ?? 0;
}

let older = 0;
let younger = 0;
beforeEach(async () => {
  older = await startMarked(markOf(token, 1, 1));
  younger = await startMarked(markOf(token, 1, 2));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

const pidsIn = async (table: ReturnType<typeof createProcessTable>): Promise<number[]> =>
  (await table.marked([run])).map(({ pid }) => pid).sort((a, b) => a - b);
const both = (): number[] => [older, younger].sort((a, b) => a - b);

test("two whose starts are told of in the wrong order are both found", async () => {
  const table = createProcessTable();
  table.nothingBefore(run, younger);
  table.nothingBefore(run, older);
  expect(await pidsIn(table)).toEqual(both());
});

test("what is older than the run is not looked at", async () => {
  const table = createProcessTable();
  table.nothingBefore(run, Math.max(older, younger));
  // Elsewhere one look by ps shows all at once.
  const looked = process.platform === "linux" ? [Math.max(older, younger)] : both();
  expect(await pidsIn(table)).toEqual(looked);
  table.forget(run);
  expect(await pidsIn(table)).toEqual(both());
});

test.runIf(ON_LINUX)("a process with threads is found once, near the run's start and far", async () => {
  const table = createProcessTable();
  const threads = spawn(process.execPath, ["-e", "setTimeout(() => undefined, 60_000); console.log(1)"], {
    env: { PATH: process.env["PATH"], [PROCESS_VARIABLE]: markOf(token, 1, 3) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(threads);
  await once(threads.stdout, "data");
  const pid = threads.pid ?? 0;
  table.nothingBefore(run, pid);
  expect(await pidsIn(table)).toEqual([pid]);
  for (let forks = 0; forks < 70; forks += 1) await once(spawn("true"), "exit");
  expect(await pidsIn(table)).toEqual([pid]);
});
