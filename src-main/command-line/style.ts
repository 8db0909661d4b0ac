// Colours for people, or none: decided once from flag, environment, preferences and the stream.
import type { ColourChoice } from "../documents/preferences.ts";

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

const plain = (text: string): string => text;

export const PLAIN_STYLE: Style = {
  bold: plain,
  dim: plain,
  red: plain,
  green: plain,
  yellow: plain,
  cyan: plain,
};

/** SGR codes of the eight basic colours: the person's own theme decides what they look like. */
export const COLOUR_STYLE: Style = {
  bold: (text) => `\x1b[1m${text}\x1b[22m`,
  dim: (text) => `\x1b[2m${text}\x1b[22m`,
  red: (text) => `\x1b[31m${text}\x1b[39m`,
  green: (text) => `\x1b[32m${text}\x1b[39m`,
  yellow: (text) => `\x1b[33m${text}\x1b[39m`,
  cyan: (text) => `\x1b[36m${text}\x1b[39m`,
};

export interface ColourQuestion {
  /** --no-color was given. */
  readonly refused: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly preference: ColourChoice | undefined;
  readonly isTerminal: boolean;
}

/** --no-color, then PLUSH_COLOUR, NO_COLOR (no-color.org), FORCE_COLOR, then the preference, then the terminal. */
export function wantsColour({ refused, environment, preference, isTerminal }: ColourQuestion): boolean {
  if (refused) return false;
  const own = environment["PLUSH_COLOUR"];
  if (own === "always" || own === "never") return own === "always";
  if (isSet(environment["NO_COLOR"])) return false;
  const forced = environment["FORCE_COLOR"];
  if (isSet(forced)) return forced !== "0" && forced !== "false";
  if (preference === "always" || preference === "never") return preference === "always";
  return isTerminal && environment["TERM"] !== "dumb";
}

export function styleFor(question: ColourQuestion): Style {
  return wantsColour(question) ? COLOUR_STYLE : PLAIN_STYLE;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
