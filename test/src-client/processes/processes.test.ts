// Processes start, are watched, and end with all their descendants; real ones, on this host.
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RING_BYTES } from "../../../src-client/processes/ring-file.ts";
import { DEFAULTS } from "#shared/application/application-limits.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createProcessWorld, NO_LIMITS, type ProcessWorld } from "./process-world.ts";

const RUN = "run-1";
/** Longer than the longest thing bounded inside: grace, wait for output, wait for exit. */
const PATIENT_MS = 20_000;
/** Nobody waits for it: where the test needs a process that stays. */
const FOREVER = "exec sleep 1000";

let world: ProcessWorld;
beforeEach(async () => {
  world = await createProcessWorld();
});
afterEach(async () => {
  await world.close();
  expect(await world.left()).toEqual([]);
});

const sh = (id: string, script: string, changed = {}): void => {
  world.start(id, { args: ["-c", script], ...changed });
};

describe("a process", () => {
  test("starts, writes and exits, in that order", async () => {
    sh("a", "echo out; echo err >&2; exit 3");
    const exited = await world.until("exited", "a");
    expect(exited.exit).toEqual({ status: 3, signal: undefined });
    expect(exited.outputEnd).toEqual({ stdout: 4, stderr: 4 });
    expect(exited.outputHeld).toBe(false);
    expect((await world.read("a")).toString()).toBe("out\n");
    expect((await world.read("a", "stderr")).toString()).toBe("err\n");
    expect(world.events[0]?.kind).toBe("started");
    expect(world.events.at(-1)?.kind).toBe("exited");
  });

  test("has exactly the environment given, and the marks", async () => {
    sh("a", "env | cut -d= -f1 | sort", { environment: { PATH: process.env["PATH"] ?? "", GREETING: "hi" } });
    await world.until("exited", "a");
    const names = (await world.read("a")).toString().trim().split("\n");
    expect(names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual([
      "GREETING",
      "PATH",
      "PLUSH_PROCESS",
      "PLUSH_RUN",
    ]);
  });

  test("leads a session and a group of its own", async () => {
    sh("a", "cut -d' ' -f1,5,6 /proc/$$/stat");
    const { pid } = await world.until("started", "a");
    await world.until("exited", "a");
    expect((await world.read("a")).toString().trim()).toBe(`${pid} ${pid} ${pid}`);
  });

  test("may open its output anew", async () => {
    sh("a", "echo one > /dev/stdout; echo two > /dev/stderr");
    await world.until("exited", "a");
    expect((await world.read("a")).toString()).toBe("one\n");
    expect((await world.read("a", "stderr")).toString()).toBe("two\n");
  });

  test("that dies of a signal says which", async () => {
    sh("a", "kill -SEGV $$");
    expect((await world.until("exited", "a")).exit).toEqual({ status: undefined, signal: "SIGSEGV" });
  });

  test("shows what it has used", async () => {
    sh("a", "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; exec sleep 0.3");
    const { usage } = await world.until("exited", "a");
    expect(usage.wallMs).toBeGreaterThan(300);
    expect(usage.cpuMs).toBeGreaterThan(0);
    expect(usage.memoryBytesMax).toBeGreaterThan(100_000);
  });

  test("that prints without a line end and invalid UTF-8 comes through byte for byte", async () => {
    sh("a", String.raw`printf '\377\376\000\200abc'`);
    await world.until("exited", "a");
    expect([...(await world.read("a"))]).toEqual([255, 254, 0, 128, 97, 98, 99]);
  });

  test("keeps its secrets out of its output", async () => {
    sh("a", 'printf "key=%s." "$KEY"', {
      environment: { PATH: process.env["PATH"] ?? "", KEY: "hunter2" },
      secrets: ["hunter2"],
    });
    const { outputEnd } = await world.until("exited", "a");
    expect((await world.read("a")).toString()).toBe("key=***.");
    expect(outputEnd.stdout).toBe(8);
  });

  test("takes thousands of arguments", async () => {
    const args = Array.from({ length: 10_000 }, (_, index) => `argument-${index}`);
    sh("a", "echo $#", { args: ["-c", "echo $#", "sh", ...args] });
    await world.until("exited", "a");
    expect((await world.read("a")).toString()).toBe("10000\n");
  });

  test("many at once", async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `p${index}`);
    for (const id of ids) sh(id, `echo ${id}`);
    for (const id of ids) {
      await world.until("exited", id);
      expect((await world.read(id)).toString()).toBe(`${id}\n`);
    }
    await world.processes.forgetRun(RUN);
    expect((await readdir(world.directory)).filter((name) => !name.startsWith("pipe-"))).toEqual(["work"]);
  });
});

