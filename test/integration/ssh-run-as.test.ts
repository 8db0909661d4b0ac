// Processes as another user on hosts behind a real sshd, by the real sudo: without a password, with one, and not at all.
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ControllerApi } from "../../src-shared/controller-api/controller-api.ts";
import type { RunEvent } from "../../src-shared/controller-api/run-events.ts";
import { applicationXml, processXml } from "./application-text.ts";
import { readTree } from "./read-results.ts";
import { holdsWithin } from "./process-list.ts";
import { kill, RunPlace } from "./run-place.ts";
import type { RunWorld } from "./run-world.ts";
import { accounts, PASSWORD } from "./ssh-accounts.ts";
import { farmHindrance } from "./ssh-farm.ts";
import { SshHosts } from "./ssh-world.ts";

const hindered = farmHindrance() !== undefined || spawnSync("sudo", ["-V"]).status !== 0;
/** Clean-up by the keeper, with its grace. */
const STEP_MS = 15_000;
const RUN = {
  fanout: 8,
  keep: false,
  stayConnected: false,
  deadlineMs: 40_000,
  results: undefined,
  variables: {},
} as const;

/** alice may be bob, carol with her password; dave may not. None of them exists outside of this sshd's view. */
const SUDOERS = "Defaults !lecture\nalice ALL=(bob) NOPASSWD: ALL\ncarol ALL=(bob) ALL\nroot ALL=(ALL) ALL\n";
const USERS = ["alice", "bob", "carol", "dave"];

const world: RunWorld = {
  name: "ssh",
  managerType: "ssh",
  open: async (folder) => {
    chmodSync(join(folder, "tmp"), 0o1777);
    return SshHosts.open(folder, { mounts: accounts(folder, USERS, SUDOERS) });
  },
};

interface RunEnd {
  readonly exitCode: number;
  readonly events: readonly RunEvent[];
  readonly results: string;
}

/** Runs something as bob on hosts with these accounts: HOST1, HOST2 … */
async function runAsBob(
  place: RunPlace,
  api: ControllerApi,
  host: string,
  logins: readonly string[],
  [program = "", ...args]: readonly string[] = ["id", "-un"],
): Promise<RunEnd> {
  const names = logins.map((_login, index) => `${host}${String(index + 1)}`);
  place.directory(...names);
  const nodes = logins.map((user, index) => `<node hostname="${names[index] ?? ""}" user="${user}"/>`);
  const directory = `<plush><resource_manager type="ssh">${nodes.join("")}</resource_manager></plush>`;
  const text = applicationXml({
    managerType: "ssh",
    components: [
      { hosts: String(logins.length), blocks: processXml(program, args, { attributes: 'user="bob"' }) },
    ],
  });
  await api.loadDirectory({ path: place.path("directory.xml"), text: directory });
  const loaded = await api.loadApplication({ path: place.path("application.xml"), text });
  expect(loaded.problems).toEqual([]);
  const events: RunEvent[] = [];
  const stop = api.subscribe((event) => events.push(event));
  const started = await api.startRun(RUN);
  if (started.kind === "refused") throw new Error(started.reason);
  const { exitCode } = await api.ended(started.run);
  stop();
  return { exitCode, events, results: started.results };
}

function failures(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) =>
    event.event === "host" && event.state === "failed"
      ? [`${event.host} ${event.step ?? ""}: ${event.reason ?? ""}`]
      : [],
  );
}

