// Where a target is and how it wants to be reached: the same answers from `ssh -G` and from our own reading.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSshResolve, parseJump, type SshHop } from "../../../src-main/ssh/ssh-config.ts";
import { settingsClassOf } from "../../../src-main/ssh/ssh-config-text.ts";
import { withUser } from "../../../src-main/ssh/choose-transport.ts";
import { configText } from "../../../src-main/ssh/system-ssh-master.ts";
import type { SshSettings, SshTarget, SshTransport } from "../../../src-main/ssh/ssh.ts";

let home = "";

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "nebula-ssh-config-"));
  mkdirSync(join(home, ".ssh"));
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const withSsh = { PATH: process.env["PATH"] };
const withoutSsh = { PATH: "/nonexistent" };
const HAS_SSH = spawnSync("ssh", ["-V"]).status === 0;

function config(text: string): void {
  writeFileSync(join(home, ".ssh", "config"), text);
}

async function resolve(
  target: Partial<SshTarget> & { readonly host: string },
  environment: SshSettings["environment"],
  more: Partial<SshSettings> = {},
): Promise<SshHop | string> {
  const settings: SshSettings = {
    hostKeyPolicy: undefined,
    homeDirectory: home,
    configFile: join(home, ".ssh", "config"),
    environment,
    connectDeadlineMs: 10_000,
    ...more,
  };
  const result = await createSshResolve(settings)({ port: undefined, user: undefined, ...target });
  return result.kind === "ok" ? result.value : `${result.failure.step}: ${result.failure.reason}`;
}

const FULL = `
Include MORE
Host gate
  HostName gate.example.com
  Port 2200
Host *.cluster
  HostName %h.example.com
  User joe
  ProxyJump me@gate:2200,inner
  IdentityFile ~/keys/%r-%n
  IdentityFile "/etc/keys/second key"
  IdentitiesOnly yes
  IdentityAgent none
  CertificateFile ~/keys/cert.pub
  HostKeyAlias cluster
  StrictHostKeyChecking accept-new
  UserKnownHostsFile ~/hosts /etc/hosts2
  HashKnownHosts yes
  ConnectTimeout 7
  ServerAliveInterval 11
  ServerAliveCountMax 5
  PreferredAuthentications publickey,password
  PasswordAuthentication no
  AddressFamily inet
  BindAddress 127.0.0.9
Host tunnel
  ProxyCommand nc -X 5 %h %p
Host agent
  IdentityAgent ~/agent.sock
Host variable
  IdentityAgent $MY_AGENT
`;

describe("ssh configuration as we read it", () => {
  suite(withoutSsh);
});

describe.runIf(HAS_SSH)("ssh configuration as OpenSSH reads it", () => {
  suite(withSsh);

  test("is complained about in the words of OpenSSH", async () => {
    config("Host *\n  NoSuchWord yes\n");
    expect(await resolve({ host: "h" }, withSsh)).toMatch(
      /^resolve: .*Bad configuration option: nosuchword/i,
    );
  });

  test("is asked for once for hosts of one class, each with its own name and port", async () => {
    config("Host *\n  User u\n");
    const settings: SshSettings = {
      hostKeyPolicy: "yes",
      homeDirectory: home,
      configFile: join(home, ".ssh", "config"),
      environment: withSsh,
      connectDeadlineMs: 10_000,
    };
    const resolveTarget = createSshResolve(settings);
    const targets = ["n1", "n2", "n3"].map((host, index) => ({ host, port: 1000 + index, user: undefined }));
    const hops = await Promise.all(targets.map(resolveTarget));
    expect(hops).toMatchObject(
      targets.map(({ host, port }) => ({
        value: { name: host, hostName: host, port, user: "u", hostKeyPolicy: "yes" },
      })),
    );
  });
});

