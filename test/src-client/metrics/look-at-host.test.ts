// What is read of the host: on Linux from /proc, elsewhere from Node; what is not there is undefined.
import { cpus, totalmem } from "node:os";
import { describe, expect, test } from "vitest";
import { cpuTimeOf, createLookAtHost, DiskRoom } from "../../../src-client/metrics/look-at-host.ts";

describe("processor time", () => {
  test.each([
    ["as Linux writes it", "cpu  10 2 30 400 50 6 7 8 9 1\ncpu0 1 2 3 4\n", { all: 513, busy: 63 }],
    ["of an old kernel", "cpu  10 2 30 400\n", { all: 442, busy: 42 }],
    ["that is hidden", "", undefined],
    ["that is something else", "intr 1 2 3\n", undefined],
    ["cut off", "cpu  10", undefined],
  ])("%s", (_name, stat, expected) => {
    expect(cpuTimeOf(stat)).toEqual(expected);
  });

  test("grows, and all of it grows more", () => {
    const look = createLookAtHost(process.platform);
    const before = look().cpuTime!;
    const until = performance.now() + 60;
    while (performance.now() < until);
    const after = look().cpuTime!;
    expect(after.all).toBeGreaterThan(before.all);
    expect(after.busy - before.busy).toBeLessThanOrEqual(after.all - before.all);
  });
});

test("this host says what Node says of it", () => {
  const look = createLookAtHost(process.platform)();
  expect(look.cores).toBe(cpus().length);
  expect(look.load).toBeGreaterThanOrEqual(0);
  expect(look.memoryFreeBytes).toBeGreaterThan(0);
  expect(look.memoryFreeBytes).toBeLessThanOrEqual(look.memoryBytes!);
  expect(Math.abs(look.memoryBytes! - totalmem())).toBeLessThan(0.01 * totalmem());
});

test("elsewhere Node is asked, and Windows has no load", () => {
  const mac = createLookAtHost("darwin")();
  expect(mac).toMatchObject({ cores: cpus().length, memoryBytes: totalmem() });
  expect(mac.load).toBeGreaterThanOrEqual(0);
  expect(mac.cpuTime!.all).toBeGreaterThan(mac.cpuTime!.busy);
  expect(createLookAtHost("win32")().load).toBeUndefined();
});

test("the room of a file system is known once it was asked, and unknown where the folder is gone", async () => {
  const disk = new DiskRoom(import.meta.dirname);
  expect(disk.known).toEqual({ diskBytes: undefined, diskFreeBytes: undefined });
  await disk.ask();
  expect(disk.known.diskBytes).toBeGreaterThan(0);
  expect(disk.known.diskFreeBytes).toBeLessThanOrEqual(disk.known.diskBytes!);
  const gone = new DiskRoom("/nowhere/at/all");
  await gone.ask();
  expect(gone.known.diskBytes).toBeUndefined();
});
