// A window's terminals: numbered, fed at its pace, gone with it.
import { beforeEach, describe, expect, test } from "vitest";
import type {
  TerminalListener,
  TerminalResult,
  TerminalShell,
} from "../../../src-shared/controller-api/terminal-shell.ts";
import type { WindowUpdate } from "../../../src-shared/controller-api/window-messages.ts";
import { TerminalPool } from "../../../src-main/window-session/terminal-pool.ts";

const KILOBYTE = 1024;
const WANTED = { host: "node1", columns: 80, rows: 24 };

/** A shell that notes what is done to it. */
class NotedShell implements TerminalShell {
  listener: TerminalListener | undefined;
  readonly notes: string[] = [];

  listen(listener: TerminalListener): void {
    this.listener = listener;
  }
  write(bytes: Uint8Array): void {
    this.notes.push(`write ${new TextDecoder().decode(bytes)}`);
  }
  resize({ columns, rows }: { readonly columns: number; readonly rows: number }): void {
    this.notes.push(`resize ${String(columns)}x${String(rows)}`);
  }
  pause(): void {
    this.notes.push("pause");
  }
  resume(): void {
    this.notes.push("resume");
  }
  close(): void {
    this.notes.push("close");
  }
}

describe("TerminalPool", () => {
  let shells: NotedShell[];
  let sent: WindowUpdate[];
  let next: (() => Promise<TerminalResult>) | undefined;
  let pool: TerminalPool;

  beforeEach(() => {
    shells = [];
    sent = [];
    next = undefined;
    const open = async (): Promise<TerminalResult> => {
      if (next !== undefined) return next();
      const shell = new NotedShell();
      shells.push(shell);
      return { kind: "opened", shell };
    };
    pool = new TerminalPool(open, (update) => sent.push(update));
  });

  /** One that is heard. */
  async function open(): Promise<{ readonly id: number; readonly shell: NotedShell }> {
    const opened = await pool.open(WANTED);
    if (opened.kind !== "opened") throw new Error(opened.reason);
    await new Promise((resolve) => setImmediate(resolve));
    return { id: opened.terminal, shell: shells.at(-1)! };
  }

  test("the window knows a terminal's number before its first words", async () => {
    const opened = await pool.open(WANTED);
    expect(opened).toEqual({ kind: "opened", terminal: 1 });
    expect(shells[0]!.listener).toBeUndefined();
    await new Promise((resolve) => setImmediate(resolve));
    shells[0]!.listener!.data(new Uint8Array([65]));
    expect(sent).toEqual([{ kind: "terminalData", terminal: 1, bytes: new Uint8Array([65]) }]);
  });

  test("each has its own number, and hears what is meant for it", async () => {
    const [first, second] = [await open(), await open()];
    pool.write(second.id, new TextEncoder().encode("ls"));
    pool.resize(second.id, 100, 30);
    pool.write(99, new Uint8Array(1));
    expect(first.shell.notes).toEqual([]);
    expect(second.shell.notes).toEqual(["write ls", "resize 100x30"]);
  });

  test("a host waits while its window is behind, and goes on when half is shown", async () => {
    const { id, shell } = await open();
    shell.listener!.data(new Uint8Array(512 * KILOBYTE));
    expect(shell.notes).toEqual([]);
    shell.listener!.data(new Uint8Array(1));
    // What was under way comes nevertheless, and is asked to wait once.
    shell.listener!.data(new Uint8Array(KILOBYTE));
    expect(shell.notes).toEqual(["pause"]);
    pool.seen(id, 256 * KILOBYTE);
    expect(shell.notes).toEqual(["pause"]);
    pool.seen(id, 2 * KILOBYTE);
    expect(shell.notes).toEqual(["pause", "resume"]);
    expect(sent).toHaveLength(3);
  });

  test("a window that says it has seen more than there was gains nothing", async () => {
    const { id, shell } = await open();
    pool.seen(id, 10_000 * KILOBYTE);
    shell.listener!.data(new Uint8Array(513 * KILOBYTE));
    expect(shell.notes).toEqual(["pause"]);
  });

  test("its end is told once, and its number means nothing any more", async () => {
    const { id, shell } = await open();
    shell.listener!.closed("exit status 0", false);
    shell.listener!.closed("again", true);
    pool.write(id, new Uint8Array(1));
    expect(sent).toEqual([{ kind: "terminalClosed", terminal: id, reason: "exit status 0", isLost: false }]);
    expect(shell.notes).toEqual([]);
  });

  test("nothing more is told of one that the window has closed", async () => {
    const { id, shell } = await open();
    pool.closeOne(id);
    shell.listener!.data(new Uint8Array(1));
    shell.listener!.closed("closed from here", false);
    expect(shell.notes).toEqual(["close"]);
    expect(sent).toEqual([]);
  });

  test("one that is given away goes on in another window, with what it showed, each word once", async () => {
    const { id, shell } = await open();
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    shell.listener!.data(bytes("before "));
    const moved = pool.release(id)!;
    pool.close();
    expect(shell.notes).toEqual(["pause"]);
    shell.listener!.data(bytes("on the way "));
    const told: WindowUpdate[] = [];
    const other = new TerminalPool(
      () => Promise.reject(new Error("nothing is opened")),
      (update) => told.push(update),
    );
    expect(other.adopt(moved, 100, 30)).toEqual({ kind: "opened", terminal: 1 });
    shell.listener!.data(bytes("early "));
    await new Promise((resolve) => setImmediate(resolve));
    shell.listener!.data(bytes("later"));
    const words = told.map((update) =>
      update.kind === "terminalData" ? new TextDecoder().decode(update.bytes) : "",
    );
    expect(words.join("")).toBe("before on the way early later");
    expect(shell.notes).toEqual(["pause", "resize 100x30", "resume"]);
    other.write(1, bytes("ls"));
    expect(shell.notes.at(-1)).toBe("write ls");
    expect(sent).toHaveLength(1);
  });

  test("one that ended on the way says so where it arrives", async () => {
    const { id, shell } = await open();
    const moved = pool.release(id)!;
    shell.listener!.closed("exit status 0", false);
    expect(pool.adopt(moved, 80, 24)).toEqual({ kind: "opened", terminal: 2 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toEqual([{ kind: "terminalClosed", terminal: 2, reason: "exit status 0", isLost: false }]);
    expect(pool.release(id)).toBeUndefined();
  });

  test("of what was shown, the last is kept, in whole pieces", async () => {
    const { id, shell } = await open();
    for (let count = 0; count < 300; count += 1) shell.listener!.data(new Uint8Array(KILOBYTE).fill(count));
    const { shown, shownBytes } = pool.release(id)!;
    expect(shownBytes).toBe(128 * KILOBYTE);
    expect(shown.every((piece) => piece.byteLength === KILOBYTE)).toBe(true);
  });

  test("a failure is refused with step, reason and remedy", async () => {
    next = async () => ({ kind: "failed", step: "login", reason: "no", remedy: "Try.", unreachable: true });
    const refusal = { kind: "refused", reason: "login: no", remedy: "Try.", mayRetry: true };
    expect(await pool.open(WANTED)).toEqual(refusal);
  });

  test("a window that goes closes all, and one that opens too late, too", async () => {
    const { shell } = await open();
    const late = new NotedShell();
    let openLate: (result: TerminalResult) => void = () => undefined;
    next = () => new Promise((resolve) => (openLate = resolve));
    const opening = pool.open(WANTED);
    pool.close();
    openLate({ kind: "opened", shell: late });
    expect(await opening).toMatchObject({ kind: "refused" });
    expect(shell.notes).toEqual(["close"]);
    expect(late.notes).toEqual(["close"]);
  });

  test("there is a most, counted with those being opened and without those that failed", async () => {
    next = () => Promise.reject(new Error("a bug"));
    await expect(pool.open(WANTED)).rejects.toThrow("a bug");
    next = undefined;
    const opened = await Promise.all(Array.from({ length: 300 }, () => pool.open(WANTED)));
    expect(opened.filter(({ kind }) => kind === "opened")).toHaveLength(256);
    expect(opened.at(-1)).toMatchObject({ reason: "256 terminals are open already" });
  });
});
