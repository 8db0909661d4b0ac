// Whether a host is the one it says it is: known_hosts files and the policy, before any credential goes out.
import { createHash, randomBytes } from "node:crypto";
import { appendFile, mkdir, open, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { ServerHostKeyAlgorithm } from "ssh2";
import type { HostKeyWords } from "#shared/controller-api/changed-host-key.ts";
import type { HostKeyState } from "#shared/controller-api/host-key-list.ts";
import type { HostKeyReviews } from "./host-key-reviews.ts";
import {
  judgeHostKey,
  keyTypeOf,
  knownHostName,
  linesAbout,
  parseKnownHosts,
  writeKnownHostsLine,
  type KnownHost,
} from "./known-hosts.ts";
import { SharedAnswers } from "./shared-answer.ts";
import type { SshHop } from "./ssh-config.ts";
import { codeOf, refused, USE_SYSTEM_SSH, wordsOf } from "./ssh-failures.ts";
import type { ShownHostKey, SshFailure, SshQuestions } from "./ssh.ts";

/** Bytes of salt in a hashed name: as long as the hash, as OpenSSH has it. */
const SALT_BYTES = 20;
/** A known_hosts file of 10 000 hosts has 2 MB; what is larger than this is something else. */
const KNOWN_HOSTS_BYTES_MAX = 64 * 1024 * 1024;

/** Our order where nothing is known; without ssh-rsa, whose SHA-1 can be forged (OpenSSH has dropped it in 8.8). */
const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

export type HostKeyVerdict =
  | {
      readonly kind: "accepted";
      /** To be written down once the host has proved that the key is its own. */
      readonly remember: boolean;
      /** Nobody vouches for the key: a password would go to whoever has made it. */
      readonly passwordAllowed: boolean;
      readonly warning: string | undefined;
    }
  | { readonly kind: "refused"; readonly failure: SshFailure };

export interface HostKeys {
  /** Key types that are already known come first: a host with several keys shall not look like an unknown one. */
  algorithmsFor(hop: SshHop): Promise<ServerHostKeyAlgorithm[]>;
  /** `signal`: whoever is asked about it need not answer any more. */
  judge(hop: SshHop, key: Uint8Array, signal: AbortSignal): Promise<HostKeyVerdict>;
  /** Writes an accepted key down; what went wrong in words. */
  remember(hop: SshHop, key: Uint8Array): Promise<string | undefined>;
}

/** As OpenSSH prints it: SHA256 in base64 without its padding. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** `ED25519`, `RSA`: as OpenSSH says it. */
function typeName(keyType: string): string {
  if (keyType.startsWith("ecdsa-")) return "ECDSA";
  return keyType.replace(/^ssh-/, "").toUpperCase();
}

function nameOf(hop: SshHop): { host: string; port: number } {
  // An alias stands for itself: no port is added to it.
  return hop.hostKeyAlias === undefined
    ? { host: hop.hostName, port: hop.port }
    : { host: hop.hostKeyAlias, port: 22 };
}

interface CachedFile {
  readonly version: string;
  readonly entries: readonly KnownHost[];
}

/** Reads known_hosts files, again only when they have changed. */
function createKnownHostsFiles(): (files: readonly string[]) => Promise<KnownHost[]> {
  const cached = new Map<string, CachedFile>();
  async function entriesOf(file: string): Promise<readonly KnownHost[]> {
    try {
      const { ino, size, mtimeMs } = await stat(file);
      const version = `${String(ino)} ${String(size)} ${String(mtimeMs)}`;
      const known = cached.get(file);
      if (known?.version === version) return known.entries;
      if (size > KNOWN_HOSTS_BYTES_MAX) throw new Error(`${file} is too large for a known_hosts file`);
      const { entries } = parseKnownHosts(await readFile(file, "utf8"), file);
      cached.set(file, { version, entries });
      return entries;
    } catch (error) {
      // A file that is not there knows nobody. One that may not be read must not look like that.
      const code = codeOf(error);
      if (code === "ENOENT" || code === "ENOTDIR") return [];
      throw error;
    }
  }
  return async (files) => (await Promise.all(files.map(entriesOf))).flat();
}

async function endsInsideLine(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    if (size === 0) return false;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== 0x0a;
  } finally {
    await handle.close();
  }
}

async function appendLine(file: string, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // One write with O_APPEND: two programs that do so at the same time do not cut each other's lines.
  await appendFile(file, "", { mode: 0o600 });
  await appendFile(file, `${(await endsInsideLine(file)) ? "\n" : ""}${line}\n`, { mode: 0o600 });
}

function describeLines(lines: readonly KnownHost[]): string {
  return lines
    .map(
      ({ keyType, key, file, line }) =>
        `${typeName(keyType)} ${fingerprintOf(Buffer.from(key, "base64"))} (${file}, line ${String(line)})`,
    )
    .join(" or ");
}

