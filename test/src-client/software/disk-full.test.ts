// Disks that are full, or may not be written: the reason in the system's words, and nothing left behind.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { InstallerKind } from "#shared/application/application.ts";
import { createRandom } from "#shared/base/random.ts";
import {
  createSoftwareInstaller,
  softwareSettings,
  type InstallResult,
} from "../../../src-client/software/install-software.ts";
import { linkSoftware } from "../../../src-client/software/link-software.ts";
import { removeTree } from "../../../src-client/software/remove-tree.ts";
import { tarOf } from "./build-tar.ts";
import { zipOf } from "./build-zip.ts";

const DISK_BYTES = 1024 * 1024;
const never = new AbortController().signal;

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: "pipe" }).trim();
}

/** Only root may mount, and not in every container. */
function cannotMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), "nebula-mount-"));
  try {
    run("mount", "-t", "tmpfs", "tmpfs", place);
    run("umount", place);
    return false;
  } catch {
    // Whatever keeps it from mounting: the tests cannot run here.
    return true;
  } finally {
    rmdirSync(place);
  }
}
const noDiskToFill = process.platform !== "linux" || cannotMount();

async function install(
  store: string,
  installer: InstallerKind,
  content: Uint8Array,
  destPath: string,
): Promise<InstallResult> {
  const sha256 = createHash("sha256").update(content).digest("hex");
  const parts = {
    storeDirectory: store,
    pullFile: async (_sha256: string, _size: number, sink: (bytes: Uint8Array) => Promise<void>) =>
      sink(content),
    random: createRandom(1),
    now: Date.now,
  };
  const source = { kind: "file", sha256, size: content.length, mode: 0o644 } as const;
  const plan = {
    name: "s",
    installer,
    packages: [{ name: "p", destPath, source }],
    deadlineMs: 60_000,
    key: "key-1",
  };
  return await createSoftwareInstaller(parts, softwareSettings(process.env, process.platform)).install(
    plan,
    never,
  );
}

describe.skipIf(noDiskToFill)("a disk that is full", () => {
  let disk: string;
  let store: string;

  beforeAll(async () => {
    disk = await mkdtemp(join(tmpdir(), "nebula-disk-"));
    run("mount", "-t", "tmpfs", "-o", `size=${String(DISK_BYTES)}`, "tmpfs", disk);
  });
  afterAll(async () => {
    run("umount", disk);
    await removeTree(disk);
  });
  beforeEach(() => {
    store = join(disk, "store");
  });

  const zeros = Buffer.alloc(2 * DISK_BYTES);

  it.each([
    ["fetching", "fetch", "none", randomBytes(2 * DISK_BYTES)],
    ["placing", "place", "none", randomBytes(Math.round(0.6 * DISK_BYTES))],
    ["unpacking tar", "unpack", "tar", gzipSync(tarOf({ name: "big", content: zeros }))],
    ["unpacking zip", "unpack", "zip", zipOf({ name: "big", content: zeros, deflate: true })],
  ] as const)("fails when %s", async (_name, step, installer, content) => {
    const result = await install(store, installer, content, installer === "none" ? "file" : "");
    expect(result).toMatchObject({ kind: "failed", step });
    expect(result).toHaveProperty("reason", expect.stringContaining("No space left on device (ENOSPC)"));
    expect(result).toHaveProperty("reason", expect.stringContaining(store));
    expect(await readdir(store)).toEqual([".staging"]);
    expect(await readdir(join(store, ".staging"))).toEqual([]);
  });

  it("shows what a script said of it", async () => {
    const script = Buffer.from("head -c 2000000 /dev/zero > big || exit 3");
    const result = await install(store, "script", script, "x");
    expect(result).toMatchObject({ kind: "failed", step: "run" });
    expect(result).toHaveProperty(
      "reason",
      expect.stringMatching(/^p: exit status 3, it wrote: .*No space left on device$/),
    );
    expect(await readdir(join(store, ".staging"))).toEqual([]);
  });

  it("fails when it may only be read", async () => {
    await mkdir(store, { recursive: true });
    run("mount", "-o", "remount,ro", disk);
    try {
      const result = await install(store, "none", Buffer.from("x"), "file");
      expect(result).toMatchObject({ kind: "failed", step: "store" });
      expect(result).toHaveProperty("reason", expect.stringContaining("Read-only file system (EROFS)"));
      const linked = await linkSoftware([], join(disk, "work"));
      expect(linked).toEqual({
        kind: "failed",
        step: "link",
        reason: `${join(disk, "work")}: Read-only file system (EROFS)`,
      });
    } finally {
      run("mount", "-o", "remount,rw", disk);
    }
  });
});

it("says that a path is too long for the system", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "nebula-long-"));
  try {
    const destPath = Array.from({ length: 20 }, () => "d".repeat(200)).join("/");
    const result = await install(join(scratch, "x".repeat(200)), "none", Buffer.from("x"), destPath);
    expect(result).toMatchObject({ kind: "failed", step: "place" });
    expect(result).toHaveProperty("reason", expect.stringContaining("File name too long (ENAMETOOLONG)"));
    expect(await readdir(join(scratch, "x".repeat(200), ".staging"))).toEqual([]);
  } finally {
    await removeTree(scratch);
  }
});
