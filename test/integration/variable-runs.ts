// What processes are told about their host and the others: variables, environment, work directories.
import { join } from "node:path";
import { expect } from "vitest";
import { applicationXml, nodeXml, shellXml } from "./application-text.ts";
import { readTree } from "./read-results.ts";
import { expectEnd, runTest } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";

export function variableRuns(world: RunWorld): void {
  runTest(world, "variables reach arguments, environment and work directories", async (place) => {
    place.directory({ hosts: "m1", group: "m" }, { hosts: "w[1-2]", group: "w" });
    const blocks = shellXml(
      "printf '%s\\n' '${host.name}' '${host.index}' '${component.masters.host.0}' '${component.masters.addresses}' '${component.workers.hosts}' '${component.workers.count}' \"$GREETING\" '$${host.name}' \"$PLUSH_RUN\"; basename \"$PWD\"",
      {
        inside:
          '<cwd>in/${host.name}</cwd><environment><variable name="GREETING" value="${var.word} ${host.index}"/></environment>',
      },
    );
    const end = await place.run(
      applicationXml({
        managerType: place.managerType,
        definitions: '<variable name="word" value="hello"/>',
        components: [
          { name: "masters", group: "m", hosts: "1", blocks: shellXml("echo '${host.address}'") },
          { name: "workers", group: "w", hosts: "2", blocks },
        ],
      }),
      ["--variable", "word=good day"],
    );
    expectEnd(end, 0);
    const run = end.results.split("/").at(-1) ?? "";
    const output = readTree(join(end.results, "output"));
    const address = output["m1/masters block.p.stdout"]?.trim();
    expect(address).toMatch(/./);
    const lines = (host: string, index: number): string =>
      `${[host, index, "m1", address, "w1,w2", 2, `good day ${String(index)}`, "${host.name}", run, host].join("\n")}\n`;
    expect(output).toEqual({
      "m1/masters block.p.stdout": `${address ?? ""}\n`,
      "w1/workers block.p.stdout": lines("w1", 0),
      "w2/workers block.p.stdout": lines("w2", 1),
    });
  });

  runTest(
    world,
    "each host has a work directory of its own, and nothing of the controller's environment",
    async (place) => {
      place.directory("h[1-2]");
      const program =
        "console.log(JSON.stringify({ cwd: process.cwd(), names: Object.keys(process.env).filter((name) => /SECRET|NODE_|XDG_/.test(name)), path: process.env.PATH.split(':').at(-1) }))";
      const application = applicationXml({
        managerType: place.managerType,
        components: [{ hosts: "2", blocks: nodeXml(program) }],
      });
      const end = await place.run(application, [], {
        environment: { A_SECRET: "x", NODE_OPTIONS: "--no-warnings" },
      });
      expectEnd(end, 0);
      const seen = Object.values(readTree(join(end.results, "output"))).map(
        (text) => JSON.parse(text) as { cwd: string; names: string[]; path: string },
      );
      expect(new Set(seen.map(({ cwd }) => cwd)).size).toBe(2);
      for (const { cwd, names, path } of seen) expect({ names, path }).toEqual({ names: [], path: cwd });
    },
  );
}
