// Ends what runs on a terminal: all processes of its session, as those that the shell has put in the background are.
import { readdir, readFile } from "node:fs/promises";

export type HangUpSession = (leader: number) => Promise<void>;

/** By session, without its leader. */
type Sessions = ReadonlyMap<number, readonly number[]>;

/**
 * The kernel hangs up the program in front and no other; a stopped one hears of it only when it goes on. Who asked to be
 * left alone (nohup, setsid) is left alone.
 */
export function createHangUpSession(): HangUpSession {
  // The look at all processes that is under way: many terminals are closed together.
  let looking: Promise<Sessions> | undefined;
  return async (leader) => {
    send(leader, "SIGHUP");
    looking ??= sessions().finally(() => {
      looking = undefined;
    });
    for (const pid of (await looking).get(leader) ?? []) {
      send(pid, "SIGHUP");
      send(pid, "SIGCONT");
    }
  };
}

export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    return; // gone already
  }
}

/** None where there is no /proc. */
async function sessions(): Promise<Sessions> {
  const found = new Map<number, number[]>();
  const names = await readdir("/proc").catch(() => []);
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "latin1").catch(() => "");
    // proc(5): pid (name) state ppid pgrp session; the name may hold anything.
    const session = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
    if (session === Number(name)) continue;
    found.set(session, [...(found.get(session) ?? []), Number(name)]);
  }
  return found;
}
