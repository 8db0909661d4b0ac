// Installing software from end to end: what is there afterwards, and that nothing is there after a failure.
import { createHash } from "node:crypto";
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PackagePlan, SoftwarePlan } from "#shared/protocol/commands.ts";
import type { SoftwareState } from "#shared/protocol/reports.ts";
import { removeTree } from "../../../src-client/software/remove-tree.ts";
import { folderTree, tarOf } from "./build-tar.ts";
import { zipOf } from "./build-zip.ts";
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

/** Ends only when its child has left the process group. */
const DAEMON = `setsid sh -c "echo > ready; exec sleep 1000" & echo $! > pid; while [ ! -e ready ]; do :; done`;
const FILES = { "d/a": "A", "d/b": "B".repeat(200_000) };

function lacks(program: string): boolean {
  return spawnSync(program, ["--version"]).error !== undefined;
}
const [noXz, noZstd, noBzip2, noSetsid] = [lacks("xz"), lacks("zstd"), lacks("bzip2"), lacks("setsid")];

function packedBy(program: string): Buffer {
  return execFileSync(program, ["-c"], { input: folderTree(FILES) });
}

async function expectUnpacked(archive: Uint8Array): Promise<void> {
  const result = await bench
    .createInstaller()
    .install(softwarePlan("tar", [bench.filePackage(archive, "opt/x")]), never);
  expect(result).toMatchObject({ kind: "installed" });
  const tree = join(scratch, "store/key-1/tree");
  expect(await readFile(join(tree, "opt/x/d/a"), "utf8")).toBe("A");
  expect((await stat(join(tree, "opt/x/d/b"))).size).toBe(200_000);
}

async function expectDamaged(archive: Uint8Array): Promise<void> {
  const cut = archive.subarray(0, archive.length - 10);
  const result = await bench
    .createInstaller()
    .install(softwarePlan("tar", [bench.filePackage(cut, "")]), never);
  expect(result).toMatchObject({ kind: "failed", step: "unpack" });
  expect(result).toHaveProperty("reason", expect.stringContaining("the archive is damaged"));
  expect(await bench.storeNames()).toEqual([]);
}

const script = (text: string): SoftwarePlan =>
  softwarePlan("script", [bench.filePackage(text, "install.sh")]);

