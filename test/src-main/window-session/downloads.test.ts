// Files on their way to the person: fetched once, under a name that is safe, and never as a page.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FileAnswer, FileSource } from "../../../src-shared/controller-api/host-files.ts";
import { Downloads, safeFileName } from "../../../src-main/window-session/downloads.ts";

class Source implements FileSource {
  readonly size: number | undefined;
  readonly #pieces: FileAnswer<Uint8Array | undefined>[];
  closed = 0;
  reads = 0;

  constructor(size: number | undefined, ...pieces: readonly (string | Error)[]) {
    this.size = size;
    this.#pieces = pieces.map((piece) =>
      typeof piece === "string"
        ? { kind: "ok", value: new TextEncoder().encode(piece) }
        : { kind: "failed", reason: piece.message },
    );
  }
  next(): Promise<FileAnswer<Uint8Array | undefined>> {
    this.reads += 1;
    return Promise.resolve(this.#pieces.shift() ?? { kind: "ok", value: undefined });
  }
  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }
}

function offer(source: Source, name = "a.txt", downloads = new Downloads()) {
  const notes: string[] = [];
  const offered = downloads.offer(name, source, {
    taken: (bytes) => notes.push(`taken ${String(bytes)}`),
    ended: (reason) => notes.push(`ended ${reason ?? "well"}`),
    cancelled: () => notes.push("cancelled"),
  });
  return { ...offered, downloads, notes };
}

describe("Downloads", () => {
  test("gives it once, as it is, and says so", async () => {
    const source = new Source(7, "one", "more");
    const { address, downloads, notes } = offer(source);
    const taken = downloads.take(address)!;
    expect(downloads.take(address)).toBe(undefined);
    expect(downloads.take("/download/")).toBe(undefined);
    expect(await new Response(taken.body).text()).toBe("onemore");
    expect(taken.headers["content-length"]).toBe("7");
    expect(notes).toEqual(["taken 3", "taken 4", "ended well"]);
    expect(source.closed).toBe(1);
  });

  test("is saved and not shown, whatever it is", () => {
    const { address, downloads } = offer(new Source(0), 'x"\r\nset-cookie: a=b.html');
    const { headers } = downloads.take(address)!;
    expect(headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
    });
    expect(headers["content-disposition"]).toMatch(/^attachment; filename\*=UTF-8''[\w.%!'()*~-]+$/);
  });

  test("one that fails, or becomes shorter, is no whole file", async () => {
    for (const [source, words] of [
      [new Source(9, "one", new Error("Failure")), "ended Failure"],
      [new Source(9, "one"), "ended it has become shorter while it was fetched"],
    ] as const) {
      const { address, downloads, notes } = offer(source);
      await expect(new Response(downloads.take(address)!.body).text()).rejects.toThrow();
      expect(notes.at(-1)).toBe(words);
      expect(source.closed).toBe(1);
    }
  });

  test("nothing is read that nobody wants, and who goes away ends it", async () => {
    const source = new Source(undefined, "one", "two", "three");
    const { address, downloads, notes } = offer(source);
    const reader = downloads.take(address)!.body.getReader();
    await reader.read();
    expect(source.reads).toBe(1);
    await reader.cancel();
    expect(notes).toEqual(["taken 3", "cancelled"]);
    expect(source.closed).toBe(1);
  });

  test("one that nobody fetches, or that is taken back, is closed", async () => {
    const late = new Source(1, "x");
    const { notes, address, downloads } = offer(late, "a", new Downloads(1));
    await expect.poll(() => notes).toEqual(["ended nobody has fetched it"]);
    expect(downloads.take(address)).toBe(undefined);
    const back = new Source(1, "x");
    const second = offer(back);
    second.withdraw();
    expect(second.downloads.take(second.address)).toBe(undefined);
    expect([late.closed, back.closed]).toEqual([1, 1]);
  });
});

describe("safeFileName", () => {
  test.each([
    ["report.pdf", "report.pdf"],
    ["../../.ssh/authorized_keys", "__.._.ssh_authorized_keys"],
    [".bashrc", "_bashrc"],
    ["a\u202egpj.exe", "a_gpj.exe"],
    ["con.txt", "_con.txt"],
    ["..", "_"],
    ["", "file"],
    ["a\u0000b\n", "a_b_"],
  ])("%j becomes %j", (name, safe) => {
    expect(safeFileName(name)).toBe(safe);
  });

  test("is one step of a path, not hidden, not too long, for any name; and keeps its ending", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
        const safe = safeFileName(name);
        expect(safe).toMatch(/^[^\\/:*?"<>|\p{Cc}\p{Cf}]+$/u);
        expect(safe.length).toBeLessThanOrEqual(150);
        expect(safe).not.toMatch(/^\.|[. ]$/);
        expect(() => encodeURIComponent(safe)).not.toThrow();
      }),
    );
    expect(safeFileName(`${"x".repeat(300)}.tar`)).toMatch(/^x{100,}\.tar$/);
  });
});
