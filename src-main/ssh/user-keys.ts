// Who we are: the keys of the agent and of key files as one ring, from which the host takes one that it knows.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import * as ssh2 from "ssh2";
import { BaseAgent, createAgent, type ParsedKey, type SignCallback } from "ssh2";
import { keyTypeOf } from "./known-hosts.ts";
import { SharedAnswers } from "./shared-answer.ts";
import type { SshHop } from "./ssh-config.ts";
import { codeOf, wordsOf } from "./ssh-failures.ts";
import type { SshQuestions } from "./ssh.ts";

/** Node finds only the first few names of what this CommonJS module exports; the whole is its default export. */
const { utils } = (ssh2 as unknown as { readonly default: typeof ssh2 }).default;

/** A local socket answers at once; an agent that asks its user does so for signatures, not for this. */
const AGENT_DEADLINE_MS = 5_000;
/** As OpenSSH (NumberOfPasswordPrompts). */
const PASSPHRASE_TRIES = 3;
/** What is said of a key whose passphrase nobody has given. */
export const NOBODY_UNLOCKS = "needs a passphrase, and nobody has given one";
/** What is said of a certificate, which ssh2 cannot show. */
export const IS_CERTIFICATE = "(a certificate, which ssh2 does not know)";
/** What the OpenSSH format of private keys begins with. */
const OPENSSH_MAGIC = "openssh-key-v1\0";

type Sign = (data: Buffer, hash: string | undefined) => Promise<Buffer>;

interface RingKey {
  readonly publicKey: ParsedKey;
  readonly sign: Sign;
}

/** Gives the key itself, which may take a passphrase; `signal`: it is needed no more. */
type OpenKey = (signal: AbortSignal) => Promise<ParsedKey>;

/** A key file as far as it is known without a passphrase. */
type KeyFile =
  | { readonly kind: "key"; readonly publicKey: ParsedKey; open: OpenKey }
  /** Only says which of the agent's keys is meant. */
  | { readonly kind: "public"; readonly publicKey: ParsedKey }
  | { readonly kind: "unusable"; readonly why: string };

/** The keys for one login, in the order in which they are tried. */
export class KeyRing extends BaseAgent<ParsedKey> {
  readonly #keys: ReadonlyMap<string, RingKey>;
  /** `agent: 2 keys`, `/home/user/.ssh/id_ed25519`: what is tried, and what cannot be, in words. */
  readonly tried: readonly string[];

  constructor(keys: readonly RingKey[], tried: readonly string[]) {
    super();
    this.#keys = new Map(keys.map((key) => [blobOf(key.publicKey), key]));
    this.tried = tried;
  }

  get size(): number {
    return this.#keys.size;
  }

