// The simulated part: seeds that are missing, small overlays first, over all processors, until all or the time is over.
import { fork, type ChildProcess } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";
import type { RawStore } from "./raw-data.ts";
import type { SimulatedTask } from "./simulate-part.ts";
import type { DisasterSample, Sample } from "./simulated-sample.ts";

const PROCESSES = Math.max(1, Math.min(8, cpus().length));
/** What a break loses at most. */
const SAVE_MS = 20_000;

/** Resolves with how many have been left out for want of time. */
export async function simulate(
  store: RawStore,
  tasks: readonly SimulatedTask[],
  until: number,
): Promise<number> {
  const waiting = tasks.filter((task) => !store.has(task.kind, task));
  const all = waiting.length;
  let savedAt = performance.now();
  const take = (task: SimulatedTask, measured: unknown): void => {
    if (task.kind === "sample") store.add([measured as Sample]);
    else store.addDisaster(measured as DisasterSample);
    if (process.stderr.isTTY)
      process.stderr.write(`\r${String(all - waiting.length)} of ${String(all)} seeds `);
    if (performance.now() - savedAt < SAVE_MS) return;
    savedAt = performance.now();
    store.save();
  };
  const work = async (): Promise<void> => {
    const part = fork(join(import.meta.dirname, "simulate-part.ts"), { execArgv: ["--import", "tsx"] });
    try {
      for (
        let task = waiting.shift();
        task !== undefined && performance.now() < until;
        task = waiting.shift()
      ) {
        const measured = await answerOf(part, task);
        take(task, measured);
      }
    } finally {
      part.disconnect();
    }
  };
  await Promise.all(Array.from({ length: PROCESSES }, work));
  store.save();
  return waiting.length;
}

function answerOf(part: ChildProcess, task: SimulatedTask): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (measured: unknown): void => {
      part.off("exit", onExit);
      resolve(measured);
    };
    const onExit = (status: number | null): void =>
      reject(new Error(`a part of the simulation ended with ${String(status)} at ${JSON.stringify(task)}`));
    part.once("message", onMessage);
    part.once("exit", onExit);
    part.send(task);
  });
}
