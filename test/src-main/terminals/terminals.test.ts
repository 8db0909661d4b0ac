// People's shells without any host: which way is taken, what failures say, and that nothing stays open.
import { describe, expect, test } from "vitest";
import { parseDirectory } from "../../../src-shared/resource-directory/parse-directory.ts";
import type { TerminalListener, TerminalResult } from "../../../src-shared/controller-api/terminal-shell.ts";
import type { SshTransport } from "../../../src-main/ssh/ssh.ts";
import type { StandingShell, TerminalProgram } from "../../../src-main/ssh/standing-shell.ts";
import { onHost } from "../../../src-main/controller/on-host-shell.ts";
import { localShell } from "../../../src-main/terminals/local-shell.ts";
import { createStartOnTerminal } from "../../../src-main/terminals/pty-shell.ts";
import { Terminals } from "../../../src-main/terminals/terminals.ts";

const SIZE = { columns: 80, rows: 24 };
const DIRECTORY = parseDirectory(`<plush>
  <resource_manager type="local"><node hostname="here"/></resource_manager>
  <resource_manager type="ssh"><node hostname="far"/></resource_manager>
</plush>`).directory!;

class IdleShell implements StandingShell {
  readonly ended: Promise<unknown>;
  #end: () => void = () => undefined;
  #listener: TerminalListener | undefined;

  constructor() {
    this.ended = new Promise<void>((resolve) => (this.#end = resolve));
  }
  listen(listener: TerminalListener): void {
    this.#listener = listener;
  }
  closedBecause(reason: string): void {
    this.#listener?.closed(reason, false);
    this.#end();
  }
  close(): void {
    this.closedBecause("closed from here");
  }
  write(): void {
    return;
  }
  resize(): void {
    return;
  }
  pause(): void {
    return;
  }
  resume(): void {
    return;
  }
}

interface World {
  readonly terminals: Terminals;
  readonly programs: TerminalProgram[];
  readonly shells: IdleShell[];
  open(host: string, folder?: string): Promise<TerminalResult>;
}

function world(shell?: SshTransport["shell"]): World {
  const programs: TerminalProgram[] = [];
  const shells: IdleShell[] = [];
  const opened = (): { readonly kind: "ok"; readonly value: StandingShell } => {
    shells.push(new IdleShell());
    return { kind: "ok", value: shells.at(-1)! };
  };
  const transport = { shell: shell ?? (async () => opened()) } as unknown as SshTransport;
  const terminals = new Terminals(
    {
      transport: async () => transport,
      startOnTerminal: async (program) => {
        programs.push(program);
        return opened();
      },
    },
    { environment: { HOME: "/", SHELL: "/bin/sh" }, platform: "linux" },
  );
  const loaded = { directory: DIRECTORY, path: "directory.xml" };
  const open = (host: string, folder?: string): Promise<TerminalResult> =>
    onHost(host, { loaded, folderOf: () => folder }, (entry, own) => terminals.open(entry, own, SIZE));
  return { terminals, programs, shells, open };
}

describe("opening", () => {
  test("without a directory, and a host that is in none", async () => {
    const { open } = world();
    const none = { loaded: undefined, folderOf: () => undefined };
    expect(await onHost("here", none, () => Promise.reject(new Error("opened")))).toMatchObject({
      kind: "failed",
      step: "directory",
      reason: "no resource directory is loaded",
    });
    expect(await open('no"body\n')).toMatchObject({
      kind: "failed",
      reason: 'there is no host "no\\"body\\n" in directory.xml',
    });
  });

  test("an embedded host's shell starts in its client's folder while that is there", async () => {
    const { programs, open } = world();
    await open("here", "/tmp");
    await open("here", "/no/such/folder");
    expect(programs.map(({ directory }) => directory)).toEqual(["/tmp", "/"]);
    expect(programs[0]).toMatchObject({ file: "/bin/sh", args: ["-l"], environment: { PLUSH_HOST: "here" } });
  });

  test("what hosts say does nothing in the reason of a failure, nor in that of an end", async () => {
    const reason = "no \u001b[2J\u202e\r\n!";
    const failure = { step: "login", reason, remedy: "a\u0007b", unreachable: false };
    const failing = world(async () => ({ kind: "failed", failure }));
    expect(await failing.open("far")).toEqual({
      kind: "failed",
      step: "login",
      reason: "no \ufffd[2J\ufffd\ufffd\ufffd!",
      remedy: "a\ufffdb",
      unreachable: false,
    });
    const { shells, open } = world();
    const opened = await open("far");
    if (opened.kind === "failed") throw new Error(opened.reason);
    const reasons: string[] = [];
    opened.shell.listen({ data: () => undefined, closed: (words) => reasons.push(words) });
    shells[0]!.closedBecause(`connection lost: ${reason}`);
    expect(reasons).toEqual(["connection lost: no \ufffd[2J\ufffd\ufffd\ufffd!"]);
  });
});

describe("closing", () => {
  test("ends what stands and what is being opened, and opens nothing more", async () => {
    let aborted = false;
    const slow = world(
      (_target, _size, signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            resolve({
              kind: "failed",
              failure: { step: "connect", reason: "interrupted", remedy: "", unreachable: false },
            });
          });
        }),
    );
    const opening = slow.open("far");
    await slow.open("here");
    let ended = false;
    void slow.shells[0]!.ended.then(() => (ended = true));
    await slow.terminals.close();
    expect({ aborted, ended }).toEqual({ aborted: true, ended: true });
    expect(await opening).toMatchObject({ reason: "interrupted" });
    expect(await slow.open("here")).toMatchObject({ kind: "failed" });
    expect(slow.shells).toHaveLength(1);
  });
});

test("a computer for which node-pty has no binary is told what to do", async () => {
  const start = createStartOnTerminal(() => Promise.reject(new Error("cannot find it\n\nmore words")));
  const program = { file: "/bin/sh", args: [], directory: "/", environment: {} };
  const result = await start(program, SIZE);
  expect(result).toMatchObject({ kind: "failed", failure: { step: "terminal", reason: "cannot find it" } });
  expect(result.kind === "failed" ? result.failure.remedy : "").toMatch(/npm ci without --omit=optional/);
});

test.each([
  [{ SHELL: "/bin/sh" }, "linux", "/bin/sh", ["-l"]],
  [{ SHELL: "/no/such/zsh" }, "linux", "/bin/sh", ["-l"]],
  [{ SHELL: "/usr/bin/env" }, "linux", "/usr/bin/env", []],
  [{ COMSPEC: "C:\\cmd.exe" }, "win32", "C:\\cmd.exe", []],
] as const)("the shell of %j on %s", (environment, platform, file, args) => {
  expect(localShell("h", undefined, { environment, platform })).toMatchObject({ file, args });
});
