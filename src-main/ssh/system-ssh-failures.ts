// What the system's ssh says on standard error, as failures with a step and a remedy.
import { readFile } from "node:fs/promises";
import { fingerprintOf } from "./host-keys.ts";
import { parseKnownHosts } from "./known-hosts.ts";
import { parseJump, type SshHop } from "./ssh-config.ts";
import {
  BE_ASKED,
  noGreeting,
  onTheWay,
  refused,
  tcpFailure,
  TOO_LATE,
  unreachable,
  wordsOf,
} from "./ssh-failures.ts";
import type { SshFailure } from "./ssh.ts";

/** The words of strerror(3) for what tcpFailure knows by its code. */
const CODES: Readonly<Record<string, string>> = {
  "Connection refused": "ECONNREFUSED",
  "No route to host": "EHOSTUNREACH",
  "Network is unreachable": "ENETUNREACH",
  "Connection timed out": "ETIMEDOUT",
  "Operation timed out": "ETIMEDOUT",
};

const LOOK_AT_LOG = "Look at the host's log (journalctl -u ssh), there stands why.";

/** The fingerprint of the key that known_hosts has, which ssh itself does not say. */
async function knownFingerprint(file: string, line: number): Promise<string> {
  try {
    const { entries } = parseKnownHosts(await readFile(file, "utf8"), file);
    const entry = entries.find((candidate) => candidate.line === line);
    return entry === undefined ? "another" : fingerprintOf(Buffer.from(entry.key, "base64"));
  } catch (error) {
    return `another (${wordsOf(error)})`;
  }
}

/** How far people were asked. */
export interface AskedSoFar {
  readonly asked: boolean;
  readonly notes: readonly string[];
  readonly keyDeclined: boolean;
}

const NOBODY_ASKED: AskedSoFar = { asked: false, notes: [], keyDeclined: false };

async function hostKeyFailure(said: string, { keyDeclined }: AskedSoFar): Promise<SshFailure | undefined> {
  const revoked = /marked as revoked/i.test(said) || /REVOKED HOST KEY/.test(said);
  if (revoked) {
    const where = /revoked(?: in| by file)? (\S+)/i.exec(said)?.[1];
    const reason = `the host key is revoked${where === undefined ? "" : ` (${where})`}`;
    return refused("host key", reason, "The key is in wrong hands: give the host a new one.");
  }
  const offending = /Offending (\S+) key in (.+):(\d+)/.exec(said);
  if (/HAS CHANGED/.test(said) || offending !== null) {
    const shown = /(\S+) key sent by the remote host is\s+(\S+?)\.?\s/.exec(said);
    const [, type = "", file = "known_hosts", line = "0"] = offending ?? [];
    const known = await knownFingerprint(file, Number(line));
    const name = /ssh-keygen -f .* -R ["']?([^"'\n]+)/.exec(said)?.[1] ?? "HOST";
    return refused(
      "host key",
      `the host key has changed: ${type} ${known} (${file}, line ${line}) is known, ` +
        `the host shows ${shown?.[1] ?? ""} ${shown?.[2] ?? "another"}`,
      `Somebody may be listening in. If the host was set up anew, and only then: ssh-keygen -R '${name}' -f ${file}`,
    );
  }
  if (!/Host key verification failed|host key is known for/.test(said)) return undefined;
  return refused(
    "host key",
    keyDeclined ? "the host key is not known, and nobody has accepted it" : "the host key is not known",
    keyDeclined
      ? "Compare its fingerprint with `ssh-keygen -lf` on the host, and say yes when plush asks (at a terminal, without --no-input); or choose the host key policy accept-new."
      : "Connect to the host once with ssh and compare its fingerprint; or choose the host key policy accept-new.",
  );
}

function connectFailure(said: string): SshFailure | undefined {
  const unknownName = /Could not resolve hostname [^:]*: (.*)/.exec(said)?.[1];
  if (unknownName !== undefined) {
    const temporary = /Temporary failure/.test(unknownName);
    return tcpFailure(
      Object.assign(new Error(unknownName), { code: temporary ? "EAI_AGAIN" : "ENOTFOUND" }),
      0,
    );
  }
  const tcp = /connect to (?:host|address) \S+ port (\d+): ([^\r\n]*)/.exec(said);
  if (tcp !== null) {
    const words = tcp[2] ?? "";
    const code = CODES[words];
    return tcpFailure(
      code === undefined ? new Error(words) : Object.assign(new Error(words), { code }),
      Number(tcp[1]),
    );
  }
  if (/during banner exchange/.test(said)) {
    return unreachable(
      "connect",
      "accepts the connection and stays silent",
      "Check that it is sshd that listens on this port, and that the host is not overloaded.",
    );
  }
  const unmatched = /(no matching [^\r\n]*)/i.exec(said)?.[1];
  if (unmatched !== undefined) {
    return refused("connect", unmatched, "Allow the old algorithm for this host in ~/.ssh/config.");
  }
  return undefined;
}

function loginFailure(said: string, { asked, notes }: AskedSoFar): SshFailure | undefined {
  const denied = /Permission denied \(([^)]*)\)/.exec(said)?.[1];
  if (/Too many authentication failures/.test(said)) {
    const remedy = "Say in ~/.ssh/config which key is meant (IdentityFile with IdentitiesOnly yes).";
    return refused("login", "Too many authentication failures", remedy);
  }
  if (denied === undefined) {
    return asked && /Connection (?:closed|reset) by/.test(said) ? TOO_LATE : undefined;
  }
  const remedy =
    notes.length > 0
      ? `Put the key into an agent (ssh-add), or ${BE_ASKED}.`
      : "Add the key to your agent (ssh-add) or name it with IdentityFile, and see that the host's authorized_keys has it.";
  return refused("login", [`Permission denied (${denied})`, ...notes].join("; "), remedy);
}

