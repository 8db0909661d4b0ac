// What a run leaves in its results folder, and what it must never leave anywhere: secrets.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { RunEvent } from "../../src-shared/controller-api/run-events.ts";
import { applicationXml, shellXml } from "./application-text.ts";
import { filesBelow, readTree } from "./read-results.ts";
import { expectEnd, runTest, type RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";

const SECRET = "open-sesame-0123456789";
const FILE_SECRET = "from-a-file-9876543210";

export function resultRuns(world: RunWorld): void {
  runTest(
    world,
    "results folder: specification, directory, events, output, summary, files",
    async (place) => {
      const { managerType } = place;
      place.directory("h[1-2]");
      const script = 'echo out of "$0"; echo err >&2; mkdir made; echo "$PLUSH_RUN" > made/run.txt';
      const blocks = shellXml(script, { name: "make", inside: '<collect path="made/*.txt"/>' });
      const application = applicationXml({ managerType, components: [{ name: "both", hosts: "2", blocks }] });
      const end = await place.run(application);
      expectEnd(end, 0);
      const { events, ...files } = withoutVolatile(readTree(end.results));
      expect(files).toEqual({
        "application.xml": application,
        "directory.xml": readFileSync(place.path("directory.xml"), "utf8"),
        ...Object.fromEntries(
          ["h1", "h2"].flatMap((host) => [
            [`output/${host}/both block.make.stdout`, "out of sh\n"],
            [`output/${host}/both block.make.stderr`, "err\n"],
            [`files/${host}/made/run.txt`, `${end.events[0]?.run ?? ""}\n`],
          ]),
        ),
      });
      expect(events).toEqual(end.events.filter((event) => event.event !== "output"));
      expect(events?.at(-1)).toMatchObject({
        event: "run",
        state: "finished",
        exitCode: 0,
        hosts: { succeeded: "h[1-2]" },
      });
      const summary = JSON.parse(readFileSync(join(end.results, "summary.json"), "utf8")) as unknown;
      expect(summary).toMatchObject({ state: "finished", exitCode: 0, hosts: { succeeded: ["h1", "h2"] } });
      expect(readFileSync(join(end.results, "summary.txt"), "utf8")).toContain("both: h[1-2]");
    },
  );

  runTest(world, "secrets reach processes, and no file, no event and no output", async (place) => {
    place.directory("h1");
    place.write("key", `${FILE_SECRET}\n`);
    const go = place.path("go");
    // In two pieces with a pause in between, so that the mask must look over their boundary.
    const script = `printf '%s|' "$TOKEN" "$KEY"; printf "\${TOKEN%456789}" >&2; sleep 0.1; printf '456789.' >&2; [ "$TOKEN" = ${SECRET.slice(0, 4)}"${SECRET.slice(4)}" ] && echo same; while [ ! -e ${go} ]; do sleep 0.05; done`;
    const inside =
      '<environment><variable name="TOKEN" secret="token"/><variable name="KEY" secret="key"/></environment>';
    const definitions = '<secret name="token" from="env:THE_TOKEN"/><secret name="key" from="file:key"/>';
    const application = applicationXml({
      managerType: place.managerType,
      definitions,
      components: [
        {
          hosts: "1",
          blocks: shellXml(script.replaceAll(SECRET.slice(4), "$TAIL"), {
            inside: inside.replace(
              "</environment>",
              `<variable name="TAIL" value="${SECRET.slice(4)}"/></environment>`,
            ),
          }),
        },
      ],
    });
    const plush = place.start(application, [], { environment: { THE_TOKEN: SECRET } });
    await plush.event("output", (event) => event.text.includes("same"));
    const during = filesWith(place, [SECRET, FILE_SECRET]);
    place.write("go", "");
    const end = await plush.ended;
    expectEnd(end, 0);
    expect(during).toEqual([]);
    expect(filesWith(place, [SECRET, FILE_SECRET])).toEqual([]);
    expect(
      [end.stdout, end.stderr].filter((text) => text.includes(SECRET) || text.includes(FILE_SECRET)),
    ).toEqual([]);
    expect(readTree(join(end.results, "output"))).toEqual({
      "h1/c1 block.p.stdout": "***|***|same\n",
      "h1/c1 block.p.stderr": "***.",
    });
  });

  runTest(world, "a missing secret is a refusal that names it", async (place) => {
    place.directory("h1");
    const definitions = '<secret name="token" from="env:NOT_THERE"/>';
    const inside = '<environment><variable name="TOKEN" secret="token"/></environment>';
    const end = await place.run(
      applicationXml({
        managerType: place.managerType,
        definitions,
        components: [{ hosts: "1", blocks: shellXml("true", { inside }) }],
      }),
    );
    expectEnd(end, 6);
    expect(JSON.stringify(end.events)).toContain("the environment has no variable NOT_THERE");
  });

  runTest(world, "only the newest runs are kept, and nobody else's folders are touched", async (place) => {
    place.directory("h1");
    place.write("state/nebula/runs/not a run/keep.txt", "");
    const api = await place.controller({ resultsKeep: 2 });
    await api.loadDirectory({ path: place.path("directory.xml") });
    await api.connect(undefined, { fanout: 8 });
    const runs: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const started = await api.startCommand({ ...COMMAND, command: "echo" });
      if (started.kind === "refused") throw new Error(started.reason);
      runs.push(started.run);
      await api.ended(started.run);
    }
    await api.quit();
    expect(readdirSync(join(place.stateDirectory, "runs")).sort()).toEqual(
      [...runs.slice(1), "not a run"].sort(),
    );
  });
}

const COMMAND = {
  hosts: undefined,
  group: undefined,
  exclude: undefined,
  connectedOnly: false,
  stayConnected: true,
  wantsInput: false,
  fanout: 8,
  deadlineMs: undefined,
  results: undefined,
  keep: false,
} as const;

function withoutVolatile(files: Record<string, string>): { events?: RunEvent[] } & Record<string, unknown> {
  const { "events.jsonl": events = "", "summary.txt": _text, "summary.json": _json, ...rest } = files;
  return {
    ...rest,
    events: events
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as RunEvent),
  };
}

function filesWith(place: RunPlace, words: readonly string[]): string[] {
  return filesBelow(place.path("state")).filter((path) => {
    const content = readFileSync(path, "latin1");
    return words.some((word) => content.includes(word));
  });
}
