// All that a client is told at its start, as one JSON text on its standard input: who it is, where it lives, its keys.
import { checkCredentials, type ClientCredentials } from "./credentials.ts";
import { anything, check, numberOf, objectOf, orNull, textOf } from "./shapes.ts";

export interface ClientStart {
  readonly credentials: ClientCredentials;
  /** Of the host, as the resource directory has them; "" when it names no site. */
  readonly address: string;
  readonly site: string;
  /** The host directory: made, used and removed by this client alone. */
  readonly directory: string;
  /**
   * Where the controller may come by itself: a Unix socket in the host directory, and a TCP port when one is wanted
   * (0 = any; one in use: the next free one). Null: it only dials.
   */
  readonly listen: { readonly port: number | null } | null;
  /** Software kept by earlier clients (`--keep`); looked into, and added to when this one is told to keep. */
  readonly keptStore: string;
}

/** The longest start text: three PEMs, addresses, paths. */
export const CLIENT_START_BYTES_MAX = 256 * 1024;
const PATH_CHARACTERS_MAX = 4096;

/** In the host directory; whoever passes streams on to the client finds it there. */
export const OFFER_SOCKET_NAME = "link";
/** Begins the lines on the client's standard output that are meant for the controller; see `ClientWord`. */
export const CLIENT_MARK = "@nebula@";
/**
 * What a client says to whoever started it, as lines `MARK WORD TEXT`. "listening PORT": the controller may dial it
 * there. "unreached REASON": it finds nobody at the addresses that it was given, and goes on trying.
 */
export type ClientWord = "listening" | "unreached";

const PORT_MAX = 65_535;

const path = textOf({ least: 1, most: PATH_CHARACTERS_MAX });
const startShape = objectOf({
  credentials: anything,
  address: textOf({ most: PATH_CHARACTERS_MAX }),
  site: textOf({ most: PATH_CHARACTERS_MAX }),
  directory: path,
  listen: orNull(objectOf({ port: orNull(numberOf({ whole: true, least: 0, most: PORT_MAX })) })),
  keptStore: path,
});

export type StartCheck =
  | { readonly ok: true; readonly start: ClientStart }
  | { readonly ok: false; readonly reason: string };

/** The door for standard input. The reason never quotes a value: one of them is a key. */
export function checkClientStart(text: string): StartCheck {
  const checked = check(startShape, jsonOf(text));
  if (!checked.ok)
    return {
      ok: false,
      reason: "the start text on standard input is not valid: is this client started by a controller?",
    };
  const credentials = checkCredentials(checked.value.credentials);
  if (!credentials.ok) return { ok: false, reason: credentials.reason };
  return { ok: true, start: { ...checked.value, credentials: credentials.credentials } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // not JSON: the check says so, without quoting the text
  }
}
