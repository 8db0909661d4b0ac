// What processes get of the client's own surroundings: environment and user.
import { userInfo } from "node:os";
import { delimiter } from "node:path";

/** The client's own, but for what belongs to Node; programs of the software are found by their bare names, last. */
export function loginEnvironment(workDirectory: string): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith("NODE_"),
  );
  const environment = Object.fromEntries(entries);
  return { ...environment, PATH: [environment["PATH"] ?? "/usr/bin:/bin", workDirectory].join(delimiter) };
}

export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? ""); // a user that is in no list
  }
}
