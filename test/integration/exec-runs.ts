// `plush exec`: one command on many hosts, with folded output, input for all, and exit codes.
import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { PlushEnd } from "./plush-process.ts";
import { kill, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";

const INPUT_BYTES = 10_000_000;

export function execRuns(world: RunWorld): void {
  runTest(world, "exec folds equal output of 12 hosts", async (place) => {
    place.directory("h[01-12]");
    place.write("special", "");
    // The first to come is another one than the rest.
    const end = await exec(
      place,
      ["-b"],
      `if mv ${place.path("special")} ${place.path("taken")} 2>/dev/null; then echo other; else echo same; fi`,
    );
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(end.stdout).toMatch(/^-{15}\nh\[[\d,-]+\] \(11\)\n-{15}\nsame\n-{15}\nh\d\d\n-{15}\nother\n$/);
  });

  runTest(world, "exec chooses hosts by node set, group and exclusion", async (place) => {
    place.directory({ hosts: "a[1-3]", group: "a" }, { hosts: "b[1-3]", group: "b" });
    expect((await exec(place, ["-b", "-w", "a[1-2],b3"], "echo x")).stdout).toContain("\na[1-2],b3 (3)\n");
    expect((await exec(place, ["-b", "-g", "b", "-x", "b2"], "echo x")).stdout).toContain("\nb[1,3] (2)\n");
    const unknown = await exec(place, ["-w", "c1"], "echo x");
    expect(unknown.exitCode).toBe(6);
    expect(unknown.stderr).toContain("c1");
  });

  runTest(world, "exec prefixes lines, and exits with 3 when a host failed", async (place) => {
    place.directory("h[1-2]");
    const end = await exec(place, [], "echo out; echo err >&2; exit 7");
    expect(end.exitCode).toBe(3);
    expect(end.stdout.split("\n").sort()).toEqual(["", "h1: out", "h2: out"]);
    expect(end.stderr).toContain("h1: err");
    expect(end.stderr).toContain("h[1-2]: exit status 7");
  });

  runTest(world, "exec exits with 4 when a host is gone", async (place) => {
    place.directory("h[1-2]");
    const plush = place.plush([
      "exec",
      "-d",
      place.path("directory.xml"),
      "--output",
      "jsonl",
      "--no-stdin",
      "--",
      `while [ ! -e ${place.path("go")} ]; do sleep 0.05; done`,
    ]);
    for (const host of ["h1", "h2"])
      await plush.event("process", (event) => event.host === host && event.state === "started");
    kill(place.hosts.clientPid("h2"), "SIGKILL");
    await plush.event("host", (event) => event.host === "h2" && event.state === "failed");
    place.write("go", "");
    const end = await plush.ended;
    expect(end.exitCode).toBe(4);
    expect(end.last.hosts).toMatchObject({ succeeded: "h1", unreachable: "h2" });
  });

  runTest(world, "exec gives all of its input to every host", async (place) => {
    place.directory("h[1-5]");
    const input = Buffer.alloc(INPUT_BYTES, "0123456789abcdef\n");
    const digest = createHash("sha256").update(input).digest("hex");
    const end = await exec(place, ["-b"], "sha256sum", input);
    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(end.stdout).toBe(`${"-".repeat(15)}\nh[1-5] (5)\n${"-".repeat(15)}\n${digest}  -\n`);
  });
}

function exec(
  place: RunPlace,
  flags: readonly string[],
  command: string,
  input?: Uint8Array,
): Promise<PlushEnd> {
  const plush = place.plush(["exec", "-d", place.path("directory.xml"), ...flags, "--", command]);
  plush.child.stdin.end(input);
  return plush.ended;
}
