// Software on its way to hosts: all ways to get it and to install it, what is already there, and what goes wrong.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { ControllerApi } from "../../src-shared/controller-api/controller-api.ts";
import type { RunEvent } from "../../src-shared/controller-api/run-events.ts";
import { applicationXml, fileSoftwareXml, shellXml } from "./application-text.ts";
import { readTree } from "./read-results.ts";
import { expectEnd, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";

const STANDING_HOSTS = 4;

const BROKEN_PACKAGES = [
  { what: "with a wrong hash", path: "/wrong", reason: /^verify: .*sha256/ },
  { what: "that is not there", path: "/absent", reason: /^fetch: .*404/ },
  { what: "that never comes", path: "/hang", reason: /^fetch: .*not done within 1 s/ },
] as const;

export function installRuns(world: RunWorld): void {
  runTest(world, "software of every kind, from the web and from here", async (place) => {
    const tar = packTar(place);
    const server = await place.serve({ "/a.tar.gz": tar });
    const tool = place.write("tool", "#!/bin/sh\necho tool $1\n");
    chmodSync(tool, 0o755);
    const zip = join(place.folder, "z.zip");
    execFileSync(process.execPath, ["-e", ZIP_PROGRAM, zip]);
    const script = place.write("setup.sh", "echo from the script > made.txt\n");
    const sha256 = createHash("sha256").update(tar).digest("hex");
    const definitions =
      `<software name="web" type="tar"><package name="web" type="web" sha256="${sha256}"><path>${server.url}/a.tar.gz</path><dest_path>sub</dest_path></package></software>` +
      fileSoftwareXml("zip", "zip", { "": zip }) +
      fileSoftwareXml("none", "none", { tool }) +
      fileSoftwareXml("script", "script", { "": script });
    place.directory("h[1-2]");
    const blocks = shellXml("cat sub/t/in-tar.txt in-zip.txt made.txt; ./tool one; tool two");
    const software = ["web", "zip", "none", "script"];
    const end = await place.run(
      applicationXml({
        managerType: place.managerType,
        definitions,
        components: [{ hosts: "2", software, blocks }],
      }),
    );
    expectEnd(end, 0);
    const text = "in tar\nin zip\nfrom the script\ntool one\ntool two\n";
    expect(readTree(join(end.results, "output"))).toEqual({
      "h1/c1 block.p.stdout": text,
      "h2/c1 block.p.stdout": text,
    });
  });

  for (const { what, path, reason } of BROKEN_PACKAGES) {
    runTest(world, `a package ${what}`, async (place) => {
      const server = await place.serve({ "/wrong": "not what was promised", "/hang": "hang" });
      place.directory("h1");
      // Only what hangs is to run into the deadline, however busy the computer is.
      const deadline = path === "/hang" ? "1s" : "30s";
      const definitions = `<software name="s" type="none" deadline="${deadline}"><package name="p" type="web" sha256="${"0".repeat(64)}"><path>${server.url}${path}</path><dest_path>f</dest_path></package></software>`;
      const components = [{ hosts: "1", software: ["s"], blocks: shellXml("true") }];
      const end = await place.run(
        applicationXml({ managerType: place.managerType, definitions, components }),
      );
      expectEnd(end, 3);
      const failures = end.events.flatMap((event) =>
        event.event === "software" && event.state === "failed"
          ? [`${event.step ?? ""}: ${event.reason ?? ""}`]
          : [],
      );
      expect(failures).toEqual([expect.stringMatching(reason)]);
    });
  }

  runTest(world, "--keep leaves software, and the next plush finds it there", async (place) => {
    place.directory("h1");
    const file = place.write("data", "kept data\n");
    const application = applicationXml({
      managerType: place.managerType,
      definitions: fileSoftwareXml("data", "none", { data: file }),
      components: [{ hosts: "1", software: ["data"], blocks: shellXml("cat data") }],
    });
    const first = await place.run(application, ["--keep"]);
    expectEnd(first, 0);
    expect(softwareStates(first.events)).toEqual(["waiting", "fetching", "installing", "installed"]);
    expect(await place.hosts.listKeptSoftware()).not.toEqual([]);
    const second = await place.run(application, ["--keep"]);
    expectEnd(second, 0);
    expect(softwareStates(second.events).at(-1)).toBe("alreadyThere");
    expect(softwareStates(second.events)).not.toContain("fetching");
  });

  standingHostRuns(world);
}

/** How fast that is on a hundred hosts, `npm run bench -- local` measures. */
function standingHostRuns(world: RunWorld): void {
  runTest(
    world,
    "an edited argument runs again on standing hosts, with the software that is there",
    async (place) => {
      place.directory(`h[1-${String(STANDING_HOSTS)}]`);
      const file = place.write("data", "the data\n");
      const application = (word: string): string =>
        applicationXml({
          managerType: place.managerType,
          definitions: fileSoftwareXml("data", "none", { data: file }),
          components: [
            { hosts: String(STANDING_HOSTS), software: ["data"], blocks: shellXml(`cat data; echo ${word}`) },
          ],
        });
      const api = await place.controller();
      await api.loadDirectory({ path: place.path("directory.xml") });
      expect(await api.connect(undefined, { fanout: 64 })).toMatchObject({ kind: "done" });
      const first = await runStanding(api, place, application("first"));
      expect(first.states).toContain("fetching");
      for (const word of ["second", "third"]) {
        const { exitCode, states, output } = await runStanding(api, place, application(word));
        expect(exitCode).toBe(0);
        expect(states.filter((state) => state !== "alreadyThere" && state !== "waiting")).toEqual([]);
        expect(states.filter((state) => state === "alreadyThere")).toHaveLength(STANDING_HOSTS);
        expect(Object.values(output)).toEqual(
          Array.from({ length: STANDING_HOSTS }, () => `the data\n${word}\n`),
        );
      }
    },
  );
}

interface StandingRun {
  readonly exitCode: number;
  readonly states: readonly string[];
  readonly output: Readonly<Record<string, string>>;
}

async function runStanding(api: ControllerApi, place: RunPlace, text: string): Promise<StandingRun> {
  const events: RunEvent[] = [];
  const unsubscribe = api.subscribe((event) => events.push(event));
  await api.loadApplication({ path: place.path("application.xml"), text });
  const started = await api.startRun({
    fanout: 64,
    keep: false,
    stayConnected: true,
    deadlineMs: undefined,
    results: undefined,
    variables: {},
  });
  if (started.kind === "refused") throw new Error(started.reason);
  const { exitCode } = await api.ended(started.run);
  unsubscribe();
  return {
    exitCode,
    states: softwareStates(events),
    output: readTree(join(started.results, "output")),
  };
}

function softwareStates(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.event === "software" ? [event.state] : []));
}

