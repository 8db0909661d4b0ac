// A host that shows another key than the known ones: what a person needs to see before deciding about it.

export interface HostKeyWords {
  /** `ED25519`. */
  readonly keyType: string;
  /** As OpenSSH has it: `SHA256:…`. */
  readonly fingerprint: string;
}

export interface ChangedHostKey {
  /** Names it when it is decided about. */
  readonly review: string;
  /** As known_hosts has it: `[host]:port`. */
  readonly name: string;
  readonly shown: HostKeyWords;
  readonly known: readonly (HostKeyWords & { readonly file: string; readonly line: number })[];
}
