// One password for several hosts: asked for once, shared only by consent, and never tried twice where it was wrong.
import { expect, test } from "vitest";
import { SharedPasswords, type LoginPasswords } from "../../../src-main/ssh/shared-passwords.ts";
import type { PasswordOffer } from "../../../src-main/ssh/ssh.ts";

interface Question {
  readonly text: string;
  readonly answer: (text: string | undefined) => void;
}

class Logins {
  readonly asked: Question[] = [];
  readonly #shared = new SharedPasswords({
    ask: (text) => new Promise((answer) => this.asked.push({ text, answer })),
    mayShare: ({ user, taken, hosts }: PasswordOffer) =>
      new Promise((answer) => {
        const text = `${user} of ${taken} for ${hosts.join(",")}?`;
        this.asked.push({ text, answer: (given) => answer(given === "yes") });
      }),
  });

  open(name: string, user = "ann"): Login {
    return new Login(this.#shared, name, user);
  }

  get texts(): string[] {
    return this.asked.map(({ text }) => text);
  }
}

class Login {
  readonly #over = new AbortController();
  readonly #passwords: LoginPasswords;
  readonly #wish;

  constructor(shared: SharedPasswords, name: string, user: string) {
    this.#passwords = shared.login(this.#over.signal);
    this.#wish = { user, name, account: `${user}@${name}`, prompt: `${user}@${name}? ` };
  }

  get(): Promise<string | undefined> {
    return this.#passwords.get(this.#wish);
  }

  end(succeeded: boolean): void {
    if (succeeded) this.#passwords.succeeded();
    this.#over.abort();
  }
}

const settled = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

async function takenByFirst(
  answer: string,
): Promise<{ logins: Logins; others: Promise<string | undefined>[] }> {
  const logins = new Logins();
  const first = logins.open("a");
  const given = first.get();
  const others = [logins.open("b").get(), logins.open("c").get()];
  await settled();
  expect(logins.texts).toEqual(["ann@a? "]);
  logins.asked[0]!.answer("sesame");
  expect(await given).toBe("sesame");
  await settled();
  expect(logins.texts, "not before a host has taken it").toHaveLength(1);
  first.end(true);
  await settled();
  expect(logins.texts).toEqual(["ann@a? ", "ann of a for b,c?"]);
  logins.asked[1]!.answer(answer);
  await settled();
  return { logins, others };
}

test("the others get it by consent, whoever comes later too, other users not", async () => {
  const { logins, others } = await takenByFirst("yes");
  expect(await Promise.all(others)).toEqual(["sesame", "sesame"]);
  expect(await logins.open("d").get()).toBe("sesame");
  void logins.open("d", "bob").get();
  await settled();
  expect(logins.texts.slice(2)).toEqual(["bob@d? "]);
});

test("without consent each is asked, and consent is not asked for again", async () => {
  const { logins, others } = await takenByFirst("no");
  void logins.open("d").get();
  await settled();
  expect(logins.texts.slice(2).sort()).toEqual(["ann@b? ", "ann@c? ", "ann@d? "]);
  logins.asked.find(({ text }) => text === "ann@b? ")?.answer("own");
  expect(await others[0]).toBe("own");
});

test("where it was wrong, that host is asked about, and it is not tried there again", async () => {
  const { logins } = await takenByFirst("yes");
  const other = logins.open("d");
  expect(await other.get()).toBe("sesame");
  const again = other.get();
  await settled();
  expect(logins.texts.at(-1)).toBe("That was wrong. ann@d? ");
  logins.asked.at(-1)!.answer(undefined);
  expect(await again).toBeUndefined();
  other.end(false);
  void logins.open("d").get();
  await settled();
  expect(logins.texts.at(-1)).toBe("ann@d? ");
});

test("a first host that does not take it, or goes away, leaves the question to the next", async () => {
  const logins = new Logins();
  const first = logins.open("a");
  void first.get();
  const second = logins.open("b");
  const wanted = second.get();
  await settled();
  first.end(false);
  await settled();
  expect(logins.texts).toEqual(["ann@a? ", "ann@b? "]);
  logins.asked[1]!.answer("sesame");
  expect(await wanted).toBe("sesame");
});

test("what an account has taken goes there again without a question", async () => {
  const logins = new Logins();
  const first = logins.open("a");
  void first.get();
  const again = logins.open("a").get();
  logins.asked[0]!.answer("sesame");
  await settled();
  first.end(true);
  expect(await again).toBe("sesame");
  expect(logins.texts).toHaveLength(1);
});

test("a login that is over waits for nobody", async () => {
  const logins = new Logins();
  void logins.open("a").get();
  const second = logins.open("b");
  const wanted = second.get();
  await settled();
  second.end(false);
  expect(await wanted).toBeUndefined();
  expect(logins.texts).toHaveLength(1);
});
