// Commands of one moment: equal ones become one, and no host gets its own in another order.
import fc from "fast-check";
import { expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { CommandBatch } from "../../../src-main/overlay-root/command-batch.ts";

const encoder = new TextEncoder();
const a = hostIdOf("a");
const b = hostIdOf("b");
const c = hostIdOf("c");

function batched(...given: (readonly [string, ...string[]])[]): string[] {
  const batch = new CommandBatch();
  for (const [text, ...hosts] of given) batch.add(hosts.map(hostIdOf), encoder.encode(text));
  return batch
    .take()
    .map(({ targets, payload }) => `${new TextDecoder().decode(payload)} ${[...targets].join()}`);
}

test("two kinds for each host in turn are two commands", () => {
  const given = [a, b, c].flatMap((host) => [["prepare", host] as const, ["execute", host] as const]);
  expect(batched(...given)).toEqual(["prepare a,b,c", "execute a,b,c"]);
});

test("twice for the same host is twice, and what stands between keeps its place", () => {
  expect(batched(["x", a], ["x", a])).toEqual(["x a", "x a"]);
  expect(batched(["x", a], ["y", a, b], ["x", b])).toEqual(["x a", "y a,b", "x b"]);
});

test("is empty when taken", () => {
  const batch = new CommandBatch();
  batch.add([a], encoder.encode("x"));
  expect(batch.take()).toHaveLength(1);
  expect(batch.isEmpty).toBe(true);
  expect(batch.take()).toEqual([]);
});

test("each host gets just its own, in their order", () => {
  const host = fc.constantFrom("a", "b", "c", "d");
  const given = fc.array(fc.tuple(fc.constantFrom("p", "q", "r"), fc.uniqueArray(host, { minLength: 1 })));
  fc.assert(
    fc.property(given, (commands) => {
      const batch = new CommandBatch();
      for (const [text, hosts] of commands) batch.add(hosts.map(hostIdOf), encoder.encode(text));
      const taken = batch.take();
      for (const name of ["a", "b", "c", "d"] as const) {
        const wanted = commands.filter(([, hosts]) => hosts.includes(name)).map(([text]) => text);
        const got = taken
          .filter(({ targets }) => targets.has(hostIdOf(name)))
          .map(({ payload }) => new TextDecoder().decode(payload));
        expect(got).toEqual(wanted);
      }
    }),
  );
});
