// Words of hosts as one line that is safe to show and that nobody can take for a second question.

/** What a host wants to know has one line; what is longer is there to push ours away. */
const WORDS_CHARACTERS_MAX = 300;
/** Control characters, invisible ones, those that change the direction of writing, and halves of pairs. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

export function plainWords(text: string): string {
  const line = text.replace(/[\s\p{Zl}\p{Zp}]+/gu, " ").replace(UNSAFE, "?");
  return line.length <= WORDS_CHARACTERS_MAX ? line : `${line.slice(0, WORDS_CHARACTERS_MAX)}… `;
}

/** Whether a host's question is for a password that other hosts may know, too, and not for a code that is good once. */
export function asksForPassword(prompt: string, shown: boolean): boolean {
  return !shown && /^\s*password(?: for [^:]*)?\s*:?\s*$/i.test(prompt);
}
