// Proofs of origin: what is signed or tagged cannot be changed, moved to another session, rank or purpose, or guessed.
import { describe, expect, test } from "vitest";
import { createMemberSeals, createRootSeals, createSessionKeys } from "../../../src-shared/node/seals.ts";
import { TAG_BYTES } from "../../../src-shared/overlay/topology.ts";

const keys = createSessionKeys();
const root = createRootSeals("session-1", keys);
const member = createMemberSeals("session-1", root.memberKeys(7));
const payload = new Uint8Array([1, 2, 3]);
const before = new Uint8Array(TAG_BYTES);
const command = { epoch: 1, sequence: 5, targets: [1, 4], payload, before };

describe("the root's seal", () => {
  test("holds for everybody, also after a restart with the same keys", () => {
    const seal = root.seal(command);
    expect(seal).toHaveLength(64);
    expect(member.isSealed(command, seal)).toBe(true);
    const again = createRootSeals("session-1", keys);
    expect(createMemberSeals("session-1", again.memberKeys(8)).isSealed(command, seal)).toBe(true);
    expect(again.memberKeys(7)).toEqual(root.memberKeys(7));
  });

  test.each([
    ["another epoch", { ...command, epoch: 2 }],
    ["another number", { ...command, sequence: 6 }],
    ["other targets", { ...command, targets: [1, 5] }],
    ["targets cut off", { ...command, targets: [1] }],
    ["another past", { ...command, before: new Uint8Array(TAG_BYTES).fill(1) }],
    ["another payload", { ...command, payload: new Uint8Array([1, 2, 4]) }],
  ])("does not hold for %s", (_name, other) => {
    expect(member.isSealed(other, root.seal(command))).toBe(false);
  });

  test("does not hold in another session, from another root, cut, empty or too long", () => {
    const seal = root.seal(command);
    expect(createMemberSeals("session-2", root.memberKeys(7)).isSealed(command, seal)).toBe(false);
    expect(member.isSealed(command, createRootSeals("session-1", createSessionKeys()).seal(command))).toBe(
      false,
    );
    for (const wrong of [seal.subarray(1), new Uint8Array(), new Uint8Array(64), new Uint8Array(128)])
      expect(member.isSealed(command, wrong)).toBe(false);
  });
});

describe("the chain of commands", () => {
  test("is the same for the root and all, and another one for each past, number and set of targets", () => {
    const digests = [
      root.chain(before, 1, [1, 4]),
      root.chain(before, 2, [1, 4]),
      root.chain(before, 1, [1, 5]),
      root.chain(before, 1, [1, 4, 6, 6]),
      root.chain(new Uint8Array(TAG_BYTES).fill(1), 1, [1, 4]),
    ];
    expect(new Set(digests.map(String)).size).toBe(digests.length);
    for (const digest of digests) expect(digest).toHaveLength(TAG_BYTES);
    expect(member.chain(before, 1, [1, 4])).toEqual(digests[0]);
  });
});

describe("a member's tag", () => {
  test("proves who has said what", () => {
    const tag = member.prove("report 1 0", payload);
    expect(tag).toHaveLength(TAG_BYTES);
    expect(root.isProved(7, "report 1 0", payload, tag)).toBe(true);
  });

  test("does not prove anything else", () => {
    const tag = member.prove("report 1 0", payload);
    expect(root.isProved(8, "report 1 0", payload, tag)).toBe(false);
    expect(root.isProved(7, "report 2 0", payload, tag)).toBe(false);
    expect(root.isProved(7, "report 1 0", new Uint8Array([1, 2]), tag)).toBe(false);
    // What it is about and what it says are not one text.
    expect(root.isProved(7, "report 1 ", new Uint8Array([0x30, ...payload]), tag)).toBe(false);
    for (const wrong of [tag.subarray(1), new Uint8Array(), new Uint8Array(32)])
      expect(root.isProved(7, "report 1 0", payload, wrong)).toBe(false);
    expect(createRootSeals("session-2", keys).isProved(7, "report 1 0", payload, tag)).toBe(false);
  });

  test("no member's key is another's, nor anything that the root signs with", () => {
    const all = Array.from({ length: 50 }, (_, rank) => root.memberKeys(rank + 1));
    expect(new Set(all.map(({ own }) => own)).size).toBe(50);
    expect(new Set(all.map((each) => each.root)).size).toBe(1);
    expect(all.map(({ own }) => own)).not.toContain(keys.secret);
  });
});

describe("the root's proof to one member", () => {
  const tag = root.prove(7, "received", payload);

  test("holds for that member", () => {
    expect(tag).toHaveLength(TAG_BYTES);
    expect(member.isProved("received", payload, tag)).toBe(true);
  });

  test("for nobody else, for no other purpose, payload or session", () => {
    expect(createMemberSeals("session-1", root.memberKeys(8)).isProved("received", payload, tag)).toBe(false);
    expect(member.isProved("bulk down", payload, tag)).toBe(false);
    expect(member.isProved("received", new Uint8Array([1, 2]), tag)).toBe(false);
    expect(
      member.isProved("received", payload, createRootSeals("session-2", keys).prove(7, "received", payload)),
    ).toBe(false);
    for (const wrong of [new Uint8Array(0), tag.subarray(1)])
      expect(member.isProved("received", payload, wrong)).toBe(false);
  });
});