describe.skipIf(hindered).concurrent("processes as another user by sudo", () => {
  test("one question for all hosts, asked again when it was wrong; the password is in no file", async () => {
    const place = await RunPlace.open(world);
    const api = await place.controller();
    const asked: string[] = [];
    api.onQuestion((change) => {
      if (change.kind !== "asked") return;
      asked.push(`${change.question.kind} ${change.question.text}`);
      api.answer(change.question.id, asked.length === 1 ? "wrong" : PASSWORD);
    });
    try {
      const end = await runAsBob(place, api, "h", ["alice", "carol", "carol"]);
      expect({ failures: failures(end.events), exitCode: end.exitCode }).toEqual({
        failures: [],
        exitCode: 0,
      });
      const printed = Object.entries(readTree(join(end.results, "output")));
      const out = printed.flatMap(([name, text]) => (name.endsWith(".stdout") ? [text] : []));
      expect(out).toEqual(["bob\n", "bob\n", "bob\n"]);
      expect(asked).toHaveLength(2);
      expect(asked[0]).toMatch(/^secret Password of carol for sudo on these hosts \(h[23] wants it\): $/);
      expect(asked[1]).toMatch(/^secret That was wrong on h[23]\. Password of carol/);
      const again = await runAsBob(place, api, "h", ["alice", "carol", "carol"]);
      expect(again.exitCode).toBe(0);
      expect(asked).toHaveLength(2);
      const files = readdirSync(place.folder, { recursive: true, withFileTypes: true }).filter((file) =>
        file.isFile(),
      );
      const telling = files.filter((file) =>
        readFileSync(join(file.parentPath, file.name)).includes(PASSWORD),
      );
      expect(telling.map((file) => file.name)).toEqual([]);
    } finally {
      await place.endClean();
    }
  });

  test("processes of others end with the run, and with a client that is killed", async () => {
    const place = await RunPlace.open(world);
    const api = await place.controller();
    api.onQuestion((change) => {
      if (change.kind === "asked") api.answer(change.question.id, PASSWORD);
    });
    const started = new Set<string>();
    const both = new Promise<void>((resolve) => {
      api.subscribe((event) => {
        if (event.event === "process" && event.state === "started") started.add(event.host);
        if (started.size === 2) resolve();
      });
    });
    const areBobs = (): number =>
      place.hosts.listProcesses().filter(({ commandLine }) => commandLine === "sleep 1000").length;
    try {
      const running = runAsBob(place, api, "k", ["carol", "carol"], ["sleep", "1000"]);
      await both;
      expect(await holdsWithin(STEP_MS, () => areBobs() === 2)).toBe(true);
      kill(place.hosts.clientPid("k1"), "SIGKILL");
      // There is no other host, so that the run ends: one process goes with its client, one because it is stopped.
      expect((await running).exitCode).toBe(4);
      expect(await holdsWithin(STEP_MS, () => areBobs() === 0)).toBe(true);
    } finally {
      await place.endClean();
    }
  });

  test("a test of hosts tries the users of the components, and asks for passwords as a run does", async () => {
    const place = await RunPlace.open(world);
    const api = await place.controller();
    const asked: string[] = [];
    const stop = api.onQuestion((change) => {
      if (change.kind !== "asked") return;
      if (change.question.text.includes("carol")) asked.push(change.question.text);
      api.answer(change.question.id, asked.length === 1 ? "wrong" : PASSWORD);
    });
    const told = async (): Promise<Record<string, string>> => {
      const sudo: Record<string, string> = {};
      const result = await api.testHosts(
        { fanout: 8, hosts: undefined, group: undefined, exclude: undefined, users: [], components: true },
        ({ host, checks }) => {
          const own = checks.filter(({ step }) => step === "sudo");
          sudo[host] = own.map(({ outcome, detail }) => `${outcome} ${detail}`).join();
        },
      ).ended;
      expect(result.kind).toBe("tested");
      return sudo;
    };
    try {
      place.directory("t1", "t2", "t3", "t4");
      const users = ["alice", "carol", "dave", "dave"];
      const nodes = users.map(
        (user, at) =>
          `<node hostname="t${String(at + 1)}" user="${user}" group="${at < 3 ? "needed" : "other"}"/>`,
      );
      const directory = `<plush><resource_manager type="ssh">${nodes.join("")}</resource_manager></plush>`;
      const blocks = processXml("id", [], { attributes: 'user="bob"' });
      const text = applicationXml({
        managerType: "ssh",
        components: [{ hosts: "1", blocks, group: "needed" }],
      });
      await api.loadDirectory({ path: place.path("directory.xml"), text: directory });
      const loaded = await api.loadApplication({ path: place.path("application.xml"), text });
      expect(loaded.problems).toEqual([]);
      const all = await told();
      expect(all).toEqual({
        t1: "ok may become bob",
        t2: "ok may become bob",
        t3: expect.stringMatching(/^failed bob: .*dave is not in the sudoers file/),
        t4: "",
      });
      expect(asked).toEqual([
        "Password of carol for sudo on these hosts (t2 wants it): ",
        "That was wrong on t2. Password of carol for sudo on these hosts (t2 wants it): ",
      ]);
      stop();
      const quiet = await place.controller();
      await quiet.loadDirectory({ path: place.path("directory.xml"), text: directory });
      await quiet.loadApplication({ path: place.path("application.xml"), text });
      const nobody: string[] = [];
      await quiet.testHosts(
        { fanout: 8, hosts: "t2", group: undefined, exclude: undefined, users: [], components: true },
        ({ checks }) =>
          nobody.push(...checks.filter(({ step }) => step === "sudo").map(({ detail }) => detail)),
      ).ended;
      expect(nobody).toEqual(["bob: sudo: a password is required, and nobody has given one"]);
    } finally {
      await place.endClean();
    }
  });

  test("refused before anything starts: in sudo's words, and by nobody who answers", async () => {
    const place = await RunPlace.open(world);
    const api = await place.controller();
    try {
      const nobody = await runAsBob(place, api, "h", ["carol"]);
      expect(nobody.exitCode).toBe(3);
      expect(failures(nobody.events)).toEqual([
        "h1 user: bob: sudo: a password is required, and nobody has given one",
      ]);
      api.onQuestion((change) => {
        if (change.kind === "asked") api.answer(change.question.id, PASSWORD);
      });
      const forbidden = await runAsBob(place, api, "d", ["dave", "dave"]);
      expect(forbidden.exitCode).toBe(3);
      expect(failures(forbidden.events)[0]).toMatch(/^d[12] user: bob: dave is not in the sudoers file\./);
      expect(forbidden.events.filter((event) => event.event === "process")).toEqual([]);
      const told = forbidden.events.filter((event) => event.event === "problem" && event.step === "user");
      expect(told.every((event) => event.event === "problem" && event.remedy.includes("visudo"))).toBe(true);
    } finally {
      await place.endClean();
    }
  });
});