/** The connection ends before the host has said who it is; seen from behind a jump, the jump's pipe does. */
const EARLY_END = /kex_exchange_identification: (?:read: )?Connection (closed|reset)/i;

/** sshd turns connections away while too many are logging in; a moment later it may not. */
export function isCrowdedWord(said: string, hop: SshHop): boolean {
  return hop.proxyJump.length === 0 && EARLY_END.test(said);
}

/** Why the master connection did not come about, from everything that ssh has printed. */
export async function systemSshFailure(
  said: string,
  hop: SshHop,
  asked: AskedSoFar = NOBODY_ASKED,
): Promise<SshFailure> {
  const last = said.trim().split(/\r?\n/).at(-1) ?? "";
  const failure =
    cannotAsk(said) ??
    (await hostKeyFailure(said, asked)) ??
    connectFailure(said) ??
    loginFailure(said, asked) ??
    behindJumpFailure(said) ??
    earlyEnd(said) ??
    unreachable("connect", last === "" ? "ssh ends without a word" : last, LOOK_AT_LOG);
  // The jump's own ssh has failed: the outer one only sees that its pipe is closed.
  const jump = /UNKNOWN port 65535/.test(said) ? hop.proxyJump.at(-1) : undefined;
  if (jump === undefined || failure.reason.startsWith(BEHIND)) return failure;
  const outer = onTheWay(parseJump(jump)?.host ?? jump, { kind: "failed", failure });
  return outer.kind === "failed" ? outer.failure : failure;
}

const BEHIND = "not reached from the jump host";

function cannotAsk(said: string): SshFailure | undefined {
  const words = /ssh_askpass: exec\((.*)\): ([^\r\n]*)/.exec(said);
  if (words === null) return undefined;
  return refused(
    "login",
    `ssh has a question and cannot start the program that asks it: ${words[1] ?? ""}: ${words[2] ?? ""}`,
    "Set TMPDIR to a folder on a file system where programs may be started (not noexec), or put the key into an agent.",
  );
}

function earlyEnd(said: string): SshFailure | undefined {
  const how = EARLY_END.exec(said)?.[1];
  return how === undefined ? undefined : noGreeting("", how.toLowerCase() === "reset");
}

function behindJumpFailure(said: string): SshFailure | undefined {
  const words = /open failed: ([^\r\n]*)/.exec(said)?.[1];
  if (words === undefined) return undefined;
  return unreachable(
    "connect",
    `${BEHIND} (${words})`,
    "Check the host's name and port as the jump host sees them.",
  );
}
