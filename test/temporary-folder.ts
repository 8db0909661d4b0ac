// A folder for one test, removed when it has ended.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** To be called inside of a test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nebula-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
