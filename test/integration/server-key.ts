// A host key for a server of our own. Of those that ssh2 makes itself one in 200 is malformed, by its own parser.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../temporary-folder.ts";

/** Private, in OpenSSH's format. */
export function newServerKey(): string {
  const path = join(temporaryFolder(), "host");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
  return readFileSync(path, "utf8");
}
