// Who is at the other end of a link, as its certificate says: plush://<session>/<role>/<host>/<incarnation>/<rank> in the one SAN.
import { hostIdOf } from "../base/ids.ts";
import type { HostId } from "../base/ids.ts";
import { RANK_MAX } from "../overlay/frame-fields.ts";
import { ROOT_RANK, type Rank } from "../overlay/topology.ts";

export type PeerRole = "root" | "client";

export interface PeerName {
  readonly session: string;
  readonly role: PeerRole;
  readonly host: HostId;
  /** Number of the client on this host; 0 for the root. */
  readonly incarnation: number;
  /** Of this client in the session; the root's is ROOT_RANK, and nobody else's. */
  readonly rank: Rank;
}

/** The root, but for its session. */
export const ROOT_NAME = {
  role: "root",
  host: hostIdOf("controller"),
  incarnation: 0,
  rank: ROOT_RANK,
} as const;

const UNRESERVED = /^[A-Za-z0-9_.~-]$/u;
const HEX_BASE = 16;
const SESSION = /^[A-Za-z0-9-]{1,64}$/u;
/** The whole SAN as Node writes it; one entry, whose text needs no quoting because of the encoding. */
const ALTERNATIVE_NAME =
  /^URI:plush:\/\/([A-Za-z0-9-]{1,64})\/(root|client)\/([A-Za-z0-9_.~%-]{1,2048})\/(0|[1-9][0-9]{0,14})\/(0|[1-9][0-9]{0,9})$/u;

export function writePeerUri(name: PeerName): string {
  if (!SESSION.test(name.session)) throw new Error("a session is named by letters, digits and dashes");
  const numbers = `${String(name.incarnation)}/${String(name.rank)}`;
  return `plush://${name.session}/${name.role}/${encodeHost(name.host)}/${numbers}`;
}

/** Undefined for anything but exactly one URI of ours. */
export function parsePeerName(alternativeName: string | undefined): PeerName | undefined {
  const match = ALTERNATIVE_NAME.exec(alternativeName ?? "");
  const [, session, role, encoded, incarnation, digits] = match ?? [];
  if (session === undefined || encoded === undefined) return undefined;
  const host = decodeHost(encoded);
  const rank = Number(digits);
  const isRoot = role === "root";
  // A client with the root's rank, or a root with a client's, is nobody.
  if (host === undefined || rank > RANK_MAX || isRoot !== (rank === ROOT_RANK)) return undefined;
  return {
    session,
    role: isRoot ? "root" : "client",
    host: hostIdOf(host),
    incarnation: Number(incarnation),
    rank,
  };
}

/** Percent-encodes the bytes of UTF-8, all but the unreserved characters of RFC 3986. */
function encodeHost(host: string): string {
  const written = [...new TextEncoder().encode(host)].map((byte) => {
    const character = String.fromCharCode(byte);
    if (UNRESERVED.test(character)) return character;
    return `%${byte.toString(HEX_BASE).toUpperCase().padStart(2, "0")}`;
  });
  return written.join("");
}

function decodeHost(encoded: string): string | undefined {
  try {
    const host = decodeURIComponent(encoded);
    // Two spellings of one name would be two identities.
    return host.length > 0 && encodeHost(host) === encoded ? host : undefined;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
