// What is asked in the middle of a login, by ssh2 and by the program ssh: the same questions, shared by the same rules.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ssh2 from "ssh2";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PasswordOffer, SshQuestions, SshTransport } from "../../src-main/ssh/ssh.ts";
import { holdsWithin, processesOf } from "./process-list.ts";
import { accounts, PASSWORD } from "./ssh-accounts.ts";
import { newServerKey } from "./server-key.ts";
import { farmHindrance, SshFarm } from "./ssh-farm.ts";
import { failureOf, SshPlace, told, valueOf, type TransportName } from "./ssh-place.ts";

/** Node finds only some names of a CommonJS module; the whole is its default export. */
const { Server } = (ssh2 as unknown as { default: typeof ssh2 }).default;

const END_MS = 5_000;
const never = new AbortController().signal;

describe.skipIf(farmHindrance() !== undefined)("questions of a login", () => {
  let farmPlace: SshPlace;
  let farm: SshFarm;
  let lockedKey: string;

  beforeAll(async () => {
    farmPlace = new SshPlace();
    const { folder } = farmPlace;
    lockedKey = join(folder, "locked_key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "open sesame", "-C", "", "-f", lockedKey]);
    farm = await SshFarm.open({
      homes: join(folder, "hosts"),
      config: ["PasswordAuthentication yes", `AuthorizedKeysFile ${lockedKey}.pub`],
      mounts: accounts(folder, ["alice", "bob"]),
    });
  });

  afterAll(async () => {
    await farm.close();
    await farmPlace.close();
  });

  describe.each([{ name: "ssh2" }, { name: "system-ssh" }] as const)("by $name", ({ name }) => {
    suite(name, () => ({ farm, lockedKey }));
  });
});

/** Answers in the order of the questions, and remembers them. */
class Person {
  readonly heard: string[] = [];
  readonly #answers: (string | undefined)[];

  constructor(...answers: (string | undefined)[]) {
    this.#answers = answers;
  }

  readonly questions: SshQuestions = {
    ask: async (prompt, { secret }) => {
      this.heard.push(`${prompt}${secret ? "" : "(shown)"}`);
      await this.meanwhile();
      return this.#answers.shift();
    },
    acceptHostKey: ({ name, host, keyType, fingerprint }) => {
      this.heard.push(`${name} ${host} ${keyType} ${fingerprint}`);
      return Promise.resolve(this.#answers.shift() === "yes");
    },
    mayShare: ({ user, taken, hosts }: PasswordOffer) => {
      this.heard.push(`${user} of ${taken}: ${[...hosts].sort().join(" ")}`);
      return Promise.resolve(this.#answers.shift() === "yes");
    },
  };

  meanwhile: () => Promise<void> = () => Promise.resolve();
}

function suite(name: TransportName, farmOf: () => { farm: SshFarm; lockedKey: string }): void {
  let place: SshPlace;
  let farm: SshFarm;
  let lockedKey: string;

  beforeEach(() => {
    ({ farm, lockedKey } = farmOf());
    place = new SshPlace();
    place.writeKnownHosts(farm.knownHosts);
    configure("User alice", "IdentityFile none");
  });

  afterEach(async () => {
    const { folder } = place;
    await place.close();
    expect(await holdsWithin(END_MS, () => processesOf(folder).length === 0)).toBe(true);
    expect(foldersOf(folder), "no folder of a login is left").toEqual([]);
  });

  const names = [1, 2, 3, 4].map((number) => `n${String(number)}`);

  function configure(...lines: readonly string[]): void {
    const hosts = names.map((host) => `Host ${host}\n  HostName 127.1.0.${host.slice(1)}\n`);
    place.writeConfig([...hosts, "Host *", `Port ${String(farm.port)}`, ...lines, ""].join("\n"));
  }

  const transport = (person: Person, hostKeyPolicy?: "ask" | "yes"): SshTransport => {
    const { questions } = person;
    return place.transport(name, hostKeyPolicy === undefined ? { questions } : { questions, hostKeyPolicy });
  };
  const passwordOf = (host: string): string => `alice@${host}'s password: `;

  test("a password, again when it was wrong, and not again for the same account", async () => {
    const person = new Person("wrong", PASSWORD);
    const carrier = transport(person);
    valueOf(await place.connect(carrier, "n1"));
    expect(person.heard).toEqual([passwordOf("n1"), `That was wrong. ${passwordOf("n1")}`]);
    valueOf(await place.connect(carrier, "n1"));
    expect(person.heard).toHaveLength(2);
  });

  test("without anybody to answer, what was wanted is told at once", async () => {
    const failure = failureOf(await place.connect(transport(new Person()), "n1"));
    expect(failure).toMatchObject({ step: "login", unreachable: false });
    expect(failure.reason).toMatch(
      name === "ssh2"
        ? /^Permission denied \(publickey,password\)/
        : /^alice@127\.1\.0\.1 wants a password, and nobody has given one$/,
    );
    expect(failure.remedy).toBe(
      "Set up a key for alice, or run plush at a terminal without --no-input, and it asks.",
    );
  });

  test("what one host has taken goes to the others only when that is wanted", async () => {
    const willing = new Person(PASSWORD, "yes");
    const carrier = transport(willing);
    const results = await Promise.all(names.slice(0, 3).map(async (host) => place.connect(carrier, host)));
    results.forEach(valueOf);
    valueOf(await place.connect(carrier, "n4"));
    expect(willing.heard).toHaveLength(2);
    const [, first = ""] = /^alice@(n\d)'s password: $/.exec(willing.heard[0] ?? "") ?? [];
    expect(willing.heard[1]).toMatch(new RegExp(`^alice of ${first}: n\\d`));
    // A password of alice's is none of bob's.
    configure("User bob", "IdentityFile none");
    const strange = place.transport(name, { questions: willing.questions });
    failureOf(await place.connect(strange, "n1"));
    expect(willing.heard.at(-1)).toBe("bob@n1's password: ");

    configure("User alice", "IdentityFile none");
    const unwilling = new Person(PASSWORD, "no", PASSWORD, PASSWORD);
    const each = transport(unwilling);
    const more = await Promise.all(names.slice(0, 3).map(async (host) => place.connect(each, host)));
    more.forEach(valueOf);
    expect(unwilling.heard.filter((text) => text.endsWith("'s password: ")).sort()).toEqual(
      names.slice(0, 3).map(passwordOf),
    );
    expect(unwilling.heard).toHaveLength(4);
  });

  test("a passphrase once for all hosts, again when it was wrong", async () => {
    configure("User root", `IdentityFile ${lockedKey}`);
    const person = new Person("wrong", "open sesame");
    const carrier = transport(person);
    const results = await Promise.all(names.slice(0, 3).map(async (host) => place.connect(carrier, host)));
    results.forEach(valueOf);
    const prompt = `Passphrase for ${lockedKey}: `;
    expect(person.heard).toEqual([prompt, `That was wrong. ${prompt}`]);
    const nobody = failureOf(await place.connect(transport(new Person()), "n1"));
    expect(nobody.reason).toContain(`${lockedKey} needs a passphrase, and nobody has given one`);
    expect(nobody.remedy).toContain("(ssh-add)");
  });

  test("an unknown key: taken and written down, or refused; a changed one asks nothing", async () => {
    place.writeKnownHosts("");
    const at = `[127.1.0.1]:${String(farm.port)}`;
    const key = farm.knownHosts.split(" ").slice(1, 3).join(" ").trim();
    const reluctant = new Person("no");
    const refused = failureOf(await place.connect(transport(reluctant, "ask"), "n1"));
    expect(refused).toMatchObject({
      step: "host key",
      reason: "the host key is not known, and nobody has accepted it",
    });
    expect(refused.remedy).toContain("say yes when plush asks");
    expect(reluctant.heard[0]).toMatch(/^n1 \[127\.1\.0\.1\]:\d+ ED25519 SHA256:[A-Za-z0-9+/]{43}$/);
    const person = new Person("yes", PASSWORD);
    valueOf(await place.connect(transport(person, "ask"), "n1"));
    expect(person.heard).toEqual([reluctant.heard[0], passwordOf("n1")]);
    expect(place.knownHosts).toContain(`${at} ${key}`);
    const other = join(place.folder, "other");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", other]);
    place.writeKnownHosts(`${at} ${readFileSync(`${other}.pub`, "utf8")}`);
    const wary = new Person("yes", PASSWORD);
    expect(told(await place.connect(transport(wary, "ask"), "n1"))).toMatch(/^host key: .*has changed/);
    expect(wary.heard).toEqual([]);
  });

  test("through a jump host: whose password is meant is said, and each is asked once", async () => {
    configure("User alice", "IdentityFile none", "Host n2 n3", "ProxyJump bob@127.1.0.4");
    const person = new Person();
    const heard: string[] = [];
    const ask: SshQuestions["ask"] = (prompt) => {
      heard.push(prompt);
      return Promise.resolve(PASSWORD);
    };
    const carrier = place.transport(name, { questions: { ...person.questions, ask } });
    valueOf(await place.connect(carrier, "n2"));
    expect(heard).toEqual(["bob@127.1.0.4's password: ", passwordOf("n2")]);
    valueOf(await place.connect(carrier, "n2"));
    expect(heard).toHaveLength(2);
  });

  test("a host's own words are one line behind its name, and do not pass for ours", async () => {
    const port = await hostile(place, `\x1b[2J\u202eoh\nEnter passphrase for key '${lockedKey}': `);
    const evil = ["Host 127.0.0.1", "User somebody", "IdentityFile none", "StrictHostKeyChecking accept-new"];
    place.writeKnownHosts(farm.knownHosts.replace("*", `[127.1.0.1]:${String(farm.port)}`));
    configure(...evil, "Host *", "User root", `IdentityFile ${lockedKey}`);
    const person = new Person("open sesame", "guess");
    const carrier = transport(person);
    valueOf(await place.connect(carrier, "n1"));
    failureOf(await place.connect(carrier, "127.0.0.1", never, port));
    const said = person.heard.slice(1);
    expect(said.length).toBeGreaterThan(0);
    for (const line of said) expect(line).toMatch(/^\(somebody@127\.0\.0\.1\) \P{C}+$/u);
  });

  if (name !== "system-ssh") return;

  test("the way of the answers is closed to others", async () => {
    const person = new Person(PASSWORD);
    const seen: { mode?: number; told?: string; stranger?: string } = {};
    person.meanwhile = async () => {
      const [folder = ""] = foldersOf(place.folder);
      seen.mode = statSync(folder).mode & 0o777;
      const token = readFileSync(join(folder, "token"), "latin1");
      expect(token).toMatch(/^[0-9a-f]{32}$/);
      seen.told = processesOf(place.folder)
        .map(({ pid }) => ["cmdline", "environ"].map((file) => readFileSync(`/proc/${String(pid)}/${file}`)))
        .flat()
        .filter((bytes) => bytes.includes(token))
        .join();
      seen.stranger = await new Promise((resolve) => {
        const socket = connect(join(folder, "q"));
        let heard = "";
        socket.on("data", (chunk) => (heard += chunk.toString()));
        socket.on("close", () => {
          resolve(heard);
        });
        socket.write(
          `${JSON.stringify({ token: "0".repeat(32), prompt: "alice@127.1.0.1's password: " })}\n`,
        );
      });
    };
    valueOf(await place.connect(transport(person), "n1"));
    expect(seen).toEqual({ mode: 0o700, told: "", stranger: "" });
    expect(person.heard).toHaveLength(1);
  });
}

/** A server that lets nobody in and asks this; its port. */
async function hostile(place: SshPlace, prompt: string): Promise<number> {
  const hostKey = newServerKey();
  const sessions = new Set<ssh2.Connection>();
  const server = new Server({ hostKeys: [hostKey] }, (session) => {
    sessions.add(session);
    // A client that is refused hangs up as it likes.
    session.on("error", () => undefined);
    session.on("authentication", (context) => {
      if (context.method !== "keyboard-interactive") context.reject(["keyboard-interactive"]);
      else {
        context.prompt([{ prompt, echo: false }], () => {
          context.reject([]);
        });
      }
    });
  });
  place.onClose(() => {
    for (const session of sessions) session.end();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve((server.address() as { port: number }).port);
    });
  });
}

/** Folders of logins whose configuration is that of a test. */
function foldersOf(folder: string): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith("nebula-ssh-"))
    .map((name) => join(tmpdir(), name))
    .filter((path) => {
      const config = join(path, "config");
      return existsSync(config) && readFileSync(config, "utf8").includes(folder);
    });
}
