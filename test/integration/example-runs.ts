// The examples of this repository and the specifications of the original, run to their ends.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { expectEnd, REPOSITORY, runTest, type RunPlace } from "./run-place.ts";
import type { PlushEnd, PlushProcess } from "./plush-process.ts";
import { readTree } from "./read-results.ts";
import type { RunWorld } from "./run-world.ts";
import { fileSoftwareXml } from "./application-text.ts";
import { freePort } from "./test-server.ts";

export function exampleRuns(world: RunWorld): void {
  runTest(world, "example hello", async (place) => {
    const end = await runExample(place, "hello");
    expectEnd(end, 0);
    expect(readTree(join(end.results, "output"))).toEqual({
      "hello1/cb1.p1.stdout": "Hello World\n",
      "hello2/cb1.p1.stdout": "Hello World\n",
    });
  });

  runTest(world, "example roundrobin", async (place) => {
    const end = await runExample(place, "roundrobin", "--variable", `port=${String(await freePort())}`);
    expectEnd(end, 0);
    expect(end.last.hosts?.succeeded).toBe("client[1-10],master");
  });

  runTest(world, "example file-distribution", async (place) => {
    const ports = [
      "--variable",
      `overlay_port=${String(await freePort())}`,
      "--variable",
      `file_port=${String(await freePort())}`,
    ];
    const end = await runExample(place, "file-distribution", ...ports);
    expectEnd(end, 0);
    const released = end.events.find((event) => event.event === "barrier" && event.state === "released");
    expect(released).toMatchObject({ barrier: "Barrier Block 1", arrived: 3, max: 3 });
  });

  runTest(world, "example load-test brings its results home", async (place) => {
    const end = await runExample(
      place,
      "load-test",
      "--variable",
      `port=${String(await freePort())}`,
      "--variable",
      "seconds=1",
    );
    expectEnd(end, 0);
    const files = readTree(join(end.results, "files"));
    expect(Object.keys(files)).toEqual(
      [1, 2, 3].map((index) => `generator${String(index)}/results/load.json`),
    );
    for (const text of Object.values(files)) expect(JSON.parse(text)).toMatchObject({ errors: 0 });
    const collected = end.events.filter((event) => event.event === "collected");
    expect(collected.map((event) => event.host).sort()).toEqual(["generator1", "generator2", "generator3"]);
  });

  runTest(world, "example service is restarted, and is a success when it is stopped", async (place) => {
    const plush = startExample(place, "service", "--variable", `port=${String(await freePort())}`);
    const third = await plush.event("process", (event) => event.attempt === 3 && event.state === "started");
    await plush.event("process", (event) => event.state === "healthy" && event.time > third.time);
    plush.child.kill("SIGINT");
    const end = await plush.ended;
    expectEnd(end, 130);
    const ends = end.events.flatMap((event) =>
      event.event === "process" && event.state === "exited" ? [event.exit] : [],
    );
    expect(ends.map((exit) => exit?.cause)).toEqual(["unhealthy", "itself", "stopped"]);
  });

  runTest(world, "example service ends by itself, as a success, after --for", async (place) => {
    const end = await runExample(
      place,
      "service",
      "--variable",
      `port=${String(await freePort())}`,
      "--for",
      "1s",
    );
    expectEnd(end, 0);
    expect(end.last).toMatchObject({ state: "finished", reason: "stopped after the time of --for" });
  });

  runTest(world, "example failing says who failed, how, and with which last words", async (place) => {
    const end = await runExample(place, "failing");
    expectEnd(end, 3);
    expect(end.last).toMatchObject({
      state: "failed",
      hosts: { succeeded: "worker[1,4]", failed: "worker[2-3]", unreachable: "", replaced: "" },
    });
    const blocks = end.events.filter((event) => event.event === "block" && event.outcome === "failed");
    expect(blocks).toMatchObject([
      { host: "worker2", reason: "exited with status 3" },
      { host: "worker3", reason: "ran into its deadline and was stopped" },
    ]);
    expect(readTree(join(end.results, "output"))["worker2/workers.work.stderr"]).toBe(
      "worker2: cannot read input.dat: no such file\n",
    );
  });

  originalRuns(world);
}