function suite(environment: SshSettings["environment"]): void {
  test("is read with its tokens", async () => {
    const include = join(home, ".ssh", "more.conf");
    writeFileSync(include, "Host included.*\n  User from-include\n");
    config(FULL.replace("MORE", include));
    expect(await resolve({ host: "n1.cluster" }, environment)).toEqual({
      name: "n1.cluster",
      hostName: "n1.cluster.example.com",
      port: 22,
      user: "joe",
      addressFamily: 4,
      bindAddress: "127.0.0.9",
      identityFiles: [join(home, "keys/joe-n1.cluster"), "/etc/keys/second key"],
      identitiesOnly: true,
      agentSocket: undefined,
      certificateFiles: [join(home, "keys/cert.pub")],
      proxyJump: ["me@gate:2200", "inner"],
      proxyCommand: undefined,
      userKnownHostsFiles: [join(home, "hosts"), "/etc/hosts2"],
      globalKnownHostsFiles: ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
      newKeys: "ask",
      hostKeyPolicy: "accept-new",
      hostKeyAlias: "cluster",
      hashKnownHosts: true,
      connectTimeoutMs: 7_000,
      serverAliveIntervalMs: 11_000,
      serverAliveCountMax: 5,
      authentications: ["publickey"],
      passwordPrompts: 3,
    });
    expect(await resolve({ host: "included.x" }, environment)).toMatchObject({ user: "from-include" });
    expect(await resolve({ host: "gate" }, environment)).toMatchObject({
      hostName: "gate.example.com",
      port: 2200,
    });
    expect(await resolve({ host: "tunnel" }, environment)).toMatchObject({
      proxyCommand: "nc -X 5 %h %p",
      proxyJump: [],
    });
    expect(await resolve({ host: "agent" }, environment)).toMatchObject({
      agentSocket: join(home, "agent.sock"),
    });
    const named = { ...environment, MY_AGENT: "/run/agent" };
    expect(await resolve({ host: "variable" }, named)).toMatchObject({ agentSocket: "/run/agent" });
  });

  test("has defaults", async () => {
    const socket = { ...environment, SSH_AUTH_SOCK: "/run/agent" };
    const hop = await resolve({ host: "127.1.0.1", port: 2222, user: "root" }, socket);
    expect(hop).toMatchObject({
      hostName: "127.1.0.1",
      port: 2222,
      user: "root",
      agentSocket: "/run/agent",
      userKnownHostsFiles: [join(home, ".ssh/known_hosts"), join(home, ".ssh/known_hosts2")],
      hostKeyPolicy: "ask",
      authentications: ["publickey", "keyboard-interactive", "password"],
      connectTimeoutMs: undefined,
    });
    expect((hop as SshHop).identityFiles).toContain(join(home, ".ssh/id_ed25519"));
  });

  test("is never asked for a name that a command line would take for something else", async () => {
    for (const host of ["-oProxyCommand=touch x", "a b", "$(reboot)", "a;b", "`x`", "a'b", ""])
      expect(await resolve({ host }, environment)).toMatch(/^resolve: .* is no host name$/);
    expect(await resolve({ host: "h", user: "-x" }, environment)).toBe('resolve: "-x" is no user name');
  });
}

describe("hosts of one class", () => {
  const text = "Host *.a\n  User u\nHost b? c\n  Port 2\nHost *\n  HashKnownHosts yes\n";

  test("share an answer when the same Host lines mean them", () => {
    expect(settingsClassOf(text, "x.a")).toBe(settingsClassOf(text, "y.a"));
    expect(settingsClassOf(text, "b1")).toBe(settingsClassOf(text, "C"));
    expect(settingsClassOf(text, "x.a")).not.toBe(settingsClassOf(text, "z"));
  });

  test.each(["Match user x\n", "Host *\n  HostName %h.x\n", "CanonicalizeHostname yes\n"])(
    "do not when %j may tell them apart",
    (line) => {
      expect(settingsClassOf(text + line, "x.a")).toBeUndefined();
    },
  );
});

test.each([
  ["gate", { host: "gate", user: undefined, port: undefined }],
  ["me@gate:2200", { host: "gate", user: "me", port: 2200 }],
  ["ssh://me@gate:2200/", { host: "gate", user: "me", port: 2200 }],
  ["[::1]:2200", { host: "::1", user: undefined, port: 2200 }],
  ["gate:nonsense", undefined],
  ["", undefined],
])("jump host %j", (text, expected) => {
  expect(parseJump(text)).toEqual(expected);
});

test.each([
  ["~/.ssh/testbed", () => join(home, ".ssh", "testbed")],
  ["/keys/50% sure", () => "/keys/50% sure"],
])(
  "the identity %s of the preferences goes before those of the configuration",
  async (identityFile, path) => {
    config("Host *\n  IdentityFile ~/.ssh/own\n");
    const hop = await resolve({ host: "h" }, withoutSsh, { identityFile });
    expect(hop).toMatchObject({ identityFiles: [path(), join(home, ".ssh", "own")] });
    const settings = {
      hostKeyPolicy: undefined,
      homeDirectory: home,
      configFile: undefined,
    } as unknown as SshSettings;
    const text = configText({ ...settings, identityFile }, { host: "h", port: undefined, user: undefined });
    expect(text).toContain(`IdentityFile "${path().replace("%", "%%")}"`);
    expect(text.indexOf("IdentityFile")).toBeLessThan(text.indexOf("Include"));
  },
);

test("the user of the preferences logs in where the directory names nobody", async () => {
  const users: unknown[] = [];
  const plain = {
    connect: async ({ user }: SshTarget) => void users.push(user),
    shell: async ({ user }: SshTarget) => void users.push(user),
    close: async () => undefined,
  } as unknown as SshTransport;
  const transport = withUser(plain, "ucsd");
  const { signal } = new AbortController();
  await transport.connect({ host: "h", port: undefined, user: undefined }, signal);
  await transport.shell({ host: "h", port: undefined, user: "own" }, { columns: 1, rows: 1 }, signal);
  expect(users).toEqual(["ucsd", "own"]);
  expect(withUser(plain, undefined)).toBe(plain);
});
