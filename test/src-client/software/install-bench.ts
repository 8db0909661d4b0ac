// A store in a scratch folder, a controller that gives files, and an installer between them: for tests.
import { createHash } from "node:crypto";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InstallerKind } from "#shared/application/application.ts";
import { createRandom } from "#shared/base/random.ts";
import type { PackagePlan, SoftwarePlan } from "#shared/protocol/commands.ts";
import {
  createSoftwareInstaller,
  softwareSettings,
  type SoftwareInstaller,
  type SoftwareInstallerParts,
} from "../../../src-client/software/install-software.ts";

export interface InstallBench {
  readonly scratch: string;
  /** What the controller has, by digest. */
  readonly files: Map<string, Uint8Array>;
  readonly pullFile: SoftwareInstallerParts["pullFile"];
  createInstaller(
    this: void,
    parts?: Partial<SoftwareInstallerParts>,
    environment?: NodeJS.ProcessEnv,
  ): SoftwareInstaller;
  /** Adds the file to what the controller has. */
  filePackage(this: void, content: Uint8Array | string, destPath: string, mode?: number): PackagePlan;
  /** All that is in the store, finished or not. */
  storeNames(this: void): Promise<readonly string[]>;
}

/** In small pieces, as from a slow link. */
const PIECE_BYTES = 1000;

export async function createInstallBench(): Promise<InstallBench> {
  const scratch = await mkdtemp(join(tmpdir(), "nebula-install-"));
  const files = new Map<string, Uint8Array>();
  const storeDirectory = join(scratch, "store");

  const pullFile: SoftwareInstallerParts["pullFile"] = async (sha256, _size, sink) => {
    const bytes = files.get(sha256);
    if (bytes === undefined) throw new Error("the controller does not have it");
    for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
      await sink(bytes.subarray(offset, offset + PIECE_BYTES));
    }
  };

  return {
    ...{ scratch, files, pullFile },
    createInstaller(parts = {}, environment = process.env) {
      const own = { storeDirectory, pullFile, random: createRandom(1), now: Date.now };
      return createSoftwareInstaller({ ...own, ...parts }, softwareSettings(environment, process.platform));
    },
    filePackage(content, destPath, mode = 0o644) {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      files.set(sha256, bytes);
      return { name: "the package", destPath, source: { kind: "file", sha256, size: bytes.length, mode } };
    },
    async storeNames() {
      const names = await namesIn(storeDirectory);
      return [
        ...names.filter((name) => name !== ".staging"),
        ...(await namesIn(join(storeDirectory, ".staging"))),
      ];
    },
  };
}

export function softwarePlan(
  installer: InstallerKind,
  packages: readonly PackagePlan[],
  key = "key-1",
): SoftwarePlan {
  return { name: "the software", installer, packages, deadlineMs: 60_000, key };
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch {
    // Not made yet: nothing is in it.
    return [];
  }
}
