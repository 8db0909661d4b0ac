// The preferences file plush.prefs: `key = value` lines, their types, and which of several sources wins.
import { parseDuration } from "#shared/application/durations.ts";
import { LINK_WAYS, type LinkWay } from "#shared/base/link-way.ts";
import { nearestName } from "#shared/application/nearest-name.ts";
import { DEGREE_DEFAULT, DEGREE_MAX, OVERLAY_DEFAULT, OVERLAY_NAMES } from "#shared/overlay/topologies.ts";
import {
  HOST_KEY_POLICIES,
  SSH_TRANSPORTS,
  type HostKeyPolicy,
  type SshTransportName,
} from "#shared/resource-directory/resource-directory.ts";

export const PREFERENCES_FILE_NAME = "plush.prefs";

/** More than a person writes by hand; keeps a wrong file (a disk image) from being read whole. */
export const PREFERENCES_BYTES_MAX = 64 * 1024;

/** As many as the operating system lets one process keep connections to, with a margin. */
export const FANOUT_MAX = 4096;
const RESULTS_KEEP_MAX = 1_000_000;
const PORT_MAX = 65_535;
/** A chain is no tree: one host in it that is slow would slow all below it. */
const DEGREE_MIN = 2;

/** As the directory takes it; nothing that ssh would take for an option. */
const USER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/;

/** What can be chosen for `overlay`, and what holds when nobody chooses. */
export const OVERLAY_CHOICE = {
  names: OVERLAY_NAMES,
  name: OVERLAY_DEFAULT,
  degree: DEGREE_DEFAULT,
} as const;

export type OutputFormat = "text" | "json" | "jsonl";
export type ColourChoice = "auto" | "always" | "never";

/** What a source may say; a key that it does not mention is absent. */
export interface Preferences {
  /** The resource directory used when no -d is given. */
  readonly directory?: string;
  /** Hosts contacted at once. */
  readonly fanout?: number;
  readonly output?: OutputFormat;
  readonly colour?: ColourChoice;
  /** Folder below which each run gets a folder for its results. */
  readonly results?: string;
  /** How many runs' results are kept; the oldest go first. */
  readonly results_keep?: number;
  /** Leave software on the hosts after a run. */
  readonly keep?: boolean;
  /** Longest time for a run; 0 = the specification's. */
  readonly timeout?: number;
  readonly controller_port?: number;
  /** How links between controller and clients elsewhere may come about. */
  readonly ways?: readonly LinkWay[];
  /** How hosts are reached by SSH, where the directory does not say. */
  readonly transport?: SshTransportName;
  /** Instead of StrictHostKeyChecking of ~/.ssh/config, where the directory does not say. */
  readonly host_key_policy?: HostKeyPolicy;
  /** Who logs in, where the directory does not say. */
  readonly ssh_user?: string;
  /** Path of a private key that is tried first. */
  readonly ssh_identity?: string;
  /** The topology that connects controller and clients. */
  readonly overlay?: string;
  /** Children of one node of the overlay at most. */
  readonly degree?: number;
  /** Bring a Node to hosts that have none. */
  readonly push_node?: boolean;
  /** Path or URL of the Node that is brought, instead of the registry's. */
  readonly node_runtime?: string;
}

export type PreferenceKey = keyof Preferences;

