// The text of ~/.ssh/config and the system's ssh_config with what they include, and what a host has in common with others.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { patternsMatch } from "./known-hosts.ts";
import { codeOf } from "./ssh-failures.ts";

/** OpenSSH's own limit (READCONF_MAX_DEPTH). */
const INCLUDE_DEPTH_MAX = 16;
/** More files than this are no configuration but a mistake in a pattern. */
const INCLUDE_FILES_MAX = 256;

export interface ConfigPlaces {
  readonly homeDirectory: string;
  /** Instead of ~/.ssh/config; then the system's file does not count either. */
  readonly configFile: string | undefined;
  readonly systemFile: string;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    // OpenSSH, too, goes on without a file that is missing or that it may not read.
    const code = codeOf(error);
    if (code === "ENOENT" || code === "EACCES" || code === "ENOTDIR" || code === "EISDIR") return "";
    throw error;
  }
}

/** Files that a pattern means; wildcards in the last part of the path only, as nearly everybody has them. */
function filesOf(pattern: string): string[] {
  if (!/[*?]/.test(basename(pattern))) return [pattern];
  const folder = dirname(pattern);
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith(".") && patternsMatch([basename(pattern)], name.toLowerCase()))
      .sort()
      .slice(0, INCLUDE_FILES_MAX)
      .map((name) => join(folder, name));
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "EACCES") return [];
    throw error;
  }
}

function includePath(word: string, from: string, home: string): string {
  if (word.startsWith("~/")) return join(home, word.slice(2));
  return isAbsolute(word) ? word : join(dirname(from), word);
}

/** A file with its Include lines replaced by what they name. */
function flatten(file: string, home: string, depth: number): string {
  let header = "Host *";
  const lines = readIfThere(file)
    .split("\n")
    .flatMap((line): string[] => {
      if (/^\s*(host|match)[\s=]/i.test(line)) header = line;
      const include = /^\s*include[\s=]+(.*?)\s*$/i.exec(line)?.[1];
      if (include === undefined || depth >= INCLUDE_DEPTH_MAX) return [line];
      const words = [...include.matchAll(/"([^"]*)"|(\S+)/g)].map((word) => word[1] ?? word[2] ?? "");
      const files = words.flatMap((word) => filesOf(includePath(word, file, home)));
      // What the included file has begun ends with it: the block around the line goes on.
      return [...files.map((included) => flatten(included, home, depth + 1)), header];
    });
  return lines.join("\n");
}

export function readSshConfigText({ homeDirectory, configFile, systemFile }: ConfigPlaces): string {
  const own = flatten(configFile ?? join(homeDirectory, ".ssh", "config"), homeDirectory, 0);
  if (configFile !== undefined) return own;
  // The first value that is found counts: the user's file comes first.
  return `${own}\nHost *\n${flatten(systemFile, homeDirectory, 0)}`;
}

/**
 * What decides a host's settings: hosts of the same class have the same, but for their names. Asking `ssh -G` for each
 * of a thousand hosts would cost seconds; mostly one question is enough. Undefined where only asking tells.
 */
export function settingsClassOf(configText: string, host: string): string | undefined {
  const lines = configText.split("\n").filter((line) => !/^\s*(#|$)/.test(line));
  // A name may come out of each of these: Match asks for anything, % and CanonicalizeHostname make names.
  if (lines.some((line) => /^\s*(match|canonical\w*|hostname)[\s=]|[%$]/i.test(line))) return undefined;
  const blocks = lines.flatMap((line) => /^\s*host[\s=]+(.*?)\s*$/i.exec(line)?.[1] ?? []);
  return blocks
    .map((patterns) =>
      patternsMatch(patterns.replaceAll('"', "").split(/\s+/), host.toLowerCase()) ? "1" : "0",
    )
    .join("");
}
