// What the program ssh wants to know, from the words in which it asks.

export type AskpassPrompt =
  | { readonly kind: "passphrase"; readonly file: string }
  | { readonly kind: "password"; readonly user: string; readonly host: string }
  /** The host's own words; ssh puts the account before them since 8.5. */
  | { readonly kind: "interactive"; readonly user: string; readonly host: string; readonly words: string }
  | {
      readonly kind: "hostKey";
      readonly host: string;
      readonly keyType: string;
      readonly fingerprint: string;
    }
  | { readonly kind: "other" };

const INTERACTIVE = /^\(([^@()]+)@([^()]+)\) ([\s\S]*)$/;
const PASSPHRASE = /^Enter passphrase for key '([^'\n]+)': $/;
const PASSWORD = /^([^@()\s]+)@(\S+)'s password: $/;
const HOST_KEY =
  /^The authenticity of host '(\S+?)(?: \([^']*\))?' can't be established[^\n]*\n(?:[^\n]*\n)*?(\S+) key fingerprint is:? (SHA256:[A-Za-z0-9+/]+)\.?\n/;

export function parseAskpassPrompt(text: string): AskpassPrompt {
  // First: what a host says stands behind this, however much it looks like something else.
  const [, user, host, words] = INTERACTIVE.exec(text) ?? [];
  if (user !== undefined && host !== undefined)
    return { kind: "interactive", user, host, words: words ?? "" };
  const file = PASSPHRASE.exec(text)?.[1];
  if (file !== undefined) return { kind: "passphrase", file };
  const [, account, machine] = PASSWORD.exec(text) ?? [];
  if (account !== undefined && machine !== undefined) {
    return { kind: "password", user: account, host: machine };
  }
  const [, name, keyType, fingerprint] = HOST_KEY.exec(text) ?? [];
  if (name !== undefined && keyType !== undefined && fingerprint !== undefined) {
    return { kind: "hostKey", host: name, keyType, fingerprint };
  }
  return { kind: "other" };
}

/** Whether this ssh says whose words it shows; an older one would let a host ask in ssh's own words. */
export function marksHostsWords(version: string): boolean {
  const [, major, minor] = /OpenSSH[^\d]*(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > 8 || (Number(major) === 8 && Number(minor) >= 5);
}