/** `ssh-keygen -R` for each file that has an old key. */
function forgetCommand(name: string, lines: readonly KnownHost[]): string {
  const files = [...new Set(lines.map(({ file }) => file))];
  return files.map((file) => `ssh-keygen -R '${name}' -f ${file}`).join("; ");
}

/** A key other than the known ones: refused under every policy but "no". */
function changedVerdict(
  hop: SshHop,
  key: Uint8Array,
  lines: readonly KnownHost[],
  reviews: HostKeyReviews,
): HostKeyVerdict {
  const { host, port } = nameOf(hop);
  const { keyType, fingerprint } = wordsOfKey(key);
  const shown = `${keyType} ${fingerprint}`;
  const name = knownHostName(host, port);
  const reason = `the host key has changed: ${describeLines(lines)} is known, the host shows ${shown}`;
  if (hop.hostKeyPolicy === "no") {
    return {
      kind: "accepted",
      remember: false,
      passwordAllowed: false,
      warning: `${name}: ${reason}; going on because the host key policy is "no", but without passwords`,
    };
  }
  const remedy =
    `Somebody may be listening in. If the host was set up anew, and only then: ` + forgetCommand(name, lines);
  const salt = hop.hashKnownHosts ? randomBytes(SALT_BYTES) : undefined;
  const review = reviews.add({ host, port, key, lines, userFile: hop.userKnownHostsFiles[0], salt });
  const known = lines.map((line) => ({ ...wordsOfKey(Buffer.from(line.key, "base64")), ...placeOf(line) }));
  const changedKey = { review, name, shown: wordsOfKey(key), known };
  return { kind: "refused", failure: { ...refused("host key", reason, remedy), changedKey } };
}

function wordsOfKey(key: Uint8Array): HostKeyWords {
  return { keyType: typeName(keyTypeOf(key) ?? ""), fingerprint: fingerprintOf(key) };
}

function placeOf({ file, line }: KnownHost): { readonly file: string; readonly line: number } {
  return { file, line };
}

function revokedVerdict(shown: string, { file, line }: KnownHost): HostKeyVerdict {
  const reason = `the host key ${shown} is revoked (${file}, line ${String(line)})`;
  const remedy = "The key is in wrong hands: give the host a new one.";
  return { kind: "refused", failure: refused("host key", reason, remedy) };
}

const CERTIFICATE_NEEDED: HostKeyVerdict = {
  kind: "refused",
  failure: refused(
    "host key",
    "only a certificate authority vouches for the host, and ssh2 cannot check certificates",
    `To go by certificates, ${USE_SYSTEM_SSH}; or write down the host's own key.`,
  ),
};

/** What cannot be read is told by judging, which comes later in any case. */
function nothingKnown(_unreadable: unknown): KnownHost[] {
  return [];
}

class CheckedHostKeys implements HostKeys {
  readonly #questions: SshQuestions;
  readonly #reviews: HostKeyReviews;
  readonly #answers = new SharedAnswers<boolean>();
  readonly #readEntries = createKnownHostsFiles();
  #writing: Promise<unknown> = Promise.resolve();

  constructor(questions: SshQuestions, reviews: HostKeyReviews) {
    this.#questions = questions;
    this.#reviews = reviews;
  }

  async algorithmsFor(hop: SshHop): Promise<ServerHostKeyAlgorithm[]> {
    const { host, port } = nameOf(hop);
    const entries = await this.#entriesFor(hop).catch(nothingKnown);
    const { own, ofPlainName } = linesAbout(entries, host, port);
    const usable = [...own, ...ofPlainName].filter(({ marker }) => marker === "none");
    const types = new Set(usable.map(({ keyType }) => keyType));
    const isKnown = (algorithm: string): boolean =>
      types.has(algorithm) || (algorithm.startsWith("rsa-sha2-") && types.has("ssh-rsa"));
    return [...ALGORITHMS.filter(isKnown), ...ALGORITHMS.filter((algorithm) => !isKnown(algorithm))];
  }

  async judge(hop: SshHop, key: Uint8Array, signal: AbortSignal): Promise<HostKeyVerdict> {
    try {
      return await this.#judge(hop, key, signal);
    } catch (error) {
      const failure = refused("host key", wordsOf(error), "Make the known_hosts files readable.");
      return { kind: "refused", failure };
    }
  }

  remember(hop: SshHop, key: Uint8Array): Promise<string | undefined> {
    // One after the other, so that each sees what the one before has written.
    const written = this.#writing
      .then(() => this.#write(hop, key))
      .then(
        () => {
          this.#note(hop, key, { state: "known", lines: [], review: undefined });
          return undefined;
        },
        (error: unknown) => `the host key could not be written down: ${wordsOf(error)}`,
      );
    this.#writing = written;
    return written;
  }

  #entriesFor(hop: SshHop): Promise<KnownHost[]> {
    return this.#readEntries([...hop.userKnownHostsFiles, ...hop.globalKnownHostsFiles]);
  }

