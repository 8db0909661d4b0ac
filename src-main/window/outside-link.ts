// Which addresses may be opened in the person's browser, from a page that shows what hosts have said: few, and asked first.

/** Longer ones are no links of a document but data, or an attempt to hide where they lead. */
const LINK_CHARACTERS_MAX = 2000;
/** A host's web page, reached through a forwarded port. */
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** The address as it is shown and opened; undefined: not one of those that may be. */
export function outsideLinkOf(address: string): string | undefined {
  if (address.length > LINK_CHARACTERS_MAX || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  // `https://known.example@elsewhere.example` leads elsewhere.
  if (url.username !== "" || url.password !== "") return undefined;
  if (url.protocol === "https:") return url.href;
  return url.protocol === "http:" && LOOPBACK.includes(url.hostname) ? url.href : undefined;
}
