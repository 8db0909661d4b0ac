// Connections to a real sshd, by ssh2 and by the system's ssh: the same suite for both, and nothing left of either.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SshConnection, SshTransport } from "../../src-main/ssh/ssh.ts";
import { holdsWithin, processesOf } from "./process-list.ts";
import { farmHindrance, SshFarm } from "./ssh-farm.ts";
import { failureOf, SshPlace, told, valueOf, type TransportName, type TransportWishes } from "./ssh-place.ts";

/** Twenty logins and thirty shells on a busy two-core machine. */
const DEADLINE_MS = 50_000;
/** Processes that were told to end need a moment. */
const END_MS = 5_000;
const never = new AbortController().signal;

describe.skipIf(farmHindrance() !== undefined)("SSH to a real sshd", () => {
  let farmFolder: SshPlace;
  let farm: SshFarm;

  beforeAll(async () => {
    farmFolder = new SshPlace();
    farm = await SshFarm.open({ homes: join(farmFolder.folder, "homes") });
  });

  afterAll(async () => {
    await farm.close();
    await farmFolder.close();
  });

  describe.each([{ name: "ssh2" }, { name: "system-ssh" }] as const)("by $name", ({ name }) => {
    suite(name, () => farm);
  });
});

function suite(name: TransportName, farmOf: () => SshFarm): void {
  let place: SshPlace;
  let farm: SshFarm;

  beforeEach(() => {
    farm = farmOf();
    place = new SshPlace();
    place.writeConfig(
      `Host *\n  IdentityFile ${farm.keyFile}\n  User root\nHost 127.1.* gate\n  Port ${String(farm.port)}\n`,
    );
    place.writeKnownHosts(farm.knownHosts);
  });

  afterEach(async () => {
    const { folder } = place;
    await place.close();
    const quiet = await holdsWithin(END_MS, () => processesOf(folder).length === 0);
    expect(quiet ? [] : processesOf(folder), "nothing is left running").toEqual([]);
    expect(mastersOf(folder), "no control socket is left").toEqual([]);
  });

  const transport = (wishes?: TransportWishes): SshTransport => place.transport(name, wishes);
  const connected = async (host = "127.1.0.1"): Promise<SshConnection> =>
    valueOf(await place.connect(transport(), host));
  const text = async (connection: SshConnection, command: string): Promise<string> => {
    const output = valueOf(await connection.run(command, { deadlineMs: DEADLINE_MS, signal: never }));
    return Buffer.from(output.stdout).toString();
  };

  describe("commands", () => {
    test("have their status and both outputs", async () => {
      const connection = await connected();
      const result = await connection.run("pwd; echo wrong >&2; exit 3", {
        deadlineMs: DEADLINE_MS,
        signal: never,
      });
      const { status, signal, stdout, stderr } = valueOf(result);
      expect({ status, signal }).toEqual({ status: 3, signal: undefined });
      expect(Buffer.from(stdout).toString()).toBe(`${farm.homeOf("127.1.0.1")}\n`);
      expect(Buffer.from(stderr).toString()).toBe("wrong\n");
    });

    test("take a large standard input, whole or in pieces", async () => {
      const connection = await connected();
      const whole = Buffer.alloc(5_000_000, "x");
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (let count = 0; count < 50; count += 1) yield Promise.resolve(Buffer.alloc(100_000, "y"));
      }
      for (const stdin of [whole, pieces()]) {
        const result = await connection.run("wc -c", { stdin, deadlineMs: DEADLINE_MS, signal: never });
        expect(Buffer.from(valueOf(result).stdout).toString().trim()).toBe("5000000");
      }
    });

    test("need not read what they are sent", async () => {
      const connection = await connected();
      const stdin = Buffer.alloc(10_000_000);
      const result = await connection.run("exit 0", { stdin, deadlineMs: DEADLINE_MS, signal: never });
      expect(valueOf(result).status).toBe(0);
    });

    test("may print more than is kept", async () => {
      const connection = await connected();
      const printed = await text(connection, "echo begin; head -c 30000000 /dev/zero; echo end");
      expect(printed.length).toBeLessThan(600_000);
      expect(printed.startsWith("begin\n")).toBe(true);
      expect(printed.endsWith("end\n")).toBe(true);
      expect(printed).toContain("bytes left out]");
    });

    test("are given up after their time, and end", async () => {
      const connection = await connected();
      const result = await connection.run("cat; sleep 600", { deadlineMs: 300, signal: never });
      expect(failureOf(result)).toMatchObject({ step: "command", reason: "has not ended within 0.3 s" });
      expect(await text(connection, "echo still there")).toBe("still there\n");
    });

    test("run on 20 hosts at once, and 10 at once on one", async () => {
      const carrier = transport();
      const hosts = Array.from({ length: 20 }, (_, index) => `127.1.2.${String(index + 1)}`);
      const homes = await Promise.all(
        hosts.map(async (host) => {
          const connection = valueOf(await place.connect(carrier, host));
          return (await text(connection, "pwd")).trim();
        }),
      );
      expect(homes).toEqual(hosts.map((host) => farm.homeOf(host)));
      const one = await connected();
      const numbers = Array.from({ length: 10 }, (_, index) => String(index));
      expect(await Promise.all(numbers.map((number) => text(one, `echo ${number}`)))).toEqual(
        numbers.map((number) => `${number}\n`),
      );
    });

    test("end with a signal", async () => {
      const connection = await connected();
      const result = await connection.run("kill -TERM $$", { deadlineMs: DEADLINE_MS, signal: never });
      // The system's ssh says 255 for every signal, and for all else that goes wrong.
      const { status, signal } = valueOf(result);
      expect({ status, signal }).toEqual(
        name === "ssh2" ? { status: undefined, signal: "SIGTERM" } : { status: 255, signal: undefined },
      );
    });
  });

  describe("streams", () => {
    const opened = async (command: string): Promise<Duplex> =>
      valueOf(await (await connected()).open(command, never));

    test("echo, and end when their end is sent", async () => {
      const stream = await opened("cat");
      const sent = Buffer.alloc(3_000_000, "echo ");
      stream.end(sent);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    });

    test("fail with the last words of their command", async () => {
      const stream = await opened("no-such-program");
      const error = await new Promise<Error>((resolve) => stream.once("error", resolve));
      expect(error.message).toMatch(
        /^the command has ended \(exit code 127\): .*no-such-program: not found/s,
      );
    });

    test("end their command when they are destroyed", async () => {
      const stream = await opened(`cat; : ${place.folder}`);
      const commands = (): number =>
        processesOf(place.folder).filter(({ commandLine }) => commandLine.includes("cat; :")).length;
      expect(await holdsWithin(END_MS, () => commands() > 0)).toBe(true);
      stream.destroy();
      expect(await holdsWithin(END_MS, () => commands() === 0)).toBe(true);
    });
  });

  describe("host keys", () => {
    const other = (file: string): string => {
      const path = join(place.folder, file);
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path]);
      return readFileSync(`${path}.pub`, "utf8").trim();
    };
    const own = (): string => farm.knownHosts.split(" ").slice(1, 3).join(" ").trim();
    const at = (host: string): string => `[${host}]:${String(farm.port)}`;

    test.each(["yes", "ask"] as const)("unknown ones are refused under %s", async (hostKeyPolicy) => {
      place.writeKnownHosts("");
      const result = await place.connect(transport({ hostKeyPolicy }), "127.1.0.1");
      expect(told(result)).toMatch(/^host key: the host key is not known/);
      expect(place.knownHosts).toBe("");
    });

    test.each(["accept-new", "no"] as const)(
      "unknown ones are written down under %s",
      async (hostKeyPolicy) => {
        // OpenSSH 9.2 itself goes on in an unfinished line.
        place.writeKnownHosts(name === "ssh2" ? "# first" : "# first\n");
        valueOf(await place.connect(transport({ hostKeyPolicy }), "127.1.0.1"));
        expect(place.knownHosts).toBe(`# first\n${at("127.1.0.1")} ${own()}\n`);
        valueOf(await place.connect(transport({ hostKeyPolicy: "yes" }), "127.1.0.1"));
      },
    );

    test.each(["yes", "ask", "accept-new"] as const)(
      "changed ones are refused under %s",
      async (hostKeyPolicy) => {
        place.writeKnownHosts(`# first\n${at("127.1.0.1")} ${other("old")}\n`);
        const { step, reason, remedy, unreachable } = failureOf(
          await place.connect(transport({ hostKeyPolicy }), "127.1.0.1"),
        );
        expect({ step, unreachable }).toEqual({ step: "host key", unreachable: false });
        const print = "SHA256:[A-Za-z0-9+/]{43}";
        expect(reason).toMatch(
          new RegExp(
            `^the host key has changed: ED25519 ${print} \\(.*known_hosts, line 2\\) is known, the host shows ED25519 ${print}$`,
          ),
        );
        expect(remedy).toContain(`ssh-keygen -R '${at("127.1.0.1")}' -f ${place.knownHostsFile}`);
      },
    );

    test("revoked ones are refused under every policy", async () => {
      place.writeKnownHosts(`@revoked * ${own()}\n${farm.knownHosts}`);
      const result = await place.connect(transport({ hostKeyPolicy: "accept-new" }), "127.1.0.1");
      expect(told(result)).toMatch(/^host key: the host key .*is revoked/);
    });

    test("of jumps and of hosts behind them are judged each under its own name", async () => {
      place.writeConfig(
        `Host *\n  IdentityFile ${farm.keyFile}\n  User root\n  Port ${String(farm.port)}\nHost 127.1.0.2\n  ProxyJump 127.1.0.1\n`,
      );
      place.writeKnownHosts(`${at("127.1.0.1")} ${own()}\n${at("127.1.0.2")} ${own()}\n`);
      const connection = valueOf(await place.connect(transport({ hostKeyPolicy: "yes" }), "127.1.0.2"));
      expect(await text(connection, "echo $SSH_CONNECTION | cut -d' ' -f3")).toBe("127.1.0.2\n");
      place.writeKnownHosts(`${at("127.1.0.1")} ${own()}\n${at("127.1.0.2")} ${other("inner")}\n`);
      const inner = await place.connect(transport({ hostKeyPolicy: "yes" }), "127.1.0.2");
      expect(told(inner)).toMatch(/^host key: the host key has changed/);
      expect(failureOf(inner).remedy).toContain(`'${at("127.1.0.2")}'`);
      place.writeKnownHosts(`${at("127.1.0.1")} ${other("outer")}\n${at("127.1.0.2")} ${own()}\n`);
      const outer = await place.connect(transport({ hostKeyPolicy: "yes" }), "127.1.0.2");
      expect(told(outer)).toMatch(/^jump 127\.1\.0\.1: host key: the host key has changed/);
    });
  });

  describe("what goes wrong", () => {
    test("a key that the host does not know", async () => {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(place.folder, "wrong")]);
      place.writeConfig(
        `Host *\n  IdentityFile ${join(place.folder, "wrong")}\n  User root\n  Port ${String(farm.port)}\n`,
      );
      const { step, reason, unreachable } = failureOf(await place.connect(transport(), "127.1.0.1"));
      expect({ step, unreachable }).toEqual({ step: "login", unreachable: false });
      const tried = name === "ssh2" ? `; tried ${join(place.folder, "wrong")}` : "";
      expect(reason).toBe(`Permission denied (publickey)${tried}`);
    });

    test("a name that nobody knows", async () => {
      const failure = failureOf(await place.connect(transport(), "no-such-host.invalid"));
      expect(failure).toMatchObject({ step: "resolve", unreachable: true });
    });

    test("a port on which nobody listens", async () => {
      const failure = failureOf(await place.connect(transport(), "127.0.0.1", never, 1));
      expect(failure).toMatchObject({
        step: "connect",
        reason: "connection refused on port 1",
        unreachable: true,
      });
    });

    test("a port behind a jump on which nobody listens", async () => {
      place.writeConfig(
        `Host *\n  IdentityFile ${farm.keyFile}\n  User root\nHost 127.1.0.1\n  Port ${String(farm.port)}\nHost 127.1.0.2\n  Port 1\n  ProxyJump 127.1.0.1\n`,
      );
      const failure = failureOf(await place.connect(transport(), "127.1.0.2"));
      expect(failure).toMatchObject({ step: "connect", unreachable: true });
      expect(failure.reason).toMatch(/^not reached from the jump host \(.*refused/);
    });

    test("a listener that stays silent", async () => {
      const port = await place.listen(() => undefined);
      const failure = failureOf(
        await place.connect(transport({ connectDeadlineMs: 1_000 }), "127.0.0.1", never, port),
      );
      expect(failure).toMatchObject({
        step: "connect",
        reason: "accepts the connection and stays silent",
        unreachable: true,
      });
    });

    test("a listener that closes at once, three times over", async () => {
      let knocks = 0;
      const port = await place.listen((socket) => {
        knocks += 1;
        socket.end("Exceeded MaxStartups\r\n");
      });
      const result = await place.connect(transport({ connectDeadlineMs: 1_500 }), "127.0.0.1", never, port);
      expect(failureOf(result)).toMatchObject({ step: "connect", unreachable: true });
      expect(told(result)).toMatch(
        name === "ssh2" ? /MaxStartups$/ : /closes the connection before the greeting$/,
      );
      expect(knocks).toBeGreaterThan(1);
    });

    test("a sshd that dies while a command runs", async () => {
      const mortal = await SshFarm.open({ homes: join(place.folder, "homes") });
      place.writeConfig(
        `Host *\n  IdentityFile ${mortal.keyFile}\n  User root\n  Port ${String(mortal.port)}\n`,
      );
      place.writeKnownHosts(mortal.knownHosts);
      const connection = await connected();
      const over = new AbortController();
      const stdin = forEver(over);
      const running = connection.run("cat >&2", { deadlineMs: DEADLINE_MS, signal: never, stdin });
      await new Promise((resolve) => over.signal.addEventListener("abort", resolve));
      await mortal.close();
      const failure = failureOf(await running);
      expect(failure).toMatchObject({ step: "command", unreachable: true });
      expect(failure.reason).toMatch(/^connection lost: /);
      expect(await connection.closed).not.toBe("");
      expect(told(await connection.run("true", { deadlineMs: 1_000, signal: never }))).toMatch(
        /connection lost/,
      );
      expect(told(await connection.open("true", never))).toMatch(/^shell: connection lost/);
    });

    test("more logins at once, and more sessions, than the host lets in", async () => {
      const config = ["MaxStartups 2:100:2", "MaxSessions 2"];
      const strict = await SshFarm.open({ homes: join(place.folder, "homes"), config });
      place.writeConfig(
        `Host *\n  IdentityFile ${strict.keyFile}\n  User root\n  Port ${String(strict.port)}\n`,
      );
      place.writeKnownHosts(strict.knownHosts);
      const carrier = transport();
      const results = await Promise.all(
        [1, 2, 3, 4, 5].map((host) => place.connect(carrier, `127.1.0.${String(host)}`)),
      );
      const connection = results.map(valueOf)[0]!;
      const streams = [
        valueOf(await connection.open("cat", never)),
        valueOf(await connection.open("cat", never)),
      ];
      // A command that has been started may be the one whose session is not there yet.
      for (const stream of streams) {
        stream.write("x");
        await new Promise((resolve) => stream.once("data", resolve));
      }
      const third = await connection.run("true", { deadlineMs: DEADLINE_MS, signal: never });
      expect(told(third)).toMatch(/^shell: the host opens no more sessions on this connection/);
      for (const stream of streams) stream.destroy();
      await strict.close();
    });
  });

  describe("interrupted", () => {
    test.each([
      ["before anything", undefined],
      ["by a silent host", ""],
      ["in the key exchange", "SSH-2.0-OpenSSH_9.2p1 Debian\r\n"],
    ])("%s, it ends at once", async (_when, greeting) => {
      const abort = new AbortController();
      const port = await place.listen((socket) => {
        if (greeting !== undefined) socket.write(greeting);
        setImmediate(() => {
          abort.abort();
        });
      });
      if (greeting === undefined) abort.abort();
      const failure = failureOf(await place.connect(transport(), "127.0.0.1", abort.signal, port));
      expect(failure.reason).toBe("interrupted");
    });

    test("while a command runs, the command ends and the connection stays", async () => {
      const connection = await connected();
      const abort = new AbortController();
      const running = connection.run("cat", {
        deadlineMs: DEADLINE_MS,
        signal: abort.signal,
        stdin: forEver(abort),
      });
      expect(failureOf(await running)).toMatchObject({ step: "command", reason: "interrupted" });
      expect(await text(connection, "echo still there")).toBe("still there\n");
    });
  });
}

/** Folders of master connections whose configuration is that of a test. */
function mastersOf(folder: string): string[] {
  return readdirSync(tmpdir()).filter((name) => {
    const config = join(tmpdir(), name, "config");
    return (
      name.startsWith("nebula-ssh-") && existsSync(config) && readFileSync(config, "utf8").includes(folder)
    );
  });
}

/** Standard input that goes on for ever, and interrupts after its first piece. */
async function* forEver(abort: AbortController): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.from("more");
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
  }
}