test("256 MB of output do not fill the memory", { timeout: PATIENT_MS }, async () => {
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  sh("a", "head -c 268435456 /dev/zero | tr '\\0' x");
  const { outputEnd } = await world.until("exited", "a");
  clearInterval(watch);
  expect(outputEnd.stdout).toBe(268_435_456);
  // The head that the controller will take, and the newest.
  expect((await world.read("a")).length).toBe(DEFAULTS.outputBytes + RING_BYTES);
  expect(most - before).toBeLessThan(100 * 1024 * 1024);
});

describe("what cannot start", () => {
  const failure = async (changed: object): Promise<string> => {
    world.start("a", changed);
    const { step, reason } = await world.until("notStarted", "a");
    return `${step}: ${reason}`;
  };

  test("no such file", async () => {
    expect(await failure({ path: "./server" })).toBe("start: ./server: No such file or directory");
    expect(world.events.map((event) => event.kind)).toEqual(["notStarted"]);
  });

  test("not in PATH", async () => {
    expect(await failure({ path: "no-such-program" })).toBe(
      "start: no-such-program: No such file or directory (not found in PATH)",
    );
  });

  test("not executable", async () => {
    await mkdir(join(world.directory, "work"));
    await writeFile(join(world.directory, "work", "text"), "hello");
    expect(await failure({ path: "./text" })).toBe("start: ./text: Permission denied (is it executable?)");
  });

  test("a directory", async () => {
    expect(await failure({ path: "/tmp" })).toBe("start: /tmp: Permission denied (it is a directory)");
  });

  test("a work directory that cannot be made", async () => {
    await writeFile(join(world.directory, "file"), "");
    expect(await failure({ cwd: join(world.directory, "file", "below") })).toMatch(
      /^work directory: .*below: Not a directory/,
    );
  });

  test("a work directory where nothing can be made", async () => {
    expect(await failure({ cwd: "/proc/none/below" })).toBe(
      "work directory: /proc/none/below: No such file or directory",
    );
  });

  test("a work directory outside of the run's own is never made", async () => {
    const cwd = join(tmpdir(), "nebula-nowhere", "below");
    expect(await failure({ cwd })).toBe(`work directory: ${cwd}: No such file or directory`);
    expect(existsSync(join(cwd, ".."))).toBe(false);
  });

  test("a missing interpreter", async () => {
    const file = join(world.directory, "script");
    await writeFile(file, "#!/no/such/interpreter -x\n", { mode: 0o755 });
    expect(await failure({ path: file })).toContain(
      "bad interpreter: /no/such/interpreter: No such file or directory",
    );
  });

  test("a script with Windows line ends", async () => {
    const file = join(world.directory, "script");
    await writeFile(file, "#!/bin/sh\r\necho\r\n", { mode: 0o755 });
    expect(await failure({ path: file })).toContain("Windows line ends");
  });

  test("a binary for nobody", async () => {
    const file = join(world.directory, "binary");
    await writeFile(file, Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 1, 2, 3]), { mode: 0o755 });
    expect(await failure({ path: file })).toContain("Exec format error");
  });

  test("too many arguments", async () => {
    const big = "x".repeat(1024 * 1024);
    expect(await failure({ args: ["-c", "true", ...Array.from({ length: 8 }, () => big)] })).toMatch(
      /^start: \/bin\/sh: Argument list too long \(arguments and environment: 8\d{6} bytes\)$/,
    );
  });

  test("an unknown user", async () => {
    expect(await failure({ user: "no-such-user" })).toMatch(/^user: no-such-user: /);
  });

  test("a limit above what the host allows", async () => {
    expect(await failure({ limits: { ...NO_LIMITS, openFiles: 2_000_000_000 } })).toMatch(
      /^limits: .*not permitted/i,
    );
  });

  test("stopped before it has started", async () => {
    world.start("a", { args: ["-c", FOREVER] });
    await world.processes.stop("a", 0);
    expect(["notStarted", "exited"]).toContain(world.events.at(-1)?.kind);
  });
});

describe("limits", () => {
  test("open files, file size, processor time", async () => {
    sh("a", "ulimit -n; ulimit -f; ulimit -t; ulimit -v", {
      limits: {
        ...NO_LIMITS,
        openFiles: 64,
        fileSizeBytes: 10_240,
        cpuSeconds: 7,
        memoryBytes: 1_073_741_824,
      },
    });
    await world.until("exited", "a");
    expect((await world.read("a")).toString().trim().split("\n")).toEqual(["64", "20", "7", "1048576"]);
  });

  test("a file that grows too big ends its writer", async () => {
    sh("a", "exec head -c 100000 /dev/zero > big", { limits: { ...NO_LIMITS, fileSizeBytes: 10_240 } });
    expect((await world.until("exited", "a")).exit.signal).toBe("SIGXFSZ");
  });

  test("processes are counted", async () => {
    sh("a", "ulimit -p", { limits: { ...NO_LIMITS, processes: 50 } });
    await world.until("exited", "a");
    expect((await world.read("a")).toString().trim()).toMatch(/^(50|8)$/);
  });
});