/** A line that could not be used. `line` counts from 1; 0 when the source has no lines (environment). */
export interface PreferenceProblem {
  readonly severity: "error" | "warning";
  readonly source: string;
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

type PreferenceValue = string | number | boolean | readonly LinkWay[];
type Parsed =
  | { readonly kind: "ok"; readonly value: PreferenceValue }
  | { readonly kind: "error"; readonly expected: string };
type ValueParser = (text: string) => Parsed;

const PARSERS: { readonly [Key in PreferenceKey]-?: ValueParser } = {
  directory: parsePath,
  fanout: wholeNumber(1, FANOUT_MAX),
  output: oneOf("text", "json", "jsonl"),
  colour: oneOf("auto", "always", "never"),
  results: parsePath,
  results_keep: wholeNumber(0, RESULTS_KEEP_MAX),
  keep: parseSwitch,
  timeout: (text) => {
    const ms = parseDuration(text);
    return ms === undefined
      ? { kind: "error", expected: "a time such as 90, 90s, 2m or 1h" }
      : { kind: "ok", value: ms };
  },
  controller_port: wholeNumber(0, PORT_MAX),
  ways: parseWays,
  transport: oneOf(...SSH_TRANSPORTS),
  host_key_policy: oneOf(...HOST_KEY_POLICIES),
  ssh_user: (text) =>
    USER_NAME.test(text) ? { kind: "ok", value: text } : { kind: "error", expected: "the name of a user" },
  // Such a path could not be written into a configuration of ssh.
  ssh_identity: (text) =>
    /["\p{Cc}]/u.test(text) ? { kind: "error", expected: "a path without quotation marks" } : parsePath(text),
  overlay: oneOf(...OVERLAY_NAMES),
  degree: wholeNumber(DEGREE_MIN, DEGREE_MAX),
  push_node: parseSwitch,
  node_runtime: parsePath,
};

export const PREFERENCE_KEYS = Object.keys(PARSERS) as readonly PreferenceKey[];

/** `PLUSH_FANOUT` and so on. */
export const environmentNameOf = (key: PreferenceKey): string => `PLUSH_${key.toUpperCase()}`;

export interface PreferencesResult {
  readonly preferences: Preferences;
  readonly problems: readonly PreferenceProblem[];
}

/** Reads the text of a plush.prefs; `source` is the name that messages show. Never throws. */
export function parsePreferences(text: string, source: string): PreferencesResult {
  const values = new Map<PreferenceKey, PreferenceValue>();
  const problems: PreferenceProblem[] = [];
  text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .forEach((whole, index) => {
      const line = index + 1;
      const problem = (severity: "error" | "warning", message: string, remedy: string): void => {
        problems.push({ severity, source, line, message, remedy });
      };
      const content = withoutComment(whole).trim();
      if (content === "") return;
      const equals = content.indexOf("=");
      if (equals === -1)
        return problem(
          "error",
          `'${shortened(content)}' is no setting`,
          "Write key = value, or start the line with #.",
        );
      const key = content.slice(0, equals).trim();
      if (!isPreferenceKey(key))
        return problem("warning", `unknown key '${shortened(key)}'`, unknownKeyRemedy(key));
      if (values.has(key))
        problem("warning", `'${key}' is set twice; this one counts`, "Remove one of the two lines.");
      const parsed = PARSERS[key](unquoted(content.slice(equals + 1).trim()));
      if (parsed.kind === "ok") values.set(key, parsed.value);
      else
        problem(
          "error",
          `'${key}' must be ${parsed.expected}`,
          "Change the value, or remove the line for the default.",
        );
    });
  return { preferences: Object.fromEntries(values), problems };
}

/** Where in the line the key's value stands; undefined: the line does not set that key. */
export function placeOfValue(
  line: string,
  key: PreferenceKey,
): { readonly start: number; readonly end: number } | undefined {
  const content = withoutComment(line);
  const equals = content.indexOf("=");
  if (equals === -1 || content.slice(0, equals).trim() !== key) return undefined;
  const value = content.slice(equals + 1);
  const start = equals + 1 + (value.length - value.trimStart().length);
  return { start, end: start + value.trim().length };
}

/** The same keys from the environment: PLUSH_FANOUT=8. Empty values count as unset. */
export function preferencesOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): PreferencesResult {
  const values = new Map<PreferenceKey, PreferenceValue>();
  const problems: PreferenceProblem[] = [];
  for (const key of PREFERENCE_KEYS) {
    const name = environmentNameOf(key);
    const text = environment[name];
    if (text === undefined || text === "") continue;
    const parsed = PARSERS[key](text);
    if (parsed.kind === "ok") values.set(key, parsed.value);
    else
      problems.push({
        severity: "error",
        source: name,
        line: 0,
        message: `must be ${parsed.expected}`,
        remedy: `Change ${name}, or unset it.`,
      });
  }
  return { preferences: Object.fromEntries(values), problems };
}

/** The first source that mentions a key wins: flags, environment, the project's file, the user's file. */
export function mergePreferences(...strongestFirst: readonly Preferences[]): Preferences {
  return Object.assign({}, ...strongestFirst.toReversed()) as Preferences;
}

/** The same check for a flag's value, so that flags and files agree. */
export function parsePreferenceValue(key: PreferenceKey, text: string): Parsed {
  return PARSERS[key](text);
}

function isPreferenceKey(key: string): key is PreferenceKey {
  return Object.hasOwn(PARSERS, key);
}

function unknownKeyRemedy(key: string): string {
  const nearest = nearestName(key, PREFERENCE_KEYS);
  return nearest === undefined ? `Known keys: ${PREFERENCE_KEYS.join(", ")}.` : `Did you mean '${nearest}'?`;
}

/** A # starts a comment at the start of a line or after a blank, but not inside quotes: paths may contain one. */
function withoutComment(line: string): string {
  let quote = "";
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? "";
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (character === "#" && (at === 0 || /\s/.test(line[at - 1] ?? ""))) {
      return line.slice(0, at);
    }
  }
  return line;
}

function unquoted(text: string): string {
  const match = /^(["'])(.*)\1$/.exec(text);
  return match?.[2] ?? text;
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function parsePath(text: string): Parsed {
  return text === "" || text.includes("\0")
    ? { kind: "error", expected: "a path" }
    : { kind: "ok", value: text };
}

function parseSwitch(text: string): Parsed {
  if (/^(yes|true|on|1)$/i.test(text)) return { kind: "ok", value: true };
  if (/^(no|false|off|0)$/i.test(text)) return { kind: "ok", value: false };
  return { kind: "error", expected: "yes or no" };
}

/** In any order: which one is tried first is not a matter of taste. */
function parseWays(text: string): Parsed {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const ways = LINK_WAYS.filter((way) => words.includes(way));
  const isRight = words.length > 0 && words.every((word) => LINK_WAYS.some((way) => way === word));
  return isRight
    ? { kind: "ok", value: ways }
    : { kind: "error", expected: `one or more of ${LINK_WAYS.join(", ")}` };
}

function wholeNumber(min: number, max: number): ValueParser {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max
      ? { kind: "ok", value }
      : { kind: "error", expected: `a whole number from ${min} to ${max}` };
  };
}

function oneOf(...choices: readonly string[]): ValueParser {
  return (text) =>
    choices.includes(text)
      ? { kind: "ok", value: text }
      : { kind: "error", expected: `one of ${choices.join(", ")}` };
}
