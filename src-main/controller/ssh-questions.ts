// What connecting by SSH asks, in the form in which people are asked.
import type { SshQuestions } from "../ssh/ssh.ts";
import type { Questions } from "./questions-shell.ts";

export function sshQuestions(questions: Questions): SshQuestions {
  return {
    ask: (text, { secret, signal }) => questions.ask({ kind: secret ? "secret" : "text", text, signal }),
    async acceptHostKey({ name, host, keyType, fingerprint }, signal) {
      const isYes = (answer: string): boolean => /^y(es)?$/i.test(answer) || answer === fingerprint;
      const answer = await questions.ask({
        kind: "hostKey",
        text: `${host === name ? name : `${name} (${host})`} is not known yet. Its key is ${keyType} ${fingerprint}.\nIs that right? (yes, no, or the fingerprint to compare): `,
        signal,
        problemOf: (given) =>
          isYes(given.trim()) || /^no?$/i.test(given.trim())
            ? undefined
            : given.startsWith("SHA256:")
              ? "This is another fingerprint: type no, and find out who answers there."
              : "Type yes, no, or the fingerprint that the host's administrator tells you.",
      });
      return answer !== undefined && isYes(answer.trim());
    },
  };
}