describe("another user", () => {
  test("runs with the user's numbers, in a folder that is theirs; without root there must be sudo", async () => {
    const cwd = join(await mkdtemp(join(tmpdir(), "nebula-open-")), "one", "two");
    await chmod(join(cwd, "..", ".."), 0o755);
    sh("a", "id -un; id -Gn; touch mine && echo again > /dev/stdout", {
      user: "nobody",
      cwd,
      workDirectory: join(cwd, ".."),
    });
    if (process.getuid?.() !== 0) {
      expect((await world.until("notStarted", "a")).step).toBe("user");
      return;
    }
    const exited = await world.until("exited", "a");
    await rm(join(cwd, "..", ".."), { recursive: true });
    expect((await world.read("a", "stderr")).toString()).toBe("");
    expect((await world.read("a")).toString()).toBe("nobody\nnogroup\nagain\n");
    expect(exited.exit.status).toBe(0);
  });

  test.each([
    { what: "without a password", password: undefined, reads: "" },
    {
      what: "with a password",
      password: "swordfish",
      reads: 'read -r given; [ "$given" = swordfish ] || exit 1; ',
    },
    // As when sudoers has changed since: what was sent for sudo must not reach the program, nor be run.
    { what: "with a password that is not wanted", password: "; echo caught", reads: "" },
  ])(
    "by sudo $what: nothing shows in the arguments, input and stopping work",
    async ({ password, reads }) => {
      const bin = join(world.directory, "bin");
      await mkdir(bin);
      const path = `${bin}:${process.env["PATH"] ?? ""}`;
      // What sudo does that matters here: it reads one line, and starts what stands behind -- with a cleared environment.
      const options = 'while [ "$1" != -- ]; do shift; done; shift\n';
      await writeFile(join(bin, "sudo"), `#!/bin/sh\n${options}${reads}\nexec env -i PATH='${path}' "$@"\n`, {
        mode: 0o755,
      });
      const environment = { PATH: path, KEY: "it's\n$(secret) `too`", EMPTY: "" };
      const sudoed = await createProcessWorld({}, async () => ({ kind: "sudo", user: "somebody", password }));
      const pathBefore = process.env["PATH"];
      try {
        process.env["PATH"] = path;
        const script = 'printf "%s|%s|" "$KEY" "${EMPTY-unset}"; cat; echo; exec sleep 1000';
        sudoed.start("a", { args: ["-c", script], environment, wantsInput: true });
        const { pid } = await sudoed.until("started", "a");
        expect(await readFile(`/proc/${pid}/cmdline`, "utf8")).not.toMatch(/secret|swordfish|caught/);
        sudoed.processes.input("a", Buffer.from("input"), true);
        expect(await sudoed.untilPrinted("a", "input\n")).toBe("it's\n$(secret) `too`||input\n");
        expect(sudoed.sudoWays).toMatchObject([{ user: "somebody", password }]);
        expect(await sudoed.processes.stop("a", 5000)).toEqual([]);
        expect((await sudoed.until("exited", "a")).exit.signal).toBe("SIGTERM");
      } finally {
        process.env["PATH"] = pathBefore;
        await sudoed.close();
      }
    },
  );
});

describe("input", () => {
  test("arrives, and ends", async () => {
    sh("a", "cat", { wantsInput: true });
    await world.until("inputReady", "a");
    expect(world.processes.input("a", Buffer.from("hello "), false)).toBe("taken");
    expect(world.processes.input("a", Buffer.from("world"), true)).toBe("taken");
    expect(world.processes.input("a", Buffer.from("more"), false)).toBe("closed");
    await world.until("exited", "a");
    expect((await world.read("a")).toString()).toBe("hello world");
  });

  test("is refused when the process does not read, and told when it does", async () => {
    sh("a", "mkfifo go; echo up; read line < go; wc -c", { wantsInput: true });
    await world.untilPrinted("a", "up");
    const piece = Buffer.alloc(65_536, "x");
    let taken = 0;
    while (world.processes.input("a", piece, false) === "taken") taken += piece.length;
    expect(taken).toBeLessThan(3 * 1024 * 1024);
    const readies = (): number => world.events.filter((event) => event.kind === "inputReady").length;
    expect(readies()).toBe(1);
    await writeFile(join(world.directory, "work", "go"), "now\n");
    await world.until("inputReady", "a", () => readies() === 2);
    expect(world.processes.input("a", piece, true)).toBe("taken");
    await world.until("exited", "a");
    expect((await world.read("a")).toString()).toBe(`up\n${taken + piece.length}\n`);
  });

  test("of a process that has gone is closed", async () => {
    sh("a", "exit 0", { wantsInput: true });
    await world.until("exited", "a");
    expect(world.processes.input("a", Buffer.from("x"), false)).toBe("closed");
  });

  test("a process without it sees the end at once", async () => {
    sh("a", "cat; echo done");
    await world.until("exited", "a");
    expect((await world.read("a")).toString()).toBe("done\n");
  });
});
