// Finds out where a target is and how it wants to be reached: `ssh -G` where OpenSSH exists, ~/.ssh/config by ourselves elsewhere.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";
import { join } from "node:path";
import SshConfig from "ssh-config";
import { readSshConfigText, settingsClassOf } from "./ssh-config-text.ts";
import { codeOf, failed, refused } from "./ssh-failures.ts";
import type { NewKeys } from "#shared/controller-api/host-tests.ts";
import type { HostKeyPolicy } from "#shared/resource-directory/resource-directory.ts";
import type { SshResult, SshSettings, SshTarget } from "./ssh.ts";

const SSH_PORT = 22;
/** `ssh -G` takes 5 ms; what takes this long hangs, in a Match exec for example. */
const RESOLVE_DEADLINE_MS = 10_000;
/** What `ssh -G` prints has 6 kB. */
const RESOLVE_OUTPUT_BYTES_MAX = 1_000_000;
/** Someone who edits ~/.ssh/config in a long session is heard after this time. */
const CONFIG_FRESH_MS = 5_000;
/** OpenSSH's defaults, in its order. */
const IDENTITY_FILES = ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"];
const AUTHENTICATIONS = "publickey,keyboard-interactive,password";

/** One connection to be made, as ssh_config(5) describes it; paths are absolute, tokens expanded. */
export interface SshHop {
  /** As it was asked for. */
  readonly name: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  /** 0 = whichever answers. */
  readonly addressFamily: 0 | 4 | 6;
  readonly bindAddress: string | undefined;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** A socket; undefined = no agent. */
  readonly agentSocket: string | undefined;
  readonly certificateFiles: readonly string[];
  /** `[user@]host[:port]`, in the order of the way. */
  readonly proxyJump: readonly string[];
  readonly proxyCommand: string | undefined;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyPolicy: HostKeyPolicy;
  readonly newKeys: NewKeys;
  readonly hostKeyAlias: string | undefined;
  readonly hashKnownHosts: boolean;
  readonly connectTimeoutMs: number | undefined;
  /** 0 = nothing is said. */
  readonly serverAliveIntervalMs: number;
  readonly serverAliveCountMax: number;
  /** Those that are wanted, the best first. */
  readonly authentications: readonly string[];
  readonly passwordPrompts: number;
}

export type SshResolve = (target: SshTarget) => Promise<SshResult<SshHop>>;

/** Keywords in lower case; one string for each time that a keyword occurs. */
type Options = ReadonlyMap<string, readonly string[]>;

/** Neither an option nor anything that a shell in ProxyCommand or Match exec would take for its own (as OpenSSH). */
function isSafe(word: string): boolean {
  return word !== "" && !word.startsWith("-") && !/[\s\p{Cc}'"`$\\;&<>|(){}]/u.test(word);
}

/** Refuses what must not get near a command line. */
export function checkTarget({ host, user }: SshTarget): SshResult<undefined> {
  const wrong = !isSafe(host) ? host : user !== undefined && !isSafe(user) ? user : undefined;
  if (wrong === undefined) return { kind: "ok", value: undefined };
  const what = wrong === user ? "user name" : "host name";
  return failed(
    refused("resolve", `${JSON.stringify(wrong)} is no ${what}`, `Correct the ${what} in the directory.`),
  );
}

function parseGenerated(text: string): Options {
  const options = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const at = line.indexOf(" ");
    if (at < 0) continue;
    const keyword = line.slice(0, at).toLowerCase();
    options.set(keyword, [...(options.get(keyword) ?? []), line.slice(at + 1).trim()]);
  }
  return options;
}

function computeOptions(configText: string, { host, user }: SshTarget): Options {
  const computed = SshConfig.parse(configText).compute(
    user === undefined ? { Host: host } : { Host: host, User: user },
    { ignoreCase: true, matchExec: false },
  );
  const each = new Set(["identityfile", "certificatefile"]);
  return new Map(
    Object.entries(computed).map(([keyword, value]) => [
      keyword,
      typeof value === "string" ? [value] : each.has(keyword) ? value : [value.join(" ")],
    ]),
  );
}

function hostKeyPolicyOf(word: string | undefined): HostKeyPolicy {
  switch (word?.toLowerCase()) {
    case "yes":
    case "true":
      return "yes";
    case "no":
    case "off":
    case "false":
      return "no";
    case "accept-new":
      return "accept-new";
    case undefined:
    default:
      return "ask";
  }
}

const isYes = (word: string | undefined): boolean => word === "yes" || word === "true";
const isNo = (word: string | undefined): boolean => word === "no" || word === "false";

/** A number that counts, else what stands there when nothing is said ("none", "0", nonsense). */
function numberOf<Otherwise>(word: string | undefined, otherwise: Otherwise): number | Otherwise {
  const number = Number(word);
  return word !== undefined && Number.isInteger(number) && number > 0 ? number : otherwise;
}

