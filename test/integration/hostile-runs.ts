// Processes that do not behave: deaf, fleeing, and printing more, faster or other than anybody can read.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { applicationXml, nodeXml, shellXml } from "./application-text.ts";
import type { PlushEnd, PlushProcess } from "./plush-process.ts";
import { isAlive, residentBytes } from "./process-list.ts";
import { readTree } from "./read-results.ts";
import { expectEnd, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";

const GIGABYTE = 1_000_000_000;
/** Kept of a stream by default, and what of its end comes beyond that. */
const OUTPUT_BYTES = 8 * 1024 * 1024;
/** One window at least is sent before anything can be overwritten. */
const HEAD_BYTES_MIN = 512 * 1024;
const TAIL_BYTES = 64 * 1024;
/** Node takes some 60 MB; the windows, rings and buffers of one stream a few more. Not a part of what is printed. */
const RESIDENT_BYTES_MAX = 200 * 1024 * 1024;
const SAMPLE_MS = 100;

export function hostileRuns(world: RunWorld): void {
  runTest(world, "a process that ignores TERM is ended by KILL after its grace", async (place) => {
    const end = await runOne(
      place,
      shellXml("trap '' TERM; while :; do sleep 0.1; done", {
        attributes: 'deadline="300ms" stop_grace="500ms"',
      }),
    );
    expectEnd(end, 3);
    const exited = end.events.find((event) => event.event === "process" && event.state === "exited");
    expect(exited).toMatchObject({ exit: { signal: "SIGKILL", cause: "deadline" } });
    expect(exited?.event === "process" && exited.usage?.wallMs).toBeLessThan(5000);
  });

  runTest(
    world,
    "daemons in sessions of their own, which also ignore TERM, are gone after the run",
    async (place) => {
      const pids = place.path("pids");
      const daemon = `trap "" TERM; echo $$ >> ${pids}; cd /; while :; do sleep 0.1; done`;
      // One holds the output open, the other has closed it; the process itself ends well.
      const script = `(setsid sh -c '${daemon}' & ) ; (setsid sh -c '${daemon}' </dev/null >/dev/null 2>&1 & ); while [ $(wc -l < ${pids}) -lt 2 ]; do sleep 0.05; done; echo done`;
      place.write("pids", "");
      const end = await runOne(place, shellXml(script));
      expectEnd(end, 0);
      const daemons = readFileSync(pids, "utf8").trim().split("\n").map(Number);
      expect(daemons).toHaveLength(2);
      expect(daemons.filter(isAlive)).toEqual([]);
      expect(end.events.filter((event) => event.event === "problem")).toEqual([]);
      expect(readTree(join(end.results, "output"))).toEqual({ "h1/c1 block.p.stdout": "done\n" });
    },
  );

  outputRuns(world);

  runTest(world, "a process that closes its output goes on", async (place) => {
    const end = await runOne(
      place,
      shellXml("exec >&- 2>&-; sleep 0.3; printf written > late.txt", {
        inside: '<collect path="late.txt"/>',
      }),
    );
    expectEnd(end, 0);
    expect(readTree(join(end.results, "files"))).toEqual({ "h1/late.txt": "written" });
  });

  runTest(world, "fifty hosts whose processes end at once", async (place) => {
    place.directory("h[1-50]");
    const end = await place.run(
      applicationXml({
        managerType: place.managerType,
        components: [{ hosts: "50", blocks: shellXml("exit 0") }],
      }),
    );
    expectEnd(end, 0);
    expect(end.last.hosts?.succeeded).toBe("h[1-50]");
  });
}

function outputRuns(world: RunWorld): void {
  runTest(
    world,
    "a gigabyte of output: bounded memory, head and tail kept, the cut marked",
    async (place) => {
      const plush = startOne(
        place,
        shellXml(`yes 0123456789abcde | head -c ${String(GIGABYTE)}; echo the very end`),
      );
      const started = await plush.event("process", (event) => event.state === "started");
      const peaks = sampleResident({ controller: plush.pid, client: place.hosts.clientPid("h1") });
      const end = await plush.ended;
      const resident = peaks.stop();
      expectEnd(end, 0);
      const path = join(end.results, "output", "h1", "c1 block.p.stdout");
      const text = readFileSync(path, "latin1");
      // One cut: what the link did not take before it was overwritten on the host, up to the tail.
      const [head = "", missing = "0", tail = ""] = text.split(
        /\n\[(\d+) bytes are not here: more was printed than is kept\]\n/,
      );
      expect(head.length + Number(missing) + tail.length).toBe(GIGABYTE + "the very end\n".length);
      expect(head.length).toBeGreaterThanOrEqual(HEAD_BYTES_MIN);
      expect("0123456789abcde\n".repeat(OUTPUT_BYTES / 16).startsWith(head)).toBe(true);
      expect(tail.length).toBe(TAIL_BYTES);
      expect(text.endsWith("the very end\n")).toBe(true);
      expect(statSync(path).size).toBeLessThanOrEqual(OUTPUT_BYTES + TAIL_BYTES + 100);
      expect(resident.controller).toBeLessThan(RESIDENT_BYTES_MAX);
      expect(resident.client).toBeLessThan(RESIDENT_BYTES_MAX);
      const exited = end.events.find((event) => event.event === "process" && event.state === "exited");
      console.log(
        `1 GB of output: ${String(Date.parse(exited?.time ?? "") - Date.parse(started.time))} ms, controller ${megabytes(resident.controller)}, client ${megabytes(resident.client)}`,
      );
    },
    120_000,
  );

  runTest(world, "a limit of its output: head and tail kept, the cut marked", async (place) => {
    const end = await runOne(place, shellXml("seq 1 100000", { inside: '<limits output="1K"/>' }));
    expectEnd(end, 0);
    const all = Array.from({ length: 100_000 }, (_, index) => `${String(index + 1)}\n`).join("");
    const missing = all.length - 1024 - TAIL_BYTES;
    const mark = `\n[${String(missing)} bytes are not here: more was printed than is kept]\n`;
    const kept = readTree(join(end.results, "output"))["h1/c1 block.p.stdout"] ?? "";
    expect(kept === `${all.slice(0, 1024)}${mark}${all.slice(-TAIL_BYTES)}`).toBe(true);
    const told = end.events.flatMap((event) => (event.event === "output" ? [event.missingBytes ?? 0] : []));
    expect(told.filter((bytes) => bytes > 0)).toEqual([missing]);
  });

  runTest(world, "output without a newline and invalid UTF-8 arrive byte for byte", async (place) => {
    const end = await runOne(
      place,
      shellXml("printf '\\377\\376\\000\\303abc\\342\\202'; printf 'no newline' >&2"),
    );
    expectEnd(end, 0);
    const folder = join(end.results, "output", "h1");
    expect(readFileSync(join(folder, "c1 block.p.stdout")).toString("hex")).toBe("fffe00c3616263e282");
    expect(readFileSync(join(folder, "c1 block.p.stderr"), "utf8")).toBe("no newline");
  });

  runTest(world, "a hundred thousand lines, as fast as they can be printed, on two hosts", async (place) => {
    place.directory("h[1-2]");
    const blocks = nodeXml(
      "let text = ''; for (let line = 1; line <= 100000; line += 1) text += `line ${line}\\n`; process.stdout.write(text);".replace(
        "${line}",
        "$${line}",
      ),
    );
    const end = await place.run(
      applicationXml({ managerType: place.managerType, components: [{ hosts: "2", blocks }] }),
    );
    expectEnd(end, 0);
    const expected = Array.from({ length: 100_000 }, (_, index) => `line ${String(index + 1)}\n`).join("");
    for (const host of ["h1", "h2"]) {
      expect(readFileSync(join(end.results, "output", host, "c1 block.p.stdout"), "utf8") === expected).toBe(
        true,
      );
      const printed = end.events
        .flatMap((event) => (event.event === "output" && event.host === host ? [event.text] : []))
        .join("");
      expect(printed === expected).toBe(true);
    }
  });
}

function startOne(place: RunPlace, blocks: string): PlushProcess {
  place.directory("h1");
  return place.start(
    applicationXml({ managerType: place.managerType, components: [{ hosts: "1", blocks }] }),
  );
}

function runOne(place: RunPlace, blocks: string): Promise<PlushEnd> {
  return startOne(place, blocks).ended;
}

function sampleResident<Name extends string>(pids: Record<Name, number>): { stop(): Record<Name, number> } {
  const peaks = Object.fromEntries(Object.keys(pids).map((name) => [name, 0])) as Record<Name, number>;
  const names = Object.keys(pids) as Name[];
  const timer = setInterval(() => {
    for (const name of names) peaks[name] = Math.max(peaks[name], residentBytes(pids[name]));
  }, SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return peaks;
    },
  };
}

function megabytes(bytes: number): string {
  return `${String(Math.round(bytes / 1024 / 1024))} MB`;
}
