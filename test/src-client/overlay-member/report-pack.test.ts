// Reports of one moment as one payload: in order, none twice, none lost, none too large.
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { runIdOf } from "../../../src-shared/base/ids.ts";
import { createPayloadCodec } from "../../../src-shared/protocol/wire.ts";
import type { Report } from "../../../src-shared/protocol/reports.ts";
import { ReportPack } from "../../../src-client/overlay-member/report-pack.ts";

const RUN = runIdOf("r");
const codec = createPayloadCodec();

function stopped(...leftovers: readonly string[]): Report {
  return { kind: "stopped", run: RUN, leftovers };
}

function packing(): { readonly pack: ReportPack; readonly given: unknown[] } {
  const given: unknown[] = [];
  const pack = new ReportPack(codec, 100_000, (payload) => {
    const decoded = codec.decodePayload(payload);
    given.push(decoded.ok ? decoded.value : decoded.reason);
  });
  return { pack, given };
}

describe("reports", () => {
  test("one goes alone, as itself, at the end of the turn", async () => {
    const { pack, given } = packing();
    pack.add(stopped("a"), false);
    expect(given).toEqual([]);
    await nextTurn();
    await nextTurn();
    expect(given).toEqual([stopped("a")]);
  });

  test("those of one turn go together, with those that have waited before them", async () => {
    const { pack, given } = packing();
    pack.add(stopped("a"), true);
    await nextTurn();
    await nextTurn();
    expect(given).toEqual([]);
    pack.add(stopped("b"), false);
    pack.add(stopped("c"), false);
    await nextTurn();
    await nextTurn();
    expect(given).toEqual([[stopped("a"), stopped("b"), stopped("c")]]);
  });

  test("a patient one waits no longer than a moment", async () => {
    const { pack, given } = packing();
    pack.add(stopped("a"), true);
    for (let turns = 0; turns < 100 && given.length === 0; turns += 1) await sleep(10);
    expect(given).toEqual([stopped("a")]);
  });

  test("so many and so much at most, in order", () => {
    const { pack, given } = packing();
    const all = Array.from({ length: 40 }, (_, at) => stopped(String(at)));
    for (const one of all) pack.add(one, true);
    pack.flush();
    expect(given.map((list) => (list as unknown[]).length)).toEqual([15, 15, 10]);
    expect(given.flat()).toEqual(all);
    given.length = 0;
    const large = "x".repeat(15_000);
    for (const text of ["a", large, "b", large, "c"]) pack.add(stopped(text), true);
    pack.flush();
    expect(given.map((list) => (Array.isArray(list) ? list.length : 1))).toEqual([3, 2]);
    expect(() => pack.add(stopped("x".repeat(200_000)), false)).toThrow(RangeError);
  });

  test("none goes after the close", async () => {
    const { pack, given } = packing();
    pack.add(stopped("a"), false);
    pack.close();
    await nextTurn();
    await nextTurn();
    expect(given).toEqual([]);
  });
});
