// Questions at the terminal: secrets are not shown, nothing is written meanwhile, Ctrl-C interrupts, and who is not asked.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { runCommandLine } from "../../../src-main/command-line/command-line.ts";
import type { Wish } from "../../../src-main/controller/questions-shell.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { begun, recorded, runEnd, runState } from "./recorded-runs.ts";
import { createScriptedController } from "./scripted-controller.ts";
import { createTestWorld } from "./test-world.ts";

const APPLICATION = `<plush><project name="simple">
  <component name="C"><rspec><num_hosts>1</num_hosts></rspec><resources><resource type="ssh"/></resources></component>
  <experiment name="simple"><execution><component_block name="cb"><component name="C"/>
    <process_block name="p"><process name="p"><path>true</path></process></process_block>
  </component_block></execution></experiment>
</project></plush>
`;
const DIRECTORY = `<plush><resource_manager type="ssh"><node hostname="n"/></resource_manager></plush>\n`;
const PASSPHRASE = "Passphrase for id_ed25519: ";

function setUp(terminal = true) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "app.xml"), APPLICATION);
  writeFileSync(join(folder, "dir.xml"), DIRECTORY);
  const api = createScriptedController({
    events: recorded([begun, runState("running")]),
    untilEnded: (cause) => recorded([runEnd("aborted", 130, `ended: ${cause}`)]),
  });
  const world = createTestWorld({ api, workingDirectory: folder, terminal });
  const run = (...flags: readonly string[]): Promise<number> =>
    runCommandLine(["run", "app.xml", "-d", "dir.xml", ...flags], world);
  const ask = (wish: Partial<Wish> = {}): Promise<string | undefined> =>
    api.questions.ask({ kind: "secret", text: PASSPHRASE, signal: new AbortController().signal, ...wish });
  return { api, world, run, ask };
}

