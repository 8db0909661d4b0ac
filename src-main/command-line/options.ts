// Options that several commands share, with their checks; and how they combine with the preferences.
import { InvalidArgumentError, type Command } from "commander";
import { parseDuration } from "#shared/application/durations.ts";
import {
  mergePreferences,
  OVERLAY_CHOICE,
  parsePreferenceValue,
  type OutputFormat,
  type PreferenceKey,
  type Preferences,
} from "../documents/preferences.ts";

/** Hosts contacted at once when nobody says otherwise: clush's number. */
export const FANOUT_DEFAULT = 64;

export interface OutputFlags {
  readonly output?: OutputFormat;
  /** Commander's form of --no-color: true unless it was given. */
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** Commander's form of --no-input: true unless it was given. */
  readonly input?: boolean;
}

export interface DeployFlags {
  readonly directory?: string;
  readonly fanout?: number;
  readonly timeout?: number;
  readonly keep?: boolean;
  readonly results?: string;
  readonly overlay?: string;
  readonly degree?: number;
}

export function addOutputOptions(command: Command): Command {
  return command
    .option("--output <format>", "text, json or jsonl (default: text)", outputFormat)
    .option("--no-color", "no colours (NO_COLOR and FORCE_COLOR are heeded, too)")
    .option("-q, --quiet", "only output, problems and failures")
    .option("-v, --verbose", "every event");
}

export function addInputOption(command: Command): Command {
  return command.option("--no-input", "ask nobody: what needs a passphrase, a password or a yes fails");
}

export function addDirectoryOption(command: Command): Command {
  return command.option(
    "-d, --directory <file>",
    "the resource directory (default: the preference 'directory', then ./directory.xml)",
  );
}

export function addDeployOptions(command: Command): Command {
  return addInputOption(addDirectoryOption(command))
    .option("--fanout <n>", `hosts contacted at once (default: ${FANOUT_DEFAULT})`, checked("fanout", Number))
    .option("--timeout <time>", "longest time for all of it: 90, 90s, 2m, 1h", duration)
    .option("--keep", "leave software on the hosts for the next run")
    .option("--results <folder>", "folder for the results (default: a new one below the state directory)");
}

/** Of whoever starts a controller: it has one overlay for all its runs. */
export function addOverlayOptions(command: Command): Command {
  return command
    .option(
      "--overlay <name>",
      `how controller and clients are connected: ${OVERLAY_CHOICE.names.join(" or ")} (default: ${OVERLAY_CHOICE.name})`,
      checked("overlay", String),
    )
    .option(
      "--degree <n>",
      `hosts below one host of the overlay at most (default: ${OVERLAY_CHOICE.degree})`,
      checked("degree", Number),
    );
}

export function addWhereOption(command: Command): Command {
  return command.option(
    "--where <filter>",
    "of these, the hosts for which a filter holds: 'site:ucsd NOT @spare' (plush help filters)",
  );
}

export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("It must be a time such as 90, 90s, 2m or 1h.");
  return ms;
}

function checked<Value>(key: PreferenceKey, valueOf: (text: string) => Value): (text: string) => Value {
  return (text) => {
    const parsed = parsePreferenceValue(key, text);
    if (parsed.kind === "error") throw new InvalidArgumentError(`It must be ${parsed.expected}.`);
    return valueOf(String(parsed.value));
  };
}

export function fanout(text: string): number {
  return checked("fanout", Number)(text);
}

export function outputFormat(text: string): OutputFormat {
  const parsed = parsePreferenceValue("output", text);
  if (parsed.kind === "error") throw new InvalidArgumentError(`It must be ${parsed.expected}.`);
  return text as OutputFormat;
}

/** For --variable name=value, given any number of times. */
export function collectVariable(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const equals = text.indexOf("=");
  if (equals <= 0) throw new InvalidArgumentError("It must have the form name=value.");
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** Flags in the shape of preferences: they are the strongest source. --results is a single run's folder and no preference. */
export function effectivePreferences(
  flags: DeployFlags & OutputFlags,
  preferences: Preferences,
): Preferences {
  const { directory, fanout, output, timeout, keep, overlay, degree } = flags;
  const given = Object.entries({ directory, fanout, output, timeout, keep, overlay, degree }).filter(
    ([, value]) => value !== undefined,
  );
  return mergePreferences(Object.fromEntries(given), preferences);
}
