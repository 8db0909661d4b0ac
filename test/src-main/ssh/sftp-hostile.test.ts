// A host that breaks the rules of SFTP: it is shown what it is, and costs no more than it sends.
import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { FILE_ENTRIES_MAX } from "../../../src-shared/controller-api/host-files.ts";
import { SftpFiles } from "../../../src-main/ssh/sftp-files.ts";
import { PacketCutter, requestPacket, SFTP, type SftpField } from "../../../src-main/ssh/sftp-packets.ts";
import { SftpSession } from "../../../src-main/ssh/sftp-session.ts";

type Answer = (type: number, id: number) => readonly Uint8Array[];

const reply = (type: number, id: number, ...fields: readonly SftpField[]): Uint8Array =>
  requestPacket(type, id, fields);

/** A stream whose other end answers so. */
function hostThat(answer: Answer): Duplex {
  const cutter = new PacketCutter();
  return new Duplex({
    read: () => undefined,
    write(bytes: Uint8Array, _encoding, done) {
      for (const body of cutter.add(bytes)) {
        const id = body.length >= 5 ? Buffer.from(body).readUInt32BE(1) : 0;
        const packets = body[0] === SFTP.init ? [reply(SFTP.version, 3)] : answer(body[0] ?? 0, id);
        for (const packet of packets) this.push(packet);
      }
      done();
    },
  });
}

async function filesOf(answer: Answer): Promise<SftpFiles> {
  const session = await SftpSession.start(
    hostThat((type, id) =>
      type === SFTP.realpath ? [reply(SFTP.name, id, 1, "/home", "", 0)] : answer(type, id),
    ),
  );
  if (session.kind === "failed") throw new Error(session.reason);
  const files = await SftpFiles.open(session.value);
  if (files.kind === "failed") throw new Error(files.reason);
  return files.value;
}

const named = (names: readonly string[]): SftpField[] => [
  names.length,
  ...names.flatMap((name) => [name, "", 0]),
];

describe("a directory", () => {
  test("without an end is cut, and said to be", async () => {
    let count = 0;
    const files = await filesOf((type, id) => {
      if (type === SFTP.opendir) return [reply(SFTP.handle, id, "h")];
      if (type !== SFTP.readdir) return [reply(SFTP.status, id, 0, "", "")];
      const names = Array.from({ length: 100 }, () => `f${String((count += 1))}`);
      return [reply(SFTP.name, id, ...named(names))];
    });
    const list = await files.list("/home");
    expect(list).toMatchObject({ kind: "ok", value: { isCut: true } });
    expect(list.kind === "ok" && list.value.entries.length).toBe(FILE_ENTRIES_MAX);
    expect(count).toBeLessThan(FILE_ENTRIES_MAX + 200);
  });

  test("with names that are none leaves them out, also when there is no end of them", async () => {
    const odd = ["../../etc/passwd", "a/b", "", "nul\0", "fine"];
    let turn = 0;
    const files = await filesOf((type, id) => {
      if (type === SFTP.opendir) return [reply(SFTP.handle, id, "h")];
      if (type !== SFTP.readdir) return [reply(SFTP.status, id, 0, "", "")];
      turn += 1;
      return turn === 1
        ? [reply(SFTP.name, id, ...named([".", "..", ...odd]))]
        : [reply(SFTP.name, id, ...named(Array.from({ length: 1000 }, () => "x/y")))];
    });
    const list = await files.list("/home");
    expect(list).toMatchObject({ kind: "ok", value: { entries: [{ name: "fine" }], isCut: true } });
    expect(turn).toBeLessThan(20);
  });

  test("that gives nothing again and again is given up", async () => {
    const files = await filesOf((type, id) => [
      type === SFTP.opendir ? reply(SFTP.handle, id, "h") : reply(SFTP.name, id, 0),
    ]);
    expect(await files.list("/")).toMatchObject({ kind: "failed" });
  });
});

test.each([
  ["an answer to nothing", (): readonly Uint8Array[] => [reply(SFTP.status, 999, 0)]],
  ["a packet of no type", (_type: number, id: number): readonly Uint8Array[] => [reply(250, id)]],
  ["half a packet", (_type: number, id: number): readonly Uint8Array[] => [reply(SFTP.status, id)]],
  ["a length beyond all bounds", (): readonly Uint8Array[] => [Buffer.from([255, 255, 255, 255, 1])]],
])("%s ends it, and all that waits is told", async (_what, answer) => {
  const files = await filesOf((type, id) => answer(type, id));
  const [first, second] = await Promise.all([files.makeDirectory("/a"), files.makeDirectory("/b")]);
  expect(first).toMatchObject({ kind: "failed", reason: expect.stringContaining("rules of SFTP") as string });
  expect(second.kind).toBe("failed");
  expect(await files.makeDirectory("/c")).toMatchObject({ kind: "failed" });
  expect(await files.closed).toContain("rules of SFTP");
});

test("what a host says for a refusal does nothing when it is shown", async () => {
  const files = await filesOf((_type, id) => [reply(SFTP.status, id, 4, "no \u001b[2J\n\u202e!", "")]);
  expect(await files.makeDirectory("/a")).toEqual({ kind: "failed", reason: "no ?[2J ?!" });
});

test("a piece that is longer than was asked for, or empty, is no piece", async () => {
  for (const length of [0, 40_000]) {
    const files = await filesOf((type, id) => {
      if (type === SFTP.stat) return [reply(SFTP.attrs, id, 1, 50_000n)];
      if (type === SFTP.open) return [reply(SFTP.handle, id, "h")];
      return [reply(SFTP.data, id, new Uint8Array(length))];
    });
    const source = await files.read("/file");
    if (source.kind === "failed") throw new Error(source.reason);
    expect(await source.value.next()).toMatchObject({ kind: "failed" });
  }
});
