// The ring keeps the newest bytes, says what it has lost, and survives a disk that refuses to write.
import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRingFile, type RingFile } from "../../../src-client/processes/ring-file.ts";

let directory: string;
let problems: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "nebula-ring-"));
  problems = [];
});
afterEach(() => rm(directory, { recursive: true }));

let made = 0;
const ringOf = (
  capacityBytes: number,
  path = join(directory, `ring-${(made += 1)}`),
): RingFile & { path: string } =>
  Object.assign(createRingFile({ onProblem: (reason) => problems.push(reason) }, { path, capacityBytes }), {
    path,
  });

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("the file comes with the first byte and goes when told", async () => {
  const ring = createRingFile(
    { onProblem: (reason) => problems.push(reason) },
    { path: join(directory, "ring"), capacityBytes: 8 },
  );
  expect(await ring.read(0, 10)).toEqual({ offset: 0, bytes: new Uint8Array() });
  expect(existsSync(join(directory, "ring"))).toBe(false);
  await ring.append(Buffer.from("hello"));
  expect(text((await ring.read(0, 10)).bytes)).toBe("hello");
  expect(text((await ring.read(2, 2)).bytes)).toBe("ll");
  await ring.append(Buffer.from(" world, hello"));
  expect([ring.oldest, ring.produced]).toEqual([10, 18]);
  expect(statSync(join(directory, "ring")).size).toBe(8);
  const late = await ring.read(3, 100);
  expect([late.offset, text(late.bytes)]).toEqual([10, "d, hello"]);
  await ring.close();
  expect(text((await ring.read(15, 3)).bytes)).toBe("llo");
  await ring.append(Buffer.from("dropped"));
  expect(ring.produced).toBe(18);
  await ring.remove();
  expect(existsSync(join(directory, "ring"))).toBe(false);
  expect((await ring.read(0, 10)).bytes).toHaveLength(0);
});

test("whatever is read is what was produced at that offset", async () => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 32 }),
      pieces,
      fc.nat(400),
      fc.nat(50),
      async (capacity, all, at, length) => {
        const ring = createRingFile(
          { onProblem: (reason) => problems.push(reason) },
          { path: join(directory, `ring-${(made += 1)}`), capacityBytes: capacity },
        );
        const produced = Buffer.concat(all);
        for (const piece of all) await ring.append(piece);
        const { offset, bytes } = await ring.read(at, length);
        expect(ring.produced).toBe(produced.length);
        expect(ring.oldest).toBe(Math.max(0, produced.length - capacity));
        expect(offset).toBe(Math.max(at, ring.oldest));
        expect(Buffer.from(bytes)).toEqual(produced.subarray(offset, offset + Math.max(0, length)));
        await ring.remove();
      },
    ),
    { numRuns: 100 },
  );
  expect(problems).toEqual([]);
});

test("bytes overwritten while they are read are left out", async () => {
  const ring = ringOf(1024);
  await ring.append(Buffer.alloc(1024, "a"));
  const [found] = await Promise.all([ring.read(0, 1024), ring.append(Buffer.alloc(512, "b"))]);
  expect(found.offset).toBe(512);
  expect(text(found.bytes)).toBe("a".repeat(512));
  await ring.close();
});

test("a disk that is full costs most bytes, not the process and not its first words; it is told once", async () => {
  const ring = ringOf(1024 * 1024, "/dev/full");
  await ring.append(Buffer.from("cannot write: "));
  await ring.append(Buffer.from("disk full\n"));
  await ring.append(Buffer.alloc(20_000, "x"));
  await ring.append(Buffer.from("lost"));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain("ENOSPC");
  expect(ring.produced).toBe(20_028);
  const found: string[] = [];
  for (let at = 0; at < ring.produced;) {
    const { offset, bytes } = await ring.read(at, 100_000);
    found.push(text(bytes));
    at = offset + bytes.length;
  }
  expect(found.join("")).toBe(`cannot write: disk full\n${"x".repeat(16 * 1024 - 24)}`);
  expect(await ring.read(16 * 1024, 10)).toEqual({ offset: 20_028, bytes: new Uint8Array() });
  // Not removed: the path is everybody's.
  await ring.close();
});

test("what was kept of a full disk is overwritten in its turn", async () => {
  const ring = ringOf(8, "/dev/full");
  await ring.append(Buffer.from("abcdef"));
  expect(text((await ring.read(2, 3)).bytes)).toBe("cde");
  await ring.append(Buffer.from("ghijkl"));
  expect([ring.oldest, text((await ring.read(0, 10)).bytes)]).toEqual([4, "ef"]);
  await ring.close();
});

test("a folder that is gone is a problem, too", async () => {
  const ring = ringOf(64, join(directory, "none", "ring"));
  await ring.append(Buffer.from("kept"));
  expect(problems[0]).toContain("ENOENT");
  expect(text((await ring.read(0, 4)).bytes)).toBe("kept");
});

test("the head stays, the middle is overwritten, the newest stay", async () => {
  const ring = createRingFile(
    { onProblem: (reason) => problems.push(reason) },
    { path: join(directory, "ring"), headBytes: 4, capacityBytes: 3 },
  );
  await ring.append(Buffer.from("abcdefgh"));
  await ring.append(Buffer.from("ijk"));
  expect(ring.oldest).toBe(0);
  expect(ring.produced).toBe(11);
  expect(Buffer.from((await ring.read(1, 100)).bytes).toString()).toBe("bcd");
  expect(await ring.read(4, 100)).toEqual({ offset: 8, bytes: new Uint8Array(Buffer.from("ijk")) });
  expect(await ring.read(9, 1)).toEqual({ offset: 9, bytes: new Uint8Array(Buffer.from("j")) });
  await ring.remove();
});

test("a short output needs no file, and one that grows loses nothing on its way there", async () => {
  const path = join(directory, "short");
  const ring = createRingFile(
    { onProblem: (reason) => problems.push(reason) },
    { path, headBytes: 4096, capacityBytes: 64 },
  );
  await ring.append(Buffer.from("abc"));
  await ring.append(Buffer.from("def"));
  expect([existsSync(path), text((await ring.read(1, 4)).bytes)]).toEqual([false, "bcde"]);
  const growing = ring.append(Buffer.alloc(3000, "x"));
  expect(text((await ring.read(0, 6)).bytes)).toBe("abcdef");
  await growing;
  expect(existsSync(path)).toBe(true);
  expect(text((await ring.read(0, 8)).bytes)).toBe("abcdefxx");
  expect([ring.oldest, ring.produced]).toEqual([0, 3006]);
  await ring.remove();
  expect(existsSync(path)).toBe(false);
  expect((await ring.read(0, 10)).bytes).toHaveLength(0);
});
