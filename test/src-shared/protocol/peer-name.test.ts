// Names in certificates: any host's name survives, and nothing but exactly one of ours is taken.
import fc from "fast-check";
import { expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { parsePeerName, writePeerUri } from "../../../src-shared/protocol/peer-name.ts";

test("written and parsed is the same again, and needs no quoting", () => {
  const host = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
  fc.assert(
    fc.property(host.map(hostIdOf), fc.nat(), fc.nat(2 ** 32 - 1), (name, incarnation, rank) => {
      const role = rank === 0 ? "root" : "client";
      const peer = { session: "run-1", role, host: name, incarnation, rank } as const;
      const uri = writePeerUri(peer);
      expect(uri).toMatch(/^[\w:/.~%-]+$/u);
      expect(parsePeerName(`URI:${uri}`)).toEqual(peer);
    }),
  );
});

test.each([
  undefined,
  "",
  "plush://s/client/a/1/7",
  "DNS:plush://s/client/a/1/7",
  "URI:plush://s/admin/a/1/7",
  "URI:plush://s/client//1/7",
  "URI:plush://s/client/a",
  "URI:plush://s/client/a/1",
  "URI:plush://s/client/a/1/0",
  "URI:plush://s/root/a/0/1",
  "URI:plush://s/client/a/1/07",
  "URI:plush://s/client/a/1/4294967296",
  "URI:plush://s/client/a/-1/7",
  "URI:plush://s/client/a/1/7/8",
  "URI:plush://s/client/a/b/1/7",
  "URI:plush://s/client/a/1/7, DNS:b",
  "URI:plush://s/client/a/1/7, URI:plush://s/root/a/0/0",
  'URI:"plush://s/client/a/1/7"',
  "URI:plush://s t/client/a/1/7",
  "URI:plush://s/client/%61/1/7",
  "URI:plush://s/client/%c3%bc/1/7",
  "URI:plush://s/client/%C3/1/7",
  "URI:plush://s/client/a/1/7\n",
])("%j is nobody", (alternativeName) => {
  expect(parsePeerName(alternativeName)).toBeUndefined();
});
