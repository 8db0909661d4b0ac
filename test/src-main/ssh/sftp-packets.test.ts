// Packets of SFTP: cut from any stream, and read so that no host can make us read beyond what it has sent.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  initPacket,
  PACKET_BYTES_MAX,
  PacketCutter,
  readReply,
  readVersion,
  requestPacket,
  SFTP,
} from "../../../src-main/ssh/sftp-packets.ts";

/** A body as a host would send it: fields are written as those of requests are. */
function body(type: number, id: number, ...fields: Parameters<typeof requestPacket>[2]): Uint8Array {
  return requestPacket(type, id, fields).subarray(4);
}

describe("PacketCutter", () => {
  test("gives the same packets however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 50 }),
        (bodies, steps) => {
          const stream = Buffer.concat(
            bodies.map((one) => Buffer.concat([Buffer.from([0, 0, 0, one.length]), one])),
          );
          const cutter = new PacketCutter();
          const found: Uint8Array[] = [];
          for (let [at, turn] = [0, 0]; at < stream.length; turn += 1) {
            const to = at + steps[turn % steps.length]!;
            found.push(...cutter.add(stream.subarray(at, to)));
            at = to;
          }
          expect(found.map((one) => [...one])).toEqual(bodies.map((one) => [...one]));
        },
      ),
    );
  });

  test.each([0, PACKET_BYTES_MAX + 1, 0x80000000, 0xffffffff])("refuses a packet of %d bytes", (length) => {
    const start = Buffer.alloc(4);
    start.writeUInt32BE(length);
    expect(() => new PacketCutter().add(start)).toThrow("does not speak SFTP");
  });
});

describe("replies", () => {
  test("are read as they were written", () => {
    expect(readReply(body(SFTP.status, 7, 3, "Permission denied", ""))).toEqual({
      id: 7,
      reply: { kind: "status", code: 3, words: "Permission denied" },
    });
    const attributes = [13, 12n, 0o100644, 1_000, 2_000];
    const names = body(SFTP.name, 1, 2, "a", "ls", ...attributes, Buffer.from([0xff]), "ls", 0);
    expect(readReply(names).reply).toMatchObject({
      kind: "names",
      names: [
        { name: "a", attributes: { size: 12, kind: "file", mode: 0o644, modifiedMs: 2_000_000 } },
        { name: undefined, attributes: { size: 0, kind: undefined } },
      ],
    });
  });

  test("that are anything else throw, and are never read beyond their end", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(101, 102, 103, 104, 105, 9),
        (bytes, type) => {
          const whole = new Uint8Array([type, ...bytes]);
          try {
            const { reply } = readReply(whole);
            const size = JSON.stringify(reply).length;
            expect(size).toBeLessThan(20_000);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        },
      ),
    );
  });

  test("a count of names that is made up costs no more than its packet", () => {
    expect(() => readReply(body(SFTP.name, 1, 0xffffffff))).toThrow(RangeError);
  });
});

test("a greeting names extensions; an older version is refused", () => {
  // The number of a request stands where the version does.
  const greeting = body(SFTP.version, 3, "posix-rename@openssh.com", "1", "fsync@openssh.com", "1");
  expect(readVersion(greeting)).toEqual(["posix-rename@openssh.com", "fsync@openssh.com"]);
  expect(() => readVersion(Uint8Array.from([SFTP.version, 0, 0, 0, 2]))).toThrow("SFTP 3");
  expect([...initPacket()]).toEqual([0, 0, 0, 5, SFTP.init, 0, 0, 0, 3]);
});
