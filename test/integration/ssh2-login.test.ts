// What only ssh2 does by itself: agents, passphrases, questions, host keys before credentials, shared jumps.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ssh2 from "ssh2";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SshQuestions } from "../../src-main/ssh/ssh.ts";
import { holdsWithin } from "./process-list.ts";
import { newServerKey } from "./server-key.ts";
import { farmHindrance, SshFarm } from "./ssh-farm.ts";
import { failureOf, SshPlace, told, valueOf } from "./ssh-place.ts";

/** Node finds only some names of a CommonJS module; the whole is its default export. */
const { Server } = (ssh2 as unknown as { default: typeof ssh2 }).default;

const START_MS = 10_000;
const never = new AbortController().signal;
let place: SshPlace;

beforeEach(() => {
  place = new SshPlace();
});

afterEach(async () => {
  await place.close();
});

function newKey(file: string, passphrase = "", type = "ed25519"): string {
  const path = join(place.folder, file);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "", "-f", path]);
  return path;
}

describe.skipIf(farmHindrance() !== undefined)("ssh2 to a real sshd", () => {
  let farmPlace: SshPlace;
  let farm: SshFarm;

  beforeAll(async () => {
    farmPlace = new SshPlace();
    farm = await SshFarm.open({ homes: join(farmPlace.folder, "homes") });
  });

  afterAll(async () => {
    await farm.close();
    await farmPlace.close();
  });

  /** Host settings that lead to the farm, with more lines. */
  function configure(...lines: readonly string[]): void {
    const all = ["Host *", "User root", `Port ${String(farm.port)}`, ...lines];
    place.writeConfig(`${all.join("\n")}\n`);
    place.writeKnownHosts(farm.knownHosts);
  }

  test("an agent's key lets one in, and its other keys are counted when none does", async () => {
    configure();
    const socket = join(place.folder, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    const add = (file: string): number | null =>
      spawnSync("ssh-add", ["-q", file], { env: { ...process.env, SSH_AUTH_SOCK: socket } }).status;
    try {
      const [first, second] = [newKey("first"), newKey("second", "", "rsa")];
      expect(await holdsWithin(START_MS, () => add(first) === 0)).toBe(true);
      add(second);
      const transport = place.transport("ssh2", { environment: { SSH_AUTH_SOCK: socket } });
      const refusal = failureOf(await place.connect(transport, "127.1.0.1"));
      expect(refusal.reason).toBe("Permission denied (publickey); tried agent: 2 keys");
      add(farm.keyFile);
      valueOf(await place.connect(transport, "127.1.0.1"));
      configure("IdentitiesOnly yes", `IdentityFile ${first}`);
      const only = place.transport("ssh2", { environment: { SSH_AUTH_SOCK: socket } });
      const named = failureOf(await place.connect(only, "127.1.0.1"));
      expect(named.reason).toBe("Permission denied (publickey); tried agent: 1 key");
    } finally {
      agent.kill();
    }
  });

  test("an RSA key signs with SHA-2", async () => {
    const key = newKey("rsa", "", "rsa");
    const strange = await SshFarm.open({
      homes: join(place.folder, "homes"),
      config: [`AuthorizedKeysFile ${key}.pub`],
    });
    place.writeConfig(`Host *\n  User root\n  Port ${String(strange.port)}\n  IdentityFile ${key}\n`);
    place.writeKnownHosts(strange.knownHosts);
    valueOf(await place.connect(place.transport("ssh2"), "127.1.0.1"));
    await strange.close();
  });

  test.each(["rfc4716", "PEM"])(
    "a passphrase is asked for once for a key in the format %s",
    async (format) => {
      const key = newKey("secret", "", format === "PEM" ? "ecdsa" : "ed25519");
      execFileSync("ssh-keygen", ["-q", "-p", "-P", "", "-N", "open sesame", "-m", format, "-f", key]);
      const locked = await SshFarm.open({
        homes: join(place.folder, "homes"),
        config: [`AuthorizedKeysFile ${key}.pub`],
      });
      place.writeConfig(`Host *\n  User root\n  Port ${String(locked.port)}\n  IdentityFile ${key}\n`);
      place.writeKnownHosts(locked.knownHosts);
      const asked: string[] = [];
      const ask: SshQuestions["ask"] = (prompt, { secret }) => {
        asked.push(`${prompt}${secret ? "(secret)" : ""}`);
        return Promise.resolve(asked.length === 1 ? "wrong" : "open sesame");
      };
      const transport = place.transport("ssh2", { questions: { ask } });
      const hosts = ["127.1.0.1", "127.1.0.2", "127.1.0.3"];
      const results = await Promise.all(hosts.map((host) => place.connect(transport, host)));
      results.forEach(valueOf);
      const prompt = `Passphrase for ${key}: (secret)`;
      expect(asked).toEqual([prompt, `That was wrong. ${prompt}`]);
      const nobody = failureOf(await place.connect(place.transport("ssh2"), "127.1.0.1"));
      expect(nobody.reason).toContain(`${key} needs a passphrase, and nobody has given one`);
      await locked.close();
    },
  );

  test("a passphrase is not asked for when the host does not want the key", async () => {
    const key = newKey("unwanted", "open sesame");
    configure(`IdentityFile ${key}`, `IdentityFile ${farm.keyFile}`);
    const ask = (): never => {
      throw new Error("asked");
    };
    valueOf(await place.connect(place.transport("ssh2", { questions: { ask } }), "127.1.0.1"));
  });

  test("an unknown host key is shown to whoever can answer", async () => {
    configure(`IdentityFile ${farm.keyFile}`, "HashKnownHosts yes");
    place.writeKnownHosts("");
    const shown: string[] = [];
    const acceptHostKey: SshQuestions["acceptHostKey"] = ({ host, keyType, fingerprint }) => {
      shown.push(`${host} ${keyType} ${fingerprint}`);
      return Promise.resolve(true);
    };
    const transport = place.transport("ssh2", { hostKeyPolicy: "ask", questions: { acceptHostKey } });
    valueOf(await place.connect(transport, "127.1.0.1"));
    const file = join(place.folder, "line");
    const print = execFileSync("ssh-keygen", ["-lf", place.knownHostsFile], { encoding: "utf8" }).split(
      " ",
    )[1];
    expect(shown).toEqual([`[127.1.0.1]:${String(farm.port)} ED25519 ${print ?? file}`]);
    expect(place.knownHosts).toMatch(/^\|1\|\S+ ssh-ed25519 \S+\n$/);
    const name = `[127.1.0.1]:${String(farm.port)}`;
    expect(spawnSync("ssh-keygen", ["-F", name, "-f", place.knownHostsFile]).status).toBe(0);
    valueOf(await place.connect(place.transport("ssh2", { hostKeyPolicy: "yes" }), "127.1.0.1"));
  });

  test("of a host with several keys the one is asked for that is known", async () => {
    const second = newKey("host_ecdsa", "", "ecdsa");
    const double = await SshFarm.open({ homes: join(place.folder, "homes"), config: [`HostKey ${second}`] });
    place.writeConfig(
      `Host *\n  User root\n  Port ${String(double.port)}\n  IdentityFile ${double.keyFile}\n`,
    );
    place.writeKnownHosts(`* ${readFileSync(`${second}.pub`, "utf8")}`);
    valueOf(await place.connect(place.transport("ssh2", { hostKeyPolicy: "yes" }), "127.1.0.1"));
    await double.close();
  });

  test("all hosts behind a jump share one connection to it", async () => {
    const gate = await SshFarm.open({ homes: join(place.folder, "homes") });
    place.writeConfig(
      `Host gate\n  HostName 127.1.0.1\n  Port ${String(gate.port)}\n  IdentityFile ${gate.keyFile}\n` +
        `Host 127.1.3.*\n  Port ${String(farm.port)}\n  ProxyJump gate\n  IdentityFile ${farm.keyFile}\n` +
        `Host *\n  User root\n`,
    );
    const gateName = `[127.1.0.1]:${String(gate.port)}`;
    place.writeKnownHosts(
      `${gateName} ${gate.knownHosts.slice(2)}127.1.3.*,[127.1.3.*]:* ${farm.knownHosts.slice(2)}`,
    );
    const transport = place.transport("ssh2");
    const hosts = Array.from({ length: 20 }, (_, index) => `127.1.3.${String(index + 1)}`);
    const connections = (await Promise.all(hosts.map((host) => place.connect(transport, host)))).map(valueOf);
    expect(gate.log.match(/Accepted publickey/g)).toHaveLength(1);
    for (const connection of connections) connection.close();
    await Promise.all(connections.map(({ closed }) => closed));
    expect(await holdsWithin(START_MS, () => gate.log.includes("Disconnected from user root"))).toBe(true);
    await gate.close();
  });

  test("what ssh2 cannot do is said with the way out", async () => {
    configure("ProxyCommand nc %h %p");
    const failure = failureOf(await place.connect(place.transport("ssh2"), "127.1.0.1"));
    expect(failure.reason).toMatch(/ProxyCommand/);
    expect(failure.remedy).toContain('transport="system-ssh"');
    const certificate = newKey("certified");
    configure(`IdentityFile ${certificate}`, `CertificateFile ${certificate}-cert.pub`);
    const denied = failureOf(await place.connect(place.transport("ssh2"), "127.1.0.1"));
    expect(denied).toMatchObject({ step: "login" });
    expect(denied.remedy).toContain('transport="system-ssh"');
  });

  test("a circle of jumps is noticed", async () => {
    configure("ProxyJump 127.1.0.9");
    expect(told(await place.connect(place.transport("ssh2"), "127.1.0.1"))).toMatch(
      /jump hosts one after the other/,
    );
  });
});

/** How a server of our own lets in: it records what it is offered. */
interface Doorman {
  readonly methods: readonly string[];
  readonly offered: string[];
}

describe("ssh2 to a server of our own", () => {
  const PASSWORD = "swordfish";

  async function serve({ methods, offered }: Doorman): Promise<number> {
    const hostKey = newServerKey();
    const sessions = new Set<ssh2.Connection>();
    const server = new Server({ hostKeys: [hostKey] }, (session) => {
      sessions.add(session);
      // A client that is refused hangs up as it likes.
      session.on("error", () => undefined);
      session.on("authentication", (context) => {
        const { method } = context;
        offered.push(method === "password" ? `password ${context.password}` : method);
        if (method === "password" && methods.includes(method) && context.password === PASSWORD)
          context.accept();
        else if (method === "keyboard-interactive" && methods.includes(method)) {
          context.prompt([{ prompt: "Code: ", echo: true }], (answers) => {
            offered.push(`answer ${answers.join(",")}`);
            if (answers[0] === PASSWORD) context.accept();
            else context.reject([...methods] as ssh2.AuthenticationType[]);
          });
        } else context.reject([...methods] as ssh2.AuthenticationType[]);
      });
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        resolve((server.address() as { port: number }).port);
      });
    });
    place.onClose(() => {
      for (const session of sessions) session.end();
      server.close();
    });
    return port;
  }

  const answering =
    (...answers: readonly (string | undefined)[]): SshQuestions["ask"] =>
    () =>
      Promise.resolve(answers[asked++]);
  let asked = 0;

  beforeEach(() => {
    asked = 0;
    place.writeConfig("Host *\n  User somebody\n  IdentityFile none\n");
  });

  test("a mistyped password may be corrected, and is remembered for the next time", async () => {
    const offered: string[] = [];
    const port = await serve({ methods: ["password"], offered });
    const questions = { ask: answering("sword", PASSWORD) };
    const transport = place.transport("ssh2", { hostKeyPolicy: "accept-new", questions });
    valueOf(await place.connect(transport, "127.0.0.1", never, port));
    valueOf(await place.connect(transport, "127.0.0.1", never, port));
    expect(asked).toBe(2);
    expect(offered.filter((words) => words.startsWith("password"))).toEqual([
      "password sword",
      `password ${PASSWORD}`,
      `password ${PASSWORD}`,
    ]);
  });

  test("questions of the server are passed on", async () => {
    const offered: string[] = [];
    const port = await serve({ methods: ["keyboard-interactive"], offered });
    const questions = { ask: answering(PASSWORD) };
    const transport = place.transport("ssh2", { hostKeyPolicy: "accept-new", questions });
    valueOf(await place.connect(transport, "127.0.0.1", never, port));
    expect(offered).toEqual(["keyboard-interactive", `answer ${PASSWORD}`]);
  });

  test("without anybody to answer, the host's methods are told", async () => {
    const port = await serve({ methods: ["publickey", "password"], offered: [] });
    const transport = place.transport("ssh2", { hostKeyPolicy: "accept-new" });
    const failure = failureOf(await place.connect(transport, "127.0.0.1", never, port));
    expect(failure.reason).toBe("Permission denied (publickey,password); there was nothing to try");
  });

  test("no credential goes to a host whose key has changed, and no password under the policy no", async () => {
    const offered: string[] = [];
    const warnings: string[] = [];
    const port = await serve({ methods: ["password", "keyboard-interactive"], offered });
    const old = readFileSync(`${newKey("old")}.pub`, "utf8");
    place.writeKnownHosts(`[127.0.0.1]:${String(port)} ${old}`);
    const questions = { ask: answering(PASSWORD, PASSWORD, PASSWORD) };
    const strict = place.transport("ssh2", { hostKeyPolicy: "accept-new", questions });
    const refusal = await place.connect(strict, "127.0.0.1", never, port);
    expect(told(refusal)).toMatch(/^host key: the host key has changed/);
    expect(offered).toEqual([]);
    const warn = (text: string): unknown => warnings.push(text);
    const lax = place.transport("ssh2", { hostKeyPolicy: "no", questions, warn });
    const denied = await place.connect(lax, "127.0.0.1", never, port);
    expect(told(denied)).toMatch(/^login: Permission denied/);
    expect(offered).toEqual(["none"]);
    expect(warnings.join()).toMatch(/has changed/);
    expect(asked).toBe(0);
  });

  test("who is being asked has time", async () => {
    const port = await serve({ methods: ["password"], offered: [] });
    const limitMs = 400;
    const ask = (): Promise<string> =>
      new Promise((resolve) => setTimeout(resolve, 2 * limitMs)).then(() => PASSWORD);
    const settings = { hostKeyPolicy: "accept-new", connectDeadlineMs: limitMs, questions: { ask } } as const;
    valueOf(await place.connect(place.transport("ssh2", settings), "127.0.0.1", never, port));
  });
});
