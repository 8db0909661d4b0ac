// Names in certificates: any host's name survives, and nothing but exactly one of ours is taken.
import fc from "fast-check";
import { expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { parsePeerName, writePeerUri } from "../../../src-shared/protocol/peer-name.ts";

test("written and parsed is the same again, and needs no quoting", () => {
  const host = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
  fc.assert(
    fc.property(host.map(hostIdOf), fc.constantFrom("root" as const, "client" as const), (name, role) => {
      const uri = writePeerUri({ session: "run-1", role, host: name });
      expect(uri).toMatch(/^[\w:/.~%-]+$/u);
      expect(parsePeerName(`URI:${uri}`)).toEqual({ session: "run-1", role, host: name });
    }),
  );
});

test.each([
  undefined,
  "",
  "plush://s/client/a",
  "DNS:plush://s/client/a",
  "URI:plush://s/admin/a",
  "URI:plush://s/client/",
  "URI:plush://s/client/a/b",
  "URI:plush://s/client/a, DNS:b",
  "URI:plush://s/client/a, URI:plush://s/root/a",
  'URI:"plush://s/client/a"',
  "URI:plush://s t/client/a",
  "URI:plush://s/client/%61",
  "URI:plush://s/client/%c3%bc",
  "URI:plush://s/client/%C3",
  "URI:plush://s/client/a\n",
])("%j is nobody", (alternativeName) => {
  expect(parsePeerName(alternativeName)).toBeUndefined();
});
