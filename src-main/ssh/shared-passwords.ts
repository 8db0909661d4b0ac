// Passwords that several hosts may want: one is asked for it first, and the others get what it has taken if the user agrees.
import { onAbort } from "./deadline.ts";
import type { SshQuestions } from "./ssh.ts";

export interface PasswordWish {
  readonly user: string;
  /** The host as the directory has it. */
  readonly name: string;
  /** `user@host:port`: what was taken there once needs no consent to go there again. */
  readonly account: string;
  readonly prompt: string;
}

/** Hosts where a user of this name logs in with a password. */
interface Group {
  /** The login that is asked for now; the others wait for what comes of it. */
  asker: object | undefined;
  /** A password that a host has taken, and that host. */
  proven: { readonly password: string; readonly name: string } | undefined;
  consent: "unasked" | "asking" | "given" | "refused";
  /** Names of the hosts that wait, by their login. */
  readonly waiting: Map<object, string>;
  /** Accounts that have not taken the common one: it is not tried there again. */
  readonly others: Set<string>;
  readonly wakers: Set<() => void>;
}

/** The passwords of one login. */
export interface LoginPasswords {
  /** The same account again: what was given before was wrong. Undefined: nobody gives one. */
  get(wish: PasswordWish): Promise<string | undefined>;
  /** The host has let us in. */
  succeeded(): void;
}

export class SharedPasswords {
  readonly #questions: Pick<SshQuestions, "ask" | "mayShare">;
  readonly #taken = new Map<string, string>();
  readonly #groups = new Map<string, Group>();

  constructor(questions: Pick<SshQuestions, "ask" | "mayShare">) {
    this.#questions = questions;
  }

  /** `signal`: the login is over. */
  login(signal: AbortSignal): LoginPasswords {
    const login = {};
    const given = new Map<string, { readonly wish: PasswordWish; readonly password: string | undefined }>();
    onAbort(signal, () => {
      for (const group of this.#groups.values()) leave(group, login);
    });
    return {
      get: async (wish) => {
        const before = given.get(wish.account)?.password;
        const password = await (before === undefined
          ? this.#first(wish, login, signal)
          : this.#again(wish, signal));
        given.set(wish.account, { wish, password });
        return password;
      },
      succeeded: () => {
        for (const { wish, password } of given.values()) {
          if (password !== undefined) this.#succeeded(wish, password, login);
        }
      },
    };
  }

  #again(wish: PasswordWish, signal: AbortSignal): Promise<string | undefined> {
    this.#taken.delete(wish.account);
    this.#groupOf(wish.user).others.add(wish.account);
    return this.#ask(`That was wrong. ${wish.prompt}`, signal);
  }

  async #first(wish: PasswordWish, login: object, signal: AbortSignal): Promise<string | undefined> {
    const group = this.#groupOf(wish.user);
    group.waiting.set(login, wish.name);
    try {
      while (!signal.aborted) {
        const taken = this.#taken.get(wish.account);
        if (taken !== undefined) return taken;
        if (group.consent === "refused" || group.others.has(wish.account)) break;
        if (group.proven !== undefined && group.consent === "given") return group.proven.password;
        if (group.proven !== undefined && group.consent === "unasked") {
          await this.#askConsent(group, wish.user, signal);
        } else if (group.asker === undefined && group.consent !== "asking") {
          group.asker = login;
          break;
        } else await nextChange(group, signal);
      }
    } finally {
      group.waiting.delete(login);
    }
    return this.#ask(wish.prompt, signal);
  }

  async #askConsent(group: Group, user: string, signal: AbortSignal): Promise<void> {
    const taken = group.proven?.name ?? "";
    group.consent = "asking";
    const offer = { user, taken, hosts: [...group.waiting.values()] };
    const yes = await this.#questions.mayShare(offer, signal);
    // Taken back because this one host has hung up: the others still want to know.
    group.consent = yes ? "given" : signal.aborted ? "unasked" : "refused";
    wake(group);
  }

  #succeeded(wish: PasswordWish, password: string, login: object): void {
    this.#taken.set(wish.account, password);
    const group = this.#groupOf(wish.user);
    if (group.asker === login) group.proven = { password, name: wish.name };
    leave(group, login);
  }

  #groupOf(user: string): Group {
    const known = this.#groups.get(user);
    if (known !== undefined) return known;
    const group: Group = {
      asker: undefined,
      proven: undefined,
      consent: "unasked",
      waiting: new Map(),
      others: new Set(),
      wakers: new Set(),
    };
    this.#groups.set(user, group);
    return group;
  }

  #ask(prompt: string, signal: AbortSignal): Promise<string | undefined> {
    return signal.aborted
      ? Promise.resolve(undefined)
      : this.#questions.ask(prompt, { secret: true, signal });
  }
}

/** Whether it has worked or not: it is another's turn. */
function leave(group: Group, login: object): void {
  if (group.asker !== login) return;
  group.asker = undefined;
  wake(group);
}

function wake(group: Group): void {
  const wakers = [...group.wakers];
  group.wakers.clear();
  for (const waker of wakers) waker();
}

function nextChange(group: Group, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const unlisten = onAbort(signal, () => {
      group.wakers.delete(waker);
      resolve();
    });
    const waker = (): void => {
      unlisten();
      resolve();
    };
    group.wakers.add(waker);
  });
}