/** Fixtures A, B (max 3) and C: the documents as they were, but for where hosts and programs are. */
function originalRuns(world: RunWorld): void {
  runTest(world, "fixture A, round robin", async (place) => {
    const server = await place.serve({
      "/master.pl": 'print "master @ARGV\\n";',
      "/client.pl": 'print "client @ARGV\\n";',
    });
    place.directory({ hosts: "m", group: "master" }, { hosts: "c[1-10]", group: "client" });
    const text = originalText(place, "round-robin.gush.xml").replaceAll(
      "http://example.org/roundrobin",
      server.url,
    );
    const end = await place.run(text);
    expectEnd(end, 0);
    const output = readTree(join(end.results, "output"));
    expect(output["m/cb1.p1.stdout"]).toBe("master -p 015415 -n 10 -r 5 \n");
    expect(output["c10/cb2.p2.stdout"]).toBe("client -p 15415 -l -m master & others\n");
    expect(Object.keys(output)).toHaveLength(11);
  });

  runTest(world, "fixture B, file distribution with max 3", async (place) => {
    place.directory({ hosts: "s", group: "sender" }, { hosts: "r[1-2]", group: "receiver" });
    const names = ["prepare_files", "join_overlay", "send_files", "receive_files"];
    const files = Object.fromEntries(
      names.map((name) => [`${name}.pl`, place.write(`${name}.pl`, `print "${name}\\n";`)]),
    );
    const text = originalText(place, "file-distribution.gush.xml")
      .replace('<project name="Application Block">', `$&${fileSoftwareXml("scripts", "none", files)}`)
      .replaceAll("</rspec>", '$&<software name="scripts"/>')
      .replaceAll(
        /<path>(\w+\.pl)<\/path>\s*<cmdline\/>/g,
        "<path>perl</path><cmdline><arg>$1</arg></cmdline>",
      );
    const end = await place.run(text);
    expectEnd(end, 0);
    const order = end.events.flatMap((event) =>
      event.event === "block"
        ? [event.block.split("/")[0]]
        : event.event === "barrier" && event.state === "released"
          ? ["released"]
          : [],
    );
    expect(order.slice(0, 4).sort()).toEqual(["process1", "process1", "process1", "process2"]);
    expect(order[4]).toBe("released");
  });

  runTest(world, "fixture C, simple", async (place) => {
    const archive = readFileSync(join(REPOSITORY, "assets", "examples", "hello", "software.tar.gz"));
    const server = await place.serve({ "/software.tar": archive });
    place.directory({ hosts: "h[1-2]", group: "local" });
    const end = await place.run(
      originalText(place, "simple.plush.xml").replace("http://plush.example.org", server.url),
    );
    expectEnd(end, 0);
    expect(readTree(join(end.results, "output"))).toEqual({
      "h1/cb1.p1.stdout": "Hello World\n",
      "h2/cb1.p1.stdout": "Hello World\n",
    });
  });
}

function originalText(place: RunPlace, name: string): string {
  const text = readFileSync(join(REPOSITORY, "test", "fixtures", "application", name), "utf8");
  return text.replaceAll('type="ssh"', `type="${place.managerType}"`);
}

/** The kind of its hosts is changed, relative paths become absolute, and the service does not take its time. */
function startExample(place: RunPlace, name: string, ...flags: readonly string[]): PlushProcess {
  const folder = join(REPOSITORY, "assets", "examples", name);
  const retype = (text: string): string => text.replaceAll('type="local"', `type="${place.managerType}"`);
  const text = retype(readFileSync(join(folder, "application.xml"), "utf8"));
  const impatient = text
    .replace('name="WELL_FOR_SECONDS" value="4"', 'name="WELL_FOR_SECONDS" value="1"')
    .replace('interval="1s"', 'interval="200ms"');
  const withPaths = impatient.replaceAll(
    /<path>([\w.]+\.(?:mjs|sh|gz))<\/path>/g,
    (_, file: string) => `<path>${join(folder, file)}</path>`,
  );
  const nodes = readFileSync(join(folder, "directory.xml"), "utf8").matchAll(
    /<node hostname="([^"]+)" group="([^"]+)"/g,
  );
  place.directory(...[...nodes].map(([, hosts = "", group = ""]) => ({ hosts, group })));
  return place.start(withPaths, flags);
}

function runExample(place: RunPlace, name: string, ...flags: readonly string[]): Promise<PlushEnd> {
  return startExample(place, name, ...flags).ended;
}