  async #judge(hop: SshHop, key: Uint8Array, signal: AbortSignal): Promise<HostKeyVerdict> {
    const { host, port } = nameOf(hop);
    const type = typeName(keyTypeOf(key) ?? "");
    const fingerprint = fingerprintOf(key);
    const shown = `${type} ${fingerprint}`;
    const judgement = judgeHostKey(await this.#entriesFor(hop), host, port, key);
    const note = (state: HostKeyState, lines: readonly KnownHost[] = [], review?: string): void =>
      this.#note(hop, key, { state, lines, review });
    switch (judgement.kind) {
      case "known":
        note("known");
        return { kind: "accepted", remember: false, passwordAllowed: true, warning: undefined };
      case "unknown":
        note("new");
        return this.#unknown(hop, type, fingerprint, signal);
      case "changed": {
        const verdict = changedVerdict(hop, key, judgement.lines, this.#reviews);
        const review = verdict.kind === "refused" ? verdict.failure.changedKey?.review : undefined;
        note("changed", judgement.lines, review);
        return verdict;
      }
      case "revoked":
        note("revoked", [judgement.line]);
        return revokedVerdict(shown, judgement.line);
      case "caOnly":
        note("authority only", [judgement.line]);
        return hop.hostKeyPolicy === "no"
          ? this.#unknown(hop, type, fingerprint, signal)
          : CERTIFICATE_NEEDED;
    }
  }

  #note(
    hop: SshHop,
    key: Uint8Array,
    {
      state,
      lines,
      review,
    }: { state: HostKeyState; lines: readonly KnownHost[]; review: string | undefined },
  ): void {
    const { host, port } = nameOf(hop);
    const known = lines.map((line) => ({ ...wordsOfKey(Buffer.from(line.key, "base64")), ...placeOf(line) }));
    const name = knownHostName(host, port);
    this.#reviews.sightings.note({
      seen: { host: hop.name, name, ...wordsOfKey(key), state, known, review },
      remember: () => this.remember(hop, key),
    });
  }

  async #unknown(
    hop: SshHop,
    keyType: string,
    fingerprint: string,
    signal: AbortSignal,
  ): Promise<HostKeyVerdict> {
    const refusal = (reason: string): HostKeyVerdict => ({
      kind: "refused",
      failure: refused(
        "host key",
        reason,
        `Compare ${keyType} ${fingerprint} with \`ssh-keygen -lf\` on the host, and ${
          hop.hostKeyPolicy === "ask"
            ? "say yes when plush asks (at a terminal, without --no-input)"
            : "connect to it once with ssh"
        }; or choose the host key policy accept-new.`,
      ),
    });
    switch (hop.hostKeyPolicy) {
      case "no":
      case "accept-new":
        return { kind: "accepted", remember: true, passwordAllowed: true, warning: undefined };
      case "yes":
        return refusal("the host key is not known");
      case "ask": {
        const { host, port } = nameOf(hop);
        const name = knownHostName(host, port);
        if (this.#reviews.sightings.isRefused({ name, fingerprint }))
          return refusal("the host key was refused by hand");
        if (hop.newKeys === "list") return refusal("the host key is not known");
        const shown = { name: hop.name, host: name, keyType, fingerprint };
        return (await this.#accepted(shown, signal))
          ? { kind: "accepted", remember: true, passwordAllowed: true, warning: undefined }
          : refusal("the host key is not known, and nobody has accepted it");
      }
    }
  }

  /** A host that is reached twice at once is asked about once. */
  async #accepted(shown: ShownHostKey, signal: AbortSignal): Promise<boolean> {
    const name = `${shown.host} ${shown.fingerprint}`;
    const yes = await this.#answers.get(name, signal, (needed) =>
      this.#questions.acceptHostKey(shown, needed),
    );
    if (!yes) this.#answers.forget(name);
    return yes;
  }

  async #write(hop: SshHop, key: Uint8Array): Promise<void> {
    const file = hop.userKnownHostsFiles[0];
    if (file === undefined) return;
    const { host, port } = nameOf(hop);
    // Another connection may have written it meanwhile.
    if (judgeHostKey(await this.#entriesFor(hop), host, port, key).kind !== "unknown") return;
    const salt = hop.hashKnownHosts ? randomBytes(SALT_BYTES) : undefined;
    await appendLine(file, writeKnownHostsLine(host, port, key, salt));
  }
}

export function createHostKeys(questions: SshQuestions, reviews: HostKeyReviews): HostKeys {
  return new CheckedHostKeys(questions, reviews);
}
