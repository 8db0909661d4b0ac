// Ends the client of one host, gently or by force, and removes what it leaves.
import type { Command } from "#shared/protocol/commands.ts";
import type { Deployment } from "../deploy/deployment.ts";
import type { HostRecord } from "./host-record.ts";

/** For a client to stop everything, clean up and say goodbye. */
const LEAVE_MS = 30_000;
/** After its goodbye (or its kill) until its process is gone. */
const EXIT_MS = 5000;

export interface RemovalParts {
  readonly command: (record: HostRecord, command: Command) => void;
  /** The overlay knows it no more. */
  readonly dismiss: (record: HostRecord) => void;
  readonly deployment: (record: HostRecord) => Deployment | undefined;
  readonly log: (text: string) => void;
}

/** Asks the client to leave; resolves with whether it said goodbye in time. */
export function sayGoodbye(record: HostRecord, keep: boolean, parts: RemovalParts): Promise<boolean> {
  const goodbye = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, LEAVE_MS);
    record.left = () => {
      clearTimeout(timer);
      resolve(true);
    };
    if (record.client !== undefined) void record.client.ended.then(() => record.left?.());
  });
  parts.command(record, { kind: "leave", keep });
  return goodbye.finally(() => {
    record.left = undefined;
  });
}

/** In words, for whoever hears what could not be cleaned up. */
export function noGoodbye(): string {
  return `the client did not say goodbye within ${String(LEAVE_MS / 1000)} s and was ended by force`;
}

/** `graceful`: it said goodbye and may end by itself; else it is ended by force, and its keeper ends its processes. */
export async function removeClient(
  record: HostRecord,
  options: { readonly keep: boolean; readonly graceful: boolean },
  parts: RemovalParts,
): Promise<readonly string[]> {
  const { entry } = record;
  const launched = await record.launching;
  record.launching = undefined;
  const client = record.client ?? (launched?.kind === "started" ? launched.client : undefined);
  if (client !== undefined) {
    const gone = options.graceful && (await Promise.race([client.ended.then(() => true), pause(EXIT_MS)]));
    if (!gone) {
      client.kill();
      await Promise.race([client.ended, pause(EXIT_MS)]);
    }
  }
  if (record.client === client) record.client = undefined;
  parts.dismiss(record);
  const problems = (await parts.deployment(record)?.cleanUp(entry, options.keep)) ?? [];
  for (const text of problems) parts.log(`${entry.id}: ${text}`);
  return problems;
}

function pause(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, false).unref();
  });
}
