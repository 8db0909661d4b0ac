// What connecting by SSH asks, in the form in which people are asked.
import { foldNames } from "#shared/node-set/node-set.ts";
import type { SshQuestions } from "../ssh/ssh.ts";
import type { Questions } from "./questions-shell.ts";

const isYes = (answer: string): boolean => /^y(es)?$/i.test(answer.trim());
const isNo = (answer: string): boolean => /^no?$/i.test(answer.trim());

export function sshQuestions(questions: Questions): SshQuestions {
  return {
    ask: (text, { secret, signal }) => questions.ask({ kind: secret ? "secret" : "text", text, signal }),
    async acceptHostKey({ name, host, keyType, fingerprint }, signal) {
      const accepts = (answer: string): boolean => isYes(answer) || answer.trim() === fingerprint;
      const answer = await questions.ask({
        kind: "hostKey",
        text: `${host === name ? name : `${name} (${host})`} is not known yet. Its key is ${keyType} ${fingerprint}.\nIs that right? (yes, no, or the fingerprint to compare): `,
        signal,
        problemOf: (given) =>
          accepts(given) || isNo(given)
            ? undefined
            : given.startsWith("SHA256:")
              ? "This is another fingerprint: type no, and find out who answers there."
              : "Type yes, no, or the fingerprint that the host's administrator tells you.",
      });
      return answer !== undefined && accepts(answer);
    },
    async mayShare({ user, taken, hosts }, signal) {
      const others = hosts.length === 1 ? `${hosts[0] ?? ""} wants` : `${foldNames(hosts)} want`;
      const answer = await questions.ask({
        kind: "consent",
        text: `${taken} has taken this password of ${user}. ${others} one, too.\nMay it go there, and to all others that want one of ${user} while plush runs? (yes or no): `,
        signal,
        problemOf: (given) => (isYes(given) || isNo(given) ? undefined : "Type yes or no."),
      });
      return answer !== undefined && isYes(answer);
    },
  };
}