describe("installers", () => {
  it("places a file with its mode", async () => {
    const states: SoftwareState[] = [];
    const result = await bench
      .createInstaller()
      .install(softwarePlan("none", [bench.filePackage("hello", "bin/hello", 0o755)]), never, (state) =>
        states.push(state),
      );
    expect(result).toMatchObject({ kind: "installed", directory: join(scratch, "store", "key-1", "tree") });
    const path = join(scratch, "store", "key-1", "tree", "bin", "hello");
    expect(await readFile(path, "utf8")).toBe("hello");
    expect((await stat(path)).mode & 0o777).toBe(0o755);
    expect(states).toEqual(["waiting", "fetching", "installing", "installed"]);
    expect(await readdir(join(scratch, "store", "key-1"))).toEqual(["installed.json", "tree"]);
  });

  it("never keeps set-user-id bits", async () => {
    const result = await bench
      .createInstaller()
      .install(softwarePlan("none", [bench.filePackage("x", "x", 0o6755)]), never);
    expect(result.kind).toBe("installed");
    expect((await stat(join(scratch, "store/key-1/tree/x"))).mode & 0o7777).toBe(0o755);
  });

  it.each(["", "../x", "/x", "a/../../x", "C:x"])("refuses to place a file at %j", async (destPath) => {
    const result = await bench
      .createInstaller()
      .install(softwarePlan("none", [bench.filePackage("x", destPath)]), never);
    expect(result).toMatchObject({ kind: "failed", step: "place" });
    expect(await bench.storeNames()).toEqual([]);
  });

  it.each([
    ["plain", folderTree(FILES)],
    ["gzip", gzipSync(folderTree(FILES))],
  ])("unpacks a %s tar below destPath", async (_name, archive) => {
    await expectUnpacked(archive);
  });

  it.skipIf(noXz)("unpacks what xz has packed", async () => {
    await expectUnpacked(packedBy("xz"));
  });

  it.skipIf(noZstd)("unpacks what zstd has packed", async () => {
    await expectUnpacked(packedBy("zstd"));
  });

  it.skipIf(noBzip2)("unpacks what bzip2 has packed", async () => {
    await expectUnpacked(packedBy("bzip2"));
  });

  it("says which program is missing", async () => {
    const magic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0, 0]);
    const installer = bench.createInstaller({}, { PATH: scratch });
    const result = await installer.install(softwarePlan("tar", [bench.filePackage(magic, "")]), never);
    expect(result).toMatchObject({ kind: "failed", step: "unpack" });
    expect(result).toHaveProperty("reason", expect.stringContaining('this host has no program "xz"'));
  });

  it("reports a cut gzip archive", async () => {
    await expectDamaged(gzipSync(folderTree(FILES)));
  });

  it.skipIf(noXz)("reports a cut xz archive", async () => {
    await expectDamaged(packedBy("xz"));
  });

  it("unpacks a zip", async () => {
    const archive = zipOf({ name: "a", content: "A" }, { name: "b", content: "#!/bin/sh\n" });
    const result = await bench
      .createInstaller()
      .install(softwarePlan("zip", [bench.filePackage(archive, "opt")]), never);
    expect(result).toMatchObject({ kind: "installed" });
    expect((await stat(join(scratch, "store/key-1/tree/opt/a"))).mode & 0o777).toBe(0o644);
    expect((await stat(join(scratch, "store/key-1/tree/opt/b"))).mode & 0o777).toBe(0o755);
  });

  it("refuses two packages that bring the same file", async () => {
    const [one, two] = [
      bench.filePackage(folderTree({ "d/x": "1" }), ""),
      bench.filePackage(folderTree({ x: "2" }), "d"),
    ];
    const result = await bench.createInstaller().install(softwarePlan("tar", [one, two]), never);
    expect(result).toEqual({ kind: "failed", step: "unpack", reason: 'entry "x": the package has it twice' });
    expect(await bench.storeNames()).toEqual([]);
  });

  it("refuses to unpack through a link of an earlier package", async () => {
    const one = bench.filePackage(
      tarOf({ name: "real/", type: "5" }, { name: "d", type: "2", linkName: "real" }),
      "",
    );
    const result = await bench
      .createInstaller()
      .install(softwarePlan("tar", [one, bench.filePackage(folderTree({ x: "2" }), "d")]), never);
    expect(result).toMatchObject({ kind: "failed", step: "unpack" });
  });

  it("runs a script in the tree", async () => {
    const result = await bench
      .createInstaller()
      .install(script('mkdir out; echo "$PLUSH_DESTINATION" > out/where; pwd > out/cwd'), never);
    expect(result).toMatchObject({ kind: "installed" });
    const where = await readFile(join(scratch, "store/key-1/tree/out/where"), "utf8");
    expect(await readFile(join(scratch, "store/key-1/tree/out/cwd"), "utf8")).toBe(where);
  });

  it("shows the end of what a failed script wrote", async () => {
    const result = await bench
      .createInstaller()
      .install(script("yes | head -c 20000; echo no compiler >&2; exit 7"), never);
    expect(result).toMatchObject({ kind: "failed", step: "run" });
    expect(result).toHaveProperty(
      "reason",
      expect.stringMatching(/^the package: exit status 7, it wrote: …[^]*no compiler$/),
    );
    expect(await bench.storeNames()).toEqual([]);
  });

  it("does not wait for what a script left running in its group", async () => {
    const result = await bench.createInstaller().install(script("sleep 1000 & echo $! > pid"), never);
    expect(result).toMatchObject({ kind: "installed" });
    const pid = Number(await readFile(join(scratch, "store/key-1/tree/pid"), "utf8"));
    // Killed; whoever inherits it takes notice of its end a moment later.
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it("kills a script with its children when it is stopped", async () => {
    const signs = join(scratch, "signs");
    await mkdir(signs);
    const stop = new AbortController();
    const watcher = watch(signs, () => {
      stop.abort();
    });
    const order = script(`sleep 1000 & echo $! > ../pid; mv ../pid ${signs}/pid; wait`);
    const result = await bench.createInstaller().install(order, stop.signal);
    watcher.close();
    expect(result).toEqual({ kind: "failed", step: "store", reason: "stopped before it was done" });
    const pid = Number(await readFile(join(signs, "pid"), "utf8"));
    await expect.poll(() => isRunning(pid)).toBe(false);
    expect(await bench.storeNames()).toEqual([]);
  });

  it("kills a script at the deadline", async () => {
    const order = { ...script("sleep 1000"), deadlineMs: 300 };
    const result = await bench.createInstaller().install(order, never);
    expect(result).toMatchObject({ kind: "failed", reason: "not done within 0.3 s, its deadline" });
    expect(await bench.storeNames()).toEqual([]);
  });

  it.skipIf(noSetsid)("does not wait for what a script has sent into the background for good", async () => {
    const result = await bench.createInstaller().install(script(DAEMON), never);
    expect(result).toMatchObject({ kind: "installed" });
    const pid = Number(await readFile(join(scratch, "store/key-1/tree/pid"), "utf8"));
    process.kill(pid, "SIGKILL");
  });

  it("removes what a script has made unwritable", async () => {
    const result = await bench
      .createInstaller()
      .install(script("mkdir -p a/b; touch a/b/c; chmod 0 a/b; chmod 555 a; exit 1"), never);
    expect(result.kind).toBe("failed");
    expect(await bench.storeNames()).toEqual([]);
  });
});

