// Users that exist in the view of one sshd only, all with the same password, and what they may do by sudo.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const PASSWORD = "sword'fish $1";
/** Of it, by crypt(3) with SHA-512. */
const HASH =
  "$6$nebula$L2OPj2eb9ncnX.jit21aZLY6fxVeF30A2g3klLcsA09pQbhwn2OzkDqEV2njWajZLoebCgpwtWOJ0jiaj/m1L0";
const FIRST_ID = 64_000;

/** What to mount for a farm whose homes are `hosts` in the folder; the folder may be entered by these users then. */
export function accounts(folder: string, users: readonly string[], sudoers = ""): Record<string, string> {
  const id = (index: number): string => String(FIRST_ID + index);
  const lines = (line: (name: string, index: number) => string): string => `${users.map(line).join("\n")}\n`;
  const write = (name: string, text: string, mode: number): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode });
    return path;
  };
  const own = (path: string): string => readFileSync(path, "utf8");
  // Whoever logs in must reach homes, keys and start-up script.
  mkdirSync(join(folder, "hosts"));
  chmodSync(join(folder, "hosts"), 0o1777);
  chmodSync(folder, 0o755);
  return {
    "/etc/passwd": write(
      "passwd",
      own("/etc/passwd") + lines((name, at) => `${name}:x:${id(at)}:${id(at)}::/nonexistent:/bin/sh`),
      0o644,
    ),
    "/etc/group": write("group", own("/etc/group") + lines((name, at) => `${name}:x:${id(at)}:`), 0o644),
    "/etc/shadow": write(
      "shadow",
      own("/etc/shadow") + lines((name) => `${name}:${HASH}:19000:0:99999:7:::`),
      0o640,
    ),
    ...(sudoers === "" ? {} : { "/etc/sudoers": write("sudoers", sudoers, 0o440) }),
  };
}
