// One attached window: what it began ends with it, and its requests are answered under their numbers.
import { expect, test } from "vitest";
import type { ControllerApi } from "../../../src-shared/controller-api/controller-api.ts";
import type { TerminalShell } from "../../../src-shared/controller-api/terminal-shell.ts";
import { DETACHED_MAX, DetachedTabs } from "../../../src-main/window-session/detached-tabs.ts";
import { TerminalPool } from "../../../src-main/window-session/terminal-pool.ts";
import { WindowSession } from "../../../src-main/window-session/window-session.ts";

type Parts = ConstructorParameters<typeof WindowSession>[0];

function attached(
  api: Partial<ControllerApi>,
  more: Partial<Parts> = {},
): {
  readonly sent: unknown[];
  readonly say: (message: unknown) => void;
  readonly leave: () => void;
} {
  const sent: unknown[] = [];
  let say: (message: unknown) => void = () => undefined;
  let leave: () => void = () => undefined;
  const parts = {
    api: {
      subscribe: () => () => undefined,
      onQuestion: () => () => undefined,
      question: () => undefined,
      loaded: () => ({ application: undefined, directory: undefined }),
      hosts: () => [],
      mesh: () => ({ members: [] }),
      runs: () => [],
      ...api,
    },
    port: {
      send: (message: unknown) => sent.push(message),
      onMessage: (listener: typeof say) => (say = listener),
      onClose: (listener: typeof leave) => (leave = listener),
    },
    terminals: new TerminalPool(
      async () => ({ kind: "failed", step: "", reason: "", remedy: "", unreachable: false }),
      () => undefined,
    ),
    files: { close: () => undefined },
    forwards: { close: () => undefined },
    documents: {},
    welcome: {},
    onRecent: () => () => undefined,
    log: () => undefined,
    ...more,
  } as unknown as Parts;
  new WindowSession(parts);
  return { sent, say: (message) => say(message), leave: () => leave() };
}

const TEST_HOSTS = {
  fanout: 1,
  hosts: undefined,
  group: undefined,
  exclude: undefined,
  users: [],
  components: false,
};

test("a test of hosts ends with the window that asked for it", () => {
  let stopped = 0;
  const testHosts: ControllerApi["testHosts"] = () => ({
    ended: new Promise(() => undefined),
    stop: () => (stopped += 1),
  });
  const { say, leave } = attached({ testHosts });
  say({ kind: "request", id: 1, name: "testHosts", arguments: TEST_HOSTS });
  expect(stopped).toBe(0);
  leave();
  expect(stopped).toBe(1);
});

test("requests are answered or refused under their numbers; what has none is not answered", async () => {
  const failHost: ControllerApi["failHost"] = () => {
    throw new Error("a bug");
  };
  const force: ControllerApi["force"] = (_run, name) => ({ kind: "done", message: name });
  const { sent, say, leave } = attached({ failHost, force });
  sent.length = 0;
  say({ kind: "request", id: 1, name: "force", arguments: { run: "r", name: "b" } });
  say({ kind: "request", id: 2, name: "failHosts", arguments: { hosts: ["h"], reason: "" } });
  say({ kind: "request", id: 3, name: "format", arguments: {} });
  say("hello");
  await new Promise((resolve) => setImmediate(resolve));
  leave();
  const answers = (sent as { readonly kind: string; readonly id: number }[]).filter(
    ({ kind }) => kind !== "state",
  );
  expect(answers.sort((left, right) => left.id - right.id)).toMatchObject([
    { kind: "answer", id: 1, value: { kind: "done", message: "b" } },
    { kind: "refusal", id: 2, message: "a bug" },
    { kind: "refusal", id: 3 },
  ]);
});

test("a tab that gets no window of its own keeps its shell", async () => {
  const typed: string[] = [];
  const shell: TerminalShell = {
    listen: () => undefined,
    write: (bytes) => void typed.push(Buffer.from(bytes).toString()),
    resize: () => undefined,
    pause: () => typed.push("paused"),
    resume: () => undefined,
    close: () => typed.push("closed"),
  };
  const tabs = new DetachedTabs({ open: async () => ({ kind: "opened" }), after: () => () => undefined });
  const terminals = new TerminalPool(
    async () => ({ kind: "opened", shell }),
    () => undefined,
  );
  const { sent: answers, say, leave } = attached({}, { tabs, terminals });
  const ask = async (id: number, name: string, given: unknown): Promise<unknown> => {
    say({ kind: "request", id, name, arguments: given });
    await new Promise((resolve) => setImmediate(resolve));
    return (answers as { id?: number; value?: unknown }[]).find((one) => one.id === id)?.value;
  };
  expect(await ask(1, "openTerminal", { host: "h", columns: 80, rows: 24 })).toMatchObject({ terminal: 1 });
  const tab = { component: "world", title: "World" };
  for (let id = 2; id < 2 + DETACHED_MAX; id += 1)
    expect(await ask(id, "detachTab", { tab, terminal: undefined })).toEqual({ kind: "opened" });
  expect(await ask(50, "detachTab", { tab, terminal: 1 })).toMatchObject({ kind: "refused" });
  await ask(51, "writeTerminal", { terminal: 1, bytes: Buffer.from("ls") });
  expect(typed).toEqual(["ls"]);
  leave();
});
