// Marks every process the client starts, by two environment variables that its descendants inherit.
import { randomBytes } from "node:crypto";

/** The run, for people and programs. */
export const RUN_VARIABLE = "PLUSH_RUN";
/** The mark: `<client token>.<run number>.<process number>.`; a beginning that ends with a dot stands for many. */
export const PROCESS_VARIABLE = "PLUSH_PROCESS";

/** 96 random bits: no other client on this computer ever has the same, so only our own processes are ever ended. */
const TOKEN_BYTES = 12;

/** One per life of a client; its keeper is given the same one. */
export function createClientToken(): string {
  return randomBytes(TOKEN_BYTES).toString("hex");
}

/** Without the process number for a whole run, without both for all that a client has started. */
export function markOf(token: string, runNumber?: number, processNumber?: number): string {
  const numbers = [runNumber, processNumber].filter((number) => number !== undefined);
  return `${[token, ...numbers].join(".")}.`;
}

export function isMarked(mark: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => mark.startsWith(beginning));
}
