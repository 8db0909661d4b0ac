// One question at a time: a hundred hosts that ask together would talk over each other.
import type { SshQuestions } from "./ssh.ts";

/** The answer is none of the queue's business. */
function noMatter(): undefined {
  return undefined;
}

export function createQuestionQueue(questions: SshQuestions): SshQuestions {
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const answer = last.then(ask);
    // Whoever has asked hears of a failure; the next one's turn comes in any case.
    last = answer.then(noMatter, noMatter);
    return answer;
  }
  return {
    ask: (prompt, options) => inTurn(() => questions.ask(prompt, options)),
    acceptHostKey: (host, keyType, fingerprint) =>
      inTurn(() => questions.acceptHostKey(host, keyType, fingerprint)),
  };
}
