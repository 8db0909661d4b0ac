// A host's files by the real SFTP server of OpenSSH, without a network between.
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FileAnswer, FileSink } from "../../src-shared/controller-api/host-files.ts";
import { SftpFiles } from "../../src-main/ssh/sftp-files.ts";
import { SftpSession } from "../../src-main/ssh/sftp-session.ts";
import { SFTP_SERVER } from "./ssh-farm.ts";

let folder = "";
let server: ChildProcess;
let files: SftpFiles;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "nebula-sftp-"));
  const child = spawn(SFTP_SERVER, { cwd: folder, stdio: ["pipe", "pipe", "ignore"] });
  server = child;
  const session = valueOf(
    await SftpSession.start(Duplex.from({ readable: child.stdout, writable: child.stdin })),
  );
  files = valueOf(await SftpFiles.open(session));
});
afterEach(() => {
  files.close();
  server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function valueOf<Value>(answer: FileAnswer<Value> | { readonly kind: "exists" }): Value {
  if (answer.kind !== "ok") throw new Error(answer.kind === "failed" ? answer.reason : "exists");
  return answer.value;
}

const at = (name: string): string => join(folder, name);
async function sinkFor(name: string, replace = false): Promise<FileSink> {
  return valueOf(await files.write(at(name), replace));
}

test("what is put is what is got, whatever its size", async () => {
  for (const size of [0, 1, 32_768, 1_000_003]) {
    const bytes = randomBytes(size);
    const sink = await sinkFor(`f${String(size)}`);
    for (let from = 0; from < size; from += 99_999)
      valueOf(await sink.add(bytes.subarray(from, from + 99_999)));
    valueOf(await sink.finish());
    expect(readFileSync(at(`f${String(size)}`)).equals(bytes)).toBe(true);
    const source = valueOf(await files.read(at(`f${String(size)}`)));
    const pieces: Uint8Array[] = [];
    for (;;) {
      const piece = valueOf(await source.next());
      if (piece === undefined) break;
      pieces.push(piece);
    }
    await source.close();
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  }
  expect(readdirSync(folder)).toHaveLength(4);
});

test("a file of the kernel, which says that it is empty, is got to its end", async () => {
  const source = valueOf(await files.read("/proc/self/status"));
  expect(source.size).toBe(undefined);
  expect(String(Buffer.from(valueOf(await source.next())!))).toContain("sftp-server");
  await source.close();
  expect(await files.read("/dev/zero")).toEqual({ kind: "failed", reason: "this is no file" });
});

test("a file is there when it is whole, keeps its mode when it is replaced, and is never replaced without a word", async () => {
  writeFileSync(at("a"), "old");
  chmodSync(at("a"), 0o751);
  expect(await files.write(at("a"), false)).toEqual({ kind: "exists" });
  const given = await sinkFor("a", true);
  valueOf(await given.add(Buffer.from("half")));
  await given.abandon();
  expect(readdirSync(folder)).toEqual(["a"]);
  expect(readFileSync(at("a"), "utf8")).toBe("old");
  const sink = await sinkFor("a", true);
  valueOf(await sink.add(Buffer.from("new")));
  valueOf(await sink.finish());
  expect(readFileSync(at("a"), "utf8")).toBe("new");
  expect(statSync(at("a")).mode & 0o777).toBe(0o751);
  const late = await sinkFor("b");
  writeFileSync(at("b"), "theirs");
  expect(await late.finish()).toMatchObject({ kind: "failed" });
  expect(readFileSync(at("b"), "utf8")).toBe("theirs");
  expect(readdirSync(folder).toSorted()).toEqual(["a", "b"]);
});

test("directories, names and refusals are the host's", async () => {
  valueOf(await files.makeDirectory(at("full")));
  writeFileSync(at("full/x\n\u001b"), "");
  mkdirSync(at("empty"));
  expect(await files.makeDirectory(at("full"))).toEqual({ kind: "failed", reason: "Failure" });
  expect(await files.remove(at("full"), "directory")).toEqual({
    kind: "failed",
    reason: "Failure (only empty directories are deleted)",
  });
  valueOf(await files.remove(at("empty"), "directory"));
  const list = valueOf(await files.list(at("full/../full")));
  expect(list).toMatchObject({
    path: at("full"),
    entries: [{ name: "x\n\u001b", kind: "file" }],
    isCut: false,
  });
  expect(await files.rename(at("full/x\n\u001b"), at("full"))).toMatchObject({ kind: "failed" });
  valueOf(await files.rename(at("full/x\n\u001b"), at("y")));
  valueOf(await files.remove(at("y"), "file"));
  expect(await files.list(at("nowhere"))).toEqual({ kind: "failed", reason: "No such file" });
});

test("a server that dies in the middle ends all that waits, with a word", async () => {
  const sink = await sinkFor("a");
  valueOf(await sink.add(Buffer.from("half")));
  server.kill("SIGKILL");
  expect(await files.closed).toBe("the host has closed it");
  expect(await sink.finish()).toMatchObject({ kind: "failed" });
  expect(await files.list(folder)).toEqual({ kind: "failed", reason: "the host has closed it" });
});
