// What comes of trying something by SSH: it, or why not, in words for people.
import type { ChangedHostKey } from "#shared/controller-api/changed-host-key.ts";

/** Why there is no connection, or why something over it did not work. */
export interface SshFailure {
  /** What was being done: "resolve", "connect", "host key", "login", "jump HOST", "shell", "upload" … */
  readonly step: string;
  /** In the other side's own words where it has said any: `Permission denied (publickey)`. */
  readonly reason: string;
  /** What a person can do about it, one sentence. */
  readonly remedy: string;
  /** Nobody answered, as opposed to an answer that says no. */
  readonly unreachable: boolean;
  /** Of a host that shows another key than the known ones. */
  readonly changedKey?: ChangedHostKey;
}

export type SshResult<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  | { readonly kind: "failed"; readonly failure: SshFailure };
