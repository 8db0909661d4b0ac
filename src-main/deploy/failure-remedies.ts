// What a person can do about what a host has said, where its own words do not tell (pure).

/** About a shell on a host that does not answer the script, or refuses. */
export function shellRemedy(reason: string): string {
  if (/not available|nologin/iu.test(reason)) return "The account has no login shell: choose another user.";
  if (reason.startsWith("no answer within"))
    return "Does a start-up file wait for something there, or is a file server away? Try: ssh HOST true";
  return "";
}

/** About a file that could not be written there. */
export function uploadRemedy(reason: string): string {
  return /no space left|quota|file too large/iu.test(reason) ? "Free some space there." : "";
}