/** A killed process may stay a zombie until whoever inherited it looks. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(execFileSync("cat", [`/proc/${String(pid)}/status`]).toString());
  } catch {
    return false;
  }
}

describe("files from the controller", () => {
  it("verifies the digest", async () => {
    const wanted = bench.filePackage("good", "x");
    if (wanted.source.kind === "file") bench.files.set(wanted.source.sha256, Buffer.from("evil"));
    const result = await bench.createInstaller().install(softwarePlan("none", [wanted]), never);
    expect(result).toMatchObject({ kind: "failed", step: "verify" });
    expect(result).toHaveProperty(
      "reason",
      expect.stringMatching(/^the package: sha256 is [0-9a-f]{64} and should be /),
    );
    expect(await bench.storeNames()).toEqual([]);
  });

  it("passes on why it cannot be had", async () => {
    const wanted = bench.filePackage("good", "x");
    bench.files.clear();
    const result = await bench.createInstaller().install(softwarePlan("none", [wanted]), never);
    expect(result).toEqual({
      kind: "failed",
      step: "fetch",
      reason: "the package: the controller does not have it",
    });
  });
});

describe("files from the web", () => {
  let server: Server;
  let address: string;
  const CONTENT = "#!/bin/sh\necho hello\n";

  beforeEach(async () => {
    server = createServer((request, response) => {
      if (request.url === "/silence") return;
      if (request.url === "/plain") response.end("text");
      else if (request.url === "/script") response.end(CONTENT);
      else response.writeHead(404).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const webPackage = (path: string, sha256?: string): PackagePlan => {
    return {
      name: "the package",
      destPath: `bin${path}`,
      source: { kind: "web", url: address + path, sha256 },
    };
  };

  it("make programs executable, and other files not", async () => {
    const sha256 = createHash("sha256").update(CONTENT).digest("hex");
    const packages = [webPackage("/script", sha256.toUpperCase()), webPackage("/plain")];
    expect(await bench.createInstaller().install(softwarePlan("none", packages), never)).toMatchObject({
      kind: "installed",
    });
    const tree = join(scratch, "store/key-1/tree");
    expect((await stat(join(tree, "bin/script"))).mode & 0o777).toBe(0o755);
    expect((await stat(join(tree, "bin/plain"))).mode & 0o777).toBe(0o644);
  });

  it("are verified", async () => {
    const result = await bench
      .createInstaller()
      .install(softwarePlan("none", [webPackage("/plain", "0".repeat(64))]), never);
    expect(result).toMatchObject({ kind: "failed", step: "verify" });
  });

  it("fail with the address and the status", async () => {
    const result = await bench
      .createInstaller()
      .install(softwarePlan("none", [webPackage("/missing")]), never);
    expect(result).toEqual({ kind: "failed", step: "fetch", reason: `${address}/missing: 404 Not Found` });
  });

  it("fail at the deadline of the software", async () => {
    const order = { ...softwarePlan("none", [webPackage("/silence")]), deadlineMs: 200 };
    const result = await bench.createInstaller().install(order, never);
    const reason = `not done within 0.2 s, its deadline; last: ${address}/silence: 0 bytes so far`;
    expect(result).toEqual({ kind: "failed", step: "fetch", reason });
    expect(await bench.storeNames()).toEqual([]);
  });
});