function packTar(place: RunPlace): Uint8Array {
  place.write("t/in-tar.txt", "in tar\n");
  execFileSync("tar", ["czf", "a.tar.gz", "t"], { cwd: place.folder });
  return readFileSync(place.path("a.tar.gz"));
}

/** One stored file, in-zip.txt; hosts of this test may have no zip. */
const ZIP_PROGRAM = `
const zlib = require("node:zlib"), fs = require("node:fs");
const name = Buffer.from("in-zip.txt"), data = Buffer.from("in zip\\n");
const crcTable = Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n >>> 0; });
let crc = 0xffffffff; for (const byte of data) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8); crc = (crc ^ 0xffffffff) >>> 0;
const local = Buffer.alloc(30); local.writeUInt32LE(0x04034b50, 0); local.writeUInt16LE(20, 4); local.writeUInt32LE(crc, 14); local.writeUInt32LE(data.length, 18); local.writeUInt32LE(data.length, 22); local.writeUInt16LE(name.length, 26);
const central = Buffer.alloc(46); central.writeUInt32LE(0x02014b50, 0); central.writeUInt16LE(20, 4); central.writeUInt16LE(20, 6); central.writeUInt32LE(crc, 16); central.writeUInt32LE(data.length, 20); central.writeUInt32LE(data.length, 24); central.writeUInt16LE(name.length, 28);
const end = Buffer.alloc(22); end.writeUInt32LE(0x06054b50, 0); end.writeUInt16LE(1, 8); end.writeUInt16LE(1, 10); end.writeUInt32LE(46 + name.length, 12); end.writeUInt32LE(30 + name.length + data.length, 16);
fs.writeFileSync(process.argv[1], Buffer.concat([local, name, data, central, name, end]));
`;