/** `~` and the tokens of ssh_config(5) that make sense in paths and names. */
function createExpand(
  settings: SshSettings,
  hop: { name: string; hostName: string; port: number; user: string; alias: string | undefined },
): (text: string) => string {
  const home = settings.homeDirectory;
  const tokens: Readonly<Record<string, () => string>> = {
    "%": () => "%",
    d: () => home,
    h: () => hop.hostName,
    i: () => String(userInfo().uid),
    k: () => hop.alias ?? hop.name,
    L: () => hostname().split(".")[0] ?? "",
    l: () => hostname(),
    n: () => hop.name,
    p: () => String(hop.port),
    r: () => hop.user,
    u: () => userInfo().username,
  };
  return (text) =>
    text
      .replace(/^~(?=\/|\\|$)/, home)
      .replace(/%(.)/g, (all, token: string) => tokens[token]?.() ?? all)
      .replace(/\$\{(\w+)\}/g, (all, name: string) => settings.environment[name] ?? all);
}

function agentSocketOf(word: string | undefined, settings: SshSettings): string | undefined {
  const { environment } = settings;
  if (word?.toLowerCase() === "none") return undefined;
  if (word === undefined || word === "SSH_AUTH_SOCK") {
    const pipe = process.platform === "win32" ? "\\\\.\\pipe\\openssh-ssh-agent" : undefined;
    return environment["SSH_AUTH_SOCK"] ?? pipe;
  }
  return word.startsWith("$") ? environment[word.slice(1).replace(/^\{(.*)\}$/, "$1")] : word;
}

function authenticationsOf(options: Options): string[] {
  const one = (keyword: string): string | undefined => options.get(keyword)?.[0];
  const off = new Set([
    ...(isNo(one("pubkeyauthentication")) ? ["publickey"] : []),
    ...(isNo(one("passwordauthentication")) ? ["password"] : []),
    ...(isNo(one("kbdinteractiveauthentication")) ? ["keyboard-interactive"] : []),
  ]);
  return (one("preferredauthentications") ?? AUTHENTICATIONS)
    .split(",")
    .map((method) => method.trim())
    .filter((method) => !off.has(method));
}

/** `none` and nothing are the same. */
function unlessNone(word: string | undefined): string | undefined {
  return word === undefined || word === "" || word.toLowerCase() === "none" ? undefined : word;
}

function hopOf(options: Options, target: SshTarget, hostName: string, settings: SshSettings): SshHop {
  const one = (keyword: string): string | undefined => options.get(keyword)?.[0];
  const port = target.port ?? numberOf(one("port"), SSH_PORT);
  const user = target.user ?? one("user") ?? userInfo().username;
  const hostKeyAlias = unlessNone(one("hostkeyalias"));
  const expand = createExpand(settings, { name: target.host, hostName, port, user, alias: hostKeyAlias });
  const below = (name: string): string => join(settings.homeDirectory, ".ssh", name);
  const files = (keyword: string, otherwise: readonly string[]): string[] =>
    (one(keyword)?.split(/\s+/) ?? otherwise).filter((file) => unlessNone(file) !== undefined).map(expand);
  const family = one("addressfamily");
  const connectTimeoutS = numberOf(one("connecttimeout"), undefined);
  const agentSocket = agentSocketOf(one("identityagent"), settings);
  return {
    name: target.host,
    hostName,
    port,
    user,
    addressFamily: family === "inet" ? 4 : family === "inet6" ? 6 : 0,
    bindAddress: unlessNone(one("bindaddress")),
    identityFiles: [
      ...preferredIdentity(settings),
      ...(options.get("identityfile") ?? IDENTITY_FILES.map(below))
        .filter((file) => unlessNone(file) !== undefined)
        .map(expand),
    ],
    identitiesOnly: isYes(one("identitiesonly")),
    agentSocket: agentSocket === undefined ? undefined : expand(agentSocket),
    certificateFiles: (options.get("certificatefile") ?? []).map(expand),
    proxyJump: unlessNone(one("proxyjump"))?.split(",") ?? [],
    proxyCommand: unlessNone(one("proxycommand")),
    userKnownHostsFiles: files("userknownhostsfile", [below("known_hosts"), below("known_hosts2")]),
    globalKnownHostsFiles: files("globalknownhostsfile", [
      "/etc/ssh/ssh_known_hosts",
      "/etc/ssh/ssh_known_hosts2",
    ]),
    hostKeyPolicy:
      target.hostKeyPolicy ?? settings.hostKeyPolicy ?? hostKeyPolicyOf(one("stricthostkeychecking")),
    newKeys: target.newKeys ?? "ask",
    hostKeyAlias,
    hashKnownHosts: isYes(one("hashknownhosts")),
    connectTimeoutMs: connectTimeoutS === undefined ? undefined : connectTimeoutS * 1000,
    serverAliveIntervalMs: numberOf(one("serveraliveinterval"), 0) * 1000,
    serverAliveCountMax: numberOf(one("serveralivecountmax"), 3),
    authentications: authenticationsOf(options),
    passwordPrompts: numberOf(one("numberofpasswordprompts"), 3),
  };
}

/** The path of it that the person prefers; none, or one. */
export function preferredIdentity({ identityFile, homeDirectory }: SshSettings): readonly string[] {
  if (identityFile === undefined) return [];
  return [identityFile.startsWith("~/") ? join(homeDirectory, identityFile.slice(2)) : identityFile];
}

