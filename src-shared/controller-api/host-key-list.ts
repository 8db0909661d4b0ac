// The keys that hosts have shown to ssh2 since the controller started, for a person who looks through them.
import type { HostKeyWords } from "./changed-host-key.ts";

export type HostKeyState =
  /** Written down in a known_hosts file. */
  | "known"
  /** Not known, and nobody has decided yet. */
  | "new"
  /** Not known, and a person does not want it: it is not asked about any more. */
  | "refused"
  /** Others are known for this host. */
  | "changed"
  | "revoked"
  /** Only a certificate authority vouches for the host. */
  | "authority only";

export interface SeenHostKey extends HostKeyWords {
  /** As the directory has it: what is connected to. */
  readonly host: string;
  /** As known_hosts has it: `[host]:port`. */
  readonly name: string;
  readonly state: HostKeyState;
  /** What is known instead, or revokes it. */
  readonly known: readonly (HostKeyWords & { readonly file: string; readonly line: number })[];
  /** Of one that has changed: names it for `replaceHostKey`. */
  readonly review: string | undefined;
}

/** One that was looked at: another key that the host shows meanwhile is not meant. */
export interface LookedAtKey {
  readonly name: string;
  readonly fingerprint: string;
}
