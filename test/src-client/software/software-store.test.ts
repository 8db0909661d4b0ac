// The store of installed software: each key once, whole or not at all, and kept for later runs when that is wanted.
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SoftwarePlan } from "#shared/protocol/commands.ts";
import { removeTree } from "../../../src-client/software/remove-tree.ts";
import { createInstallBench, softwarePlan, type InstallBench } from "./install-bench.ts";

let scratch: string;
let bench: InstallBench;
const never = new AbortController().signal;

beforeEach(async () => {
  bench = await createInstallBench();
  scratch = bench.scratch;
});
afterEach(async () => {
  await removeTree(scratch);
});

describe("the store", () => {
  const hello = (key?: string): SoftwarePlan =>
    softwarePlan("none", [bench.filePackage("hello", "hello")], key);

  it("installs a key once", async () => {
    const installer = bench.createInstaller();
    const pulls: string[] = [];
    const counted = bench.createInstaller({
      pullFile: async (sha256, ...rest) => {
        pulls.push(sha256);
        await bench.pullFile(sha256, ...rest);
      },
    });
    const results = await Promise.all([1, 2, 3].map(async () => counted.install(hello(), never)));
    expect(results.map(({ kind }) => kind)).toEqual(["installed", "installed", "installed"]);
    expect(pulls).toHaveLength(1);
    expect(await counted.install(hello(), never)).toMatchObject({ kind: "alreadyThere" });
    expect(await installer.install(hello(), never)).toMatchObject({ kind: "alreadyThere" });
    expect(pulls).toHaveLength(1);
  });

  it("goes on for those who stay when one leaves, and stops when all have left", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let started: () => void = () => undefined;
    const pulling = new Promise<void>((resolve) => (started = resolve));
    const installer = bench.createInstaller({
      pullFile: async (sha256, size, sink, signal) => {
        started();
        await Promise.race([
          gate,
          new Promise((_resolve, reject) => signal.addEventListener("abort", reject)),
        ]);
        await bench.pullFile(sha256, size, sink, signal);
      },
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const leaving = installer.install(hello(), first.signal);
    const staying = installer.install(hello(), second.signal);
    await pulling;
    first.abort();
    expect(await leaving).toMatchObject({ kind: "failed", reason: "stopped before it was done" });
    release();
    expect(await staying).toMatchObject({ kind: "installed" });

    const alone = new AbortController();
    const blocked = bench.createInstaller({
      pullFile: async (_sha256, _size, _sink, signal) => {
        alone.abort();
        await new Promise((_resolve, reject) => signal.addEventListener("abort", reject));
      },
    });
    expect(await blocked.install(hello("key-2"), alone.signal)).toMatchObject({ kind: "failed" });
    expect(await bench.storeNames()).toEqual(["key-1"]);
  });

  it("replaces what has no valid marker and sweeps what was left unfinished", async () => {
    await mkdir(join(scratch, "store/key-1/tree"), { recursive: true });
    await writeFile(join(scratch, "store/key-1/tree/half"), "ha");
    await mkdir(join(scratch, "store/.staging/key-9.1.1/tree/x"), { recursive: true });
    expect(await bench.createInstaller().install(hello(), never)).toMatchObject({ kind: "installed" });
    expect(await readdir(join(scratch, "store/key-1/tree"))).toEqual(["hello"]);
    expect(await bench.storeNames()).toEqual(["key-1"]);
  });

  it("refuses keys that are not names", async () => {
    for (const key of ["", "..", "../x", "a/b", ".staging", "a\0"]) {
      expect(await bench.createInstaller().install(hello(key), never)).toMatchObject({
        kind: "failed",
        step: "store",
      });
    }
    expect(await bench.storeNames()).toEqual([]);
  });

  it("moves to the kept store and is found there", async () => {
    const keptStoreDirectory = join(scratch, "kept");
    const installer = bench.createInstaller({ keptStoreDirectory });
    await installer.install(hello(), never);
    const kept = await installer.keepSoftware(["key-1", "key-1", "key-8"]);
    expect(kept).toEqual({ kept: ["key-1"], problems: [expect.stringContaining("key-8: ")] });
    expect(await bench.storeNames()).toEqual([]);
    bench.files.clear();
    const later = bench.createInstaller({ keptStoreDirectory, storeDirectory: join(scratch, "other") });
    const result = await later.install(hello(), never);
    expect(result).toMatchObject({
      kind: "alreadyThere",
      directory: join(keptStoreDirectory, "key-1", "tree"),
    });
    // Another client that had installed the same key keeps it too: nothing is lost and nothing is left.
    expect(await later.keepSoftware(["key-1"])).toEqual({ kept: ["key-1"], problems: [] });
  });

  it("reports a store that cannot be written", async () => {
    await writeFile(join(scratch, "file"), "");
    const result = await bench
      .createInstaller({ storeDirectory: join(scratch, "file", "store") })
      .install(hello(), never);
    expect(result).toMatchObject({ kind: "failed", step: "store" });
    expect(result).toHaveProperty("reason", expect.stringContaining("Not a directory"));
  });
});
