// A home of its own for one window: all that it keeps lies below a temporary folder, and goes with it.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

export class WindowHome {
  readonly root = mkdtempSync(join(tmpdir(), "nebula-window-"));
  readonly state = join(this.root, "state", "nebula");
  readonly work = join(this.root, "work");

  constructor() {
    for (const name of ["state", "config", "cache", "data", "runtime", "work"])
      mkdirSync(join(this.root, name), { mode: 0o700 });
  }

  get environment(): Record<string, string> {
    const own = {
      HOME: this.root,
      ...Object.fromEntries(
        ["state", "config", "cache", "data"].map((name) => [
          `XDG_${name.toUpperCase()}_HOME`,
          join(this.root, name),
        ]),
      ),
      XDG_RUNTIME_DIR: join(this.root, "runtime"),
      NEBULA_NODE: process.execPath,
      // There is no session to talk to, and trying costs seconds.
      DBUS_SESSION_BUS_ADDRESS: "disabled:",
      DBUS_SYSTEM_BUS_ADDRESS: "disabled:",
    };
    const inherited = Object.entries(process.env).filter(
      ([name, value]) => ["PATH", "LANG", "TZ", "TMPDIR", "USER"].includes(name) && value !== undefined,
    ) as [string, string][];
    return { ...Object.fromEntries(inherited), ...own };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}