/** What a person waits for before typing on; a busy computer takes its time. */
const SHOWN_MS_MAX = 10_000;
/** The last that is written of a line being typed puts the cursor where it belongs. */
const PROMPT = /> (\x1b\[\d+G)?$/;

/** Resolves when what is printed from character `since` on says this. */
async function shown(stream: { text(): string }, wanted: string | RegExp, since = 0): Promise<void> {
  const told = (): void => expect(stream.text().slice(since)).toMatch(wanted);
  await vi.waitFor(told, { interval: 1, timeout: SHOWN_MS_MAX });
}

async function ended(world: ReturnType<typeof setUp>["world"], running: Promise<number>): Promise<number> {
  world.signal("SIGINT");
  return running;
}

describe("at a terminal", () => {
  test("a secret is not shown, can be corrected, and appears in no output", async () => {
    const { world, run, ask, api } = setUp();
    const running = run();
    await api.played;
    const answer = ask();
    await shown(world.err, PASSPHRASE);
    expect(world.err.text()).toBe(PASSPHRASE);
    world.input.write("wrong\x15ses\x7fs\u00e4me\r");
    expect(await answer).toBe("ses\u00e4me");
    expect(await ended(world, running)).toBe(130);
    expect(world.out.text() + world.err.text()).not.toMatch(/wrong|s\u00e4me/);
  });

  test("text is shown, and an answer that is none is asked for again", async () => {
    const { world, run, ask, api } = setUp();
    const running = run();
    await api.played;
    const problemOf = (given: string): string | undefined =>
      given === "yes" ? undefined : "Type yes or no.";
    const answer = ask({ kind: "hostKey", text: "Is that right? ", problemOf });
    await shown(world.err, /right\? $/);
    world.input.write("yea\r");
    await shown(world.err, /no\.\nIs that right\? $/);
    world.input.write("yea\x7fs\r");
    expect(await answer).toBe("yes");
    expect(world.err.text()).toBe("Is that right? yea\nType yes or no.\nIs that right? yea\b \bs\n");
    await ended(world, running);
  });

  test("a hostile text of a host can move nothing", async () => {
    const { world, run, ask, api } = setUp();
    const running = run();
    await api.played;
    const answer = ask({ text: "\x1b[2J\x1b]0;title\x07Password: " });
    await shown(world.err, /Password: $/);
    expect(world.err.text()).toBe("\\x1b]0;title\\x07Password: ");
    world.input.write("\r");
    expect(await answer).toBe("");
    await ended(world, running);
  });

  test("live lines go away for a question, nothing is printed meanwhile, and all of it comes afterwards", async () => {
    const { world, run, ask, api } = setUp();
    const running = run();
    await api.played;
    world.advance(200);
    expect(world.out.text()).toContain("\x1b[K");
    const answer = ask();
    await shown(world.err, PASSPHRASE);
    const before = world.out.text();
    // The last that was drawn clears what was below.
    expect(before).toMatch(/\r\x1b\[J\x1b\[\?2026l$|F\x1b\[J\x1b\[\?2026l$/);
    const [late] = recorded([
      { event: "problem", severity: "error", hosts: "n", step: "x", message: "came late", remedy: "" },
    ]);
    api.emit(late!);
    world.advance(2000);
    expect(world.out.text()).toBe(before);
    world.input.write("x\r");
    await answer;
    world.advance(2000);
    expect(world.out.text().slice(before.length)).toContain("came late");
    await ended(world, running);
  });

  test("Ctrl-C answers nothing and interrupts the run", async () => {
    const { world, run, ask, api } = setUp();
    const running = run();
    await api.played;
    const answer = ask();
    await shown(world.err, PASSPHRASE);
    world.input.write("half\x03");
    expect(await answer).toBeUndefined();
    expect(await running).toBe(130);
    expect(api.calls).toContain("endRun interrupt");
  });

  test("a question that is taken back leaves the keys alone", async () => {
    const { world, run, ask, api } = setUp();
    const running = run();
    await api.played;
    const taken = new AbortController();
    const answers = [ask({ signal: taken.signal }), ask({ text: "Next: " })];
    await shown(world.err, PASSPHRASE);
    world.input.write("half");
    taken.abort();
    expect(await answers[0]).toBeUndefined();
    await shown(world.err, /Next: $/);
    world.input.write("whole\r");
    expect(await answers[1]).toBe("whole");
    await ended(world, running);
  });
});

describe("nobody is asked", () => {
  test.each([
    ["with --no-input", true, ["--no-input"]],
    ["with --output jsonl", true, ["--output", "jsonl"]],
    ["with --output json", true, ["--output", "json"]],
    ["without a terminal", false, []],
  ])("%s", async (_name, terminal, flags) => {
    const { world, run, ask, api } = setUp(terminal);
    const running = run(...flags);
    await api.played;
    expect(await ask()).toBeUndefined();
    expect(world.err.text()).not.toContain("Passphrase");
    await ended(world, running);
  });
});

describe("in the shell", () => {
  test("a question comes in the place of the line being typed, which is there again afterwards", async () => {
    const { world, ask } = setUp();
    const running = runCommandLine(["shell", "-d", "dir.xml"], world);
    await shown(world.out, PROMPT);
    world.input.write("history");
    await shown(world.out, "history");
    const answer = ask();
    await shown(world.err, PASSPHRASE);
    const before = world.out.text();
    world.input.write("secret\r");
    expect(await answer).toBe("secret");
    await shown(world.out, "history", before.length);
    world.input.write("\r");
    await shown(world.out, "    1  history");
    expect(world.out.text() + world.err.text()).not.toContain("secret");
    world.input.write("quit\r");
    expect(await running).toBe(0);
  });

  test("Ctrl-C at a question does not leave it", async () => {
    const { world, ask } = setUp();
    const running = runCommandLine(["shell", "-d", "dir.xml"], world);
    await shown(world.out, PROMPT);
    const answer = ask();
    await shown(world.err, PASSPHRASE);
    const before = world.out.text();
    world.input.write("\x03");
    expect(await answer).toBeUndefined();
    await shown(world.out, PROMPT, before.length);
    world.input.write("quit\r");
    expect(await running).toBe(0);
  });
});