/** `[user@]host[:port]` or `ssh://…`, as ProxyJump has it; addresses of IPv6 in brackets. */
export function parseJump(text: string): SshTarget | undefined {
  const match = /^(?:ssh:\/\/)?(?:([^@]*)@)?(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?\/?$/.exec(text.trim());
  const host = match?.[2] ?? match?.[3];
  if (match === null || host === undefined) return undefined;
  return { host, user: match[1], port: match[4] === undefined ? undefined : Number(match[4]) };
}

/** Whether other files count than those that OpenSSH would find by itself. */
export function hasForeignHome(settings: SshSettings): boolean {
  return settings.homeDirectory !== accountHome();
}

/** The home directory OpenSSH goes by is the account's, whatever HOME says. */
function accountHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    // An account without an entry in the password file.
    return homedir();
  }
}

/** OpenSSH has put the account's home for ~ in these lines already. */
function movedHome(generated: string, home: string): string {
  const account = `${accountHome()}/`;
  const move = (file: string): string =>
    file.startsWith(account) && !file.startsWith(`${home}/`) ? join(home, file.slice(account.length)) : file;
  return generated.replace(/^(userknownhostsfile|identityagent) .*$/gm, (line) =>
    line.split(" ").map(move).join(" "),
  );
}

type Answer =
  | { readonly kind: "options"; readonly text: string }
  | { readonly kind: "no ssh" }
  | { readonly kind: "complaint"; readonly words: string };

function askSsh(args: readonly string[], settings: SshSettings): Promise<Answer> {
  const options = {
    env: settings.environment,
    timeout: RESOLVE_DEADLINE_MS,
    maxBuffer: RESOLVE_OUTPUT_BYTES_MAX,
  };
  return new Promise((resolve) => {
    execFile("ssh", ["-G", "-T", ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: "options", text: stdout });
      else if (codeOf(error) === "ENOENT") resolve({ kind: "no ssh" });
      else resolve({ kind: "complaint", words: stderr.trim().split("\n")[0] ?? error.message });
    });
  });
}

/** Resolves targets; answers are kept as long as the configuration stays the same. */
export function createSshResolve(settings: SshSettings): SshResolve {
  const foreignHome = hasForeignHome(settings);
  const systemFile =
    process.platform === "win32"
      ? join(settings.environment["ProgramData"] ?? "C:\\ProgramData", "ssh", "ssh_config")
      : "/etc/ssh/ssh_config";
  const places = { homeDirectory: settings.homeDirectory, configFile: settings.configFile, systemFile };
  const answers = new Map<string, Promise<Answer>>();
  let configText = "";
  let readAt = Number.NEGATIVE_INFINITY;

  function refreshConfig(): void {
    if (performance.now() - readAt < CONFIG_FRESH_MS) return;
    const text = readSshConfigText(places);
    readAt = performance.now();
    if (text === configText) return;
    configText = text;
    answers.clear();
  }

  function configArguments(): string[] {
    if (settings.configFile === undefined && !foreignHome) return [];
    const file = settings.configFile ?? join(settings.homeDirectory, ".ssh", "config");
    return ["-F", existsSync(file) ? file : "none"];
  }

  async function answerFor(target: SshTarget): Promise<Answer> {
    const shared = settingsClassOf(configText, target.host);
    const named = [
      ...(target.user === undefined ? [] : ["-l", target.user]),
      ...(target.port === undefined ? [] : ["-p", String(target.port)]),
    ];
    const key = shared ?? JSON.stringify([target.host, ...named]);
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = askSsh(
      [...configArguments(), ...(shared === undefined ? named : []), "--", target.host],
      settings,
    );
    answers.set(key, answer);
    if ((await answer).kind === "complaint") answers.delete(key);
    return answer;
  }

  /** Without OpenSSH's own word: HostName by ourselves, which may contain %h. */
  function withoutSsh(target: SshTarget): SshHop {
    const options = computeOptions(configText, target);
    const hostName = options.get("hostname")?.[0]?.replaceAll("%h", target.host) ?? target.host;
    return hopOf(options, target, hostName, settings);
  }

  function withSsh(text: string, target: SshTarget): SshHop {
    const options = parseGenerated(foreignHome ? movedHome(text, settings.homeDirectory) : text);
    const shared = settingsClassOf(configText, target.host) !== undefined;
    const hostName = shared ? target.host : (options.get("hostname")?.[0] ?? target.host);
    return hopOf(options, target, hostName, settings);
  }

  return async (target) => {
    const checked = checkTarget(target);
    if (checked.kind === "failed") return checked;
    refreshConfig();
    const answer = await answerFor(target);
    switch (answer.kind) {
      case "options":
        return { kind: "ok", value: withSsh(answer.text, target) };
      case "no ssh":
        return { kind: "ok", value: withoutSsh(target) };
      case "complaint":
        return failed(refused("resolve", answer.words, "Correct ~/.ssh/config."));
    }
  };
}