  override getIdentities(done: (error?: Error | null, keys?: ParsedKey[]) => void): void {
    done(
      null,
      [...this.#keys.values()].map(({ publicKey }) => publicKey),
    );
  }

  override sign(
    publicKey: ParsedKey,
    data: Buffer,
    options: { hash?: string } | SignCallback,
    done?: SignCallback,
  ): void {
    const answer = typeof options === "function" ? options : done;
    const hash = typeof options === "function" ? undefined : options.hash;
    const key = this.#keys.get(blobOf(publicKey));
    if (answer === undefined || key === undefined) return;
    key.sign(data, hash).then(
      (signature) => {
        answer(null, signature);
      },
      (error: unknown) => {
        answer(new Error(wordsOf(error)));
      },
    );
  }
}

/** The login for which a person is asked. */
export interface Asking {
  /** Waits for an answer without its counting as time that the host has taken. */
  hold<Value>(this: void, asked: Promise<Value>): Promise<Value>;
  /** The login is over. */
  readonly signal: AbortSignal;
}

export interface UserKeys {
  ringFor(hop: SshHop, asking: Asking): Promise<KeyRing>;
}

function blobOf(key: ParsedKey): string {
  return key.getPublicSSH().toString("base64");
}

/** Everything ssh2 parses may be a list or an error. */
function parseKey(text: string | Buffer, passphrase?: string): ParsedKey | Error {
  const parsed: unknown = utils.parseKey(text, passphrase);
  return (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error;
}

/** The public key that stands unencrypted at the head of an OpenSSH private key (PROTOCOL.key). */
function publicPartOf(text: string): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, "base64");
  if (!bytes.toString("latin1").startsWith(OPENSSH_MAGIC)) return undefined;
  let at = OPENSSH_MAGIC.length;
  const next = (): Buffer => {
    if (at + 4 > bytes.length) return Buffer.alloc(0);
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    return bytes.subarray(start, at);
  };
  // Cipher, key derivation and its options; then how many keys there are, which is always one.
  next();
  next();
  next();
  at += 4;
  return next();
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Signs with a key that is opened when it is first needed: only when the host wants it, its passphrase is asked for. */
function signWith(open: OpenKey, { hold, signal }: Asking): Sign {
  return async (data, hash) => {
    const signature: unknown = (await hold(open(signal))).sign(data, hash);
    if (signature instanceof Error) throw signature;
    return signature as Buffer;
  };
}

export function createUserKeys(questions: SshQuestions): UserKeys {
  /** By path and content: a key that was replaced is another key. */
  const files = new SharedAnswers<KeyFile>();
  const opened = new SharedAnswers<ParsedKey>();

  async function unlock(file: string, text: string, signal: AbortSignal): Promise<ParsedKey> {
    let wrong = "";
    for (let attempt = 0; attempt < PASSPHRASE_TRIES; attempt += 1) {
      const passphrase = await questions.ask(`${wrong}Passphrase for ${file}: `, {
        secret: true,
        signal,
      });
      if (passphrase === undefined) throw new Error(`${file} ${NOBODY_UNLOCKS}`);
      const key = parseKey(text, passphrase);
      if (!(key instanceof Error)) return key;
      wrong = "That was wrong. ";
    }
    throw new Error(`no right passphrase for ${file}`);
  }

  function openOnce(file: string, text: string, signal: AbortSignal): Promise<ParsedKey> {
    return opened.get(text, signal, (needed) => unlock(file, text, needed));
  }

  async function keyFile(file: string, text: string, signal: AbortSignal): Promise<KeyFile> {
    const whole = parseKey(text);
    if (!(whole instanceof Error)) {
      if (!whole.isPrivateKey()) return { kind: "public", publicKey: whole };
      return { kind: "key", publicKey: whole, open: () => Promise.resolve(whole) };
    }
    const publicText = publicPartOf(text) ?? (await readIfThere(`${file}.pub`));
    const type =
      typeof publicText === "string" ? publicText.split(" ")[0] : keyTypeOf(publicText ?? Buffer.alloc(0));
    if (type?.startsWith("sk-") === true) return { kind: "unusable", why: `${file} (a FIDO key)` };
    if (!/encrypt|passphrase/i.test(whole.message)) {
      return { kind: "unusable", why: `${file} (${whole.message})` };
    }
    const publicKey = publicText === undefined ? whole : parseKey(publicText);
    if (!(publicKey instanceof Error)) {
      return { kind: "key", publicKey, open: (needed) => openOnce(file, text, needed) };
    }
    const key = await openOnce(file, text, signal);
    return { kind: "key", publicKey: key, open: () => Promise.resolve(key) };
  }

  async function load(file: string, signal: AbortSignal): Promise<KeyFile | undefined> {
    try {
      const text = (await readIfThere(file)) ?? (await readIfThere(`${file}.pub`));
      if (text === undefined) return undefined;
      const cacheKey = `${file}\n${createHash("sha256").update(text).digest("hex")}`;
      return await files.get(cacheKey, signal, (needed) => keyFile(file, text, needed));
    } catch (error) {
      return { kind: "unusable", why: `${file} (${wordsOf(error)})` };
    }
  }

  return {
    async ringFor(hop, asking) {
      const { hold, signal } = asking;
      const [loaded, agent] = await Promise.all([
        hold(Promise.all(hop.identityFiles.map(async (file) => ({ file, key: await load(file, signal) })))),
        agentKeys(hop.agentSocket),
      ]);
      return assemble(hop, loaded, agent, asking);
    },
  };
}

interface AgentKeys {
  readonly keys: readonly RingKey[];
  readonly trouble: string | undefined;
}

function agentKeys(socket: string | undefined): Promise<AgentKeys> {
  if (socket === undefined || (process.platform !== "win32" && !existsSync(socket))) {
    const trouble = socket === undefined ? undefined : "agent: its socket is gone";
    return Promise.resolve({ keys: [], trouble });
  }
  const agent = createAgent(socket);
  const sign =
    (key: ParsedKey): Sign =>
    (data, hash) =>
      new Promise((resolve, reject) => {
        agent.sign(key, data, hash === undefined ? {} : { hash: hash as "sha256" }, (error, signature) => {
          if (signature === undefined) reject(error ?? new Error("the agent did not sign"));
          else resolve(signature);
        });
      });
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve({ keys: [], trouble: "agent: does not answer" });
    }, AGENT_DEADLINE_MS);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      if (keys === undefined) resolve({ keys: [], trouble: `agent: ${error?.message ?? "no keys"}` });
      else {
        // The types know more kinds of entries than this agent makes.
        const own = keys as ParsedKey[];
        resolve({ keys: own.map((publicKey) => ({ publicKey, sign: sign(publicKey) })), trouble: undefined });
      }
    });
  });
}

/** OpenSSH's order: the agent's keys that the configuration names, its other keys, then the files. */
function assemble(
  hop: SshHop,
  loaded: readonly { readonly file: string; readonly key: KeyFile | undefined }[],
  agent: AgentKeys,
  asking: Asking,
): KeyRing {
  const files = loaded.flatMap(({ file, key }) => (key?.kind === "key" ? [{ file, key }] : []));
  const named = new Set(
    loaded.flatMap(({ key }) =>
      key === undefined || key.kind === "unusable" ? [] : [blobOf(key.publicKey)],
    ),
  );
  const namedByAgent = agent.keys.filter(({ publicKey }) => named.has(blobOf(publicKey)));
  const others = hop.identitiesOnly
    ? []
    : agent.keys.filter(({ publicKey }) => !named.has(blobOf(publicKey)));
  const fromAgent = [...namedByAgent, ...others];
  const inAgent = new Set(fromAgent.map(({ publicKey }) => blobOf(publicKey)));
  const fromFiles = files.filter(({ key }) => !inAgent.has(blobOf(key.publicKey)));
  const count = fromAgent.length;
  // As OpenSSH looks for it; it may be all that the host goes by.
  const certificates = hop.identityFiles.map((file) => `${file}-cert.pub`).filter((file) => existsSync(file));
  const tried = [
    ...(count === 0 ? [] : [`agent: ${String(count)} ${count === 1 ? "key" : "keys"}`]),
    ...(agent.trouble === undefined ? [] : [agent.trouble]),
    ...fromFiles.map(({ file }) => file),
    ...loaded.flatMap(({ key }) => (key?.kind === "unusable" ? [key.why] : [])),
    ...certificates.map((file) => `${file} ${IS_CERTIFICATE}`),
  ];
  const signing = fromFiles.map(({ key }) => ({
    publicKey: key.publicKey,
    sign: signWith((signal) => key.open(signal), asking),
  }));
  return new KeyRing([...fromAgent, ...signing], tried);
}
