// The credentials that a client reads at its start: whole or refused, and never quoted.
import { expect, test } from "vitest";
import { hostIdOf } from "../../../src-shared/base/ids.ts";
import { checkCredentials } from "../../../src-shared/protocol/credentials.ts";
import type { ClientCredentials } from "../../../src-shared/protocol/credentials.ts";

const GOOD: ClientCredentials = {
  session: "session-1",
  host: hostIdOf("node 1"),
  incarnation: 2,
  overlay: "star",
  degree: 32,
  rank: 7,
  start: 3,
  startChain: "AAAAAAAAAAAAAAAAAAAAAA==",
  candidates: [{ rank: 0, address: "127.0.0.1:4711" }],
  rootKey: "AAAA",
  proofKey: "c2VjcmV0",
  ca: "ca",
  certificate: "certificate",
  key: "very secret",
  controllerAbsenceMs: 600_000,
};

test("good ones survive JSON", () => {
  expect(checkCredentials(JSON.parse(JSON.stringify(GOOD)))).toEqual({ ok: true, credentials: GOOD });
});

test.each<[string, unknown, string]>([
  ["nothing", undefined, "all"],
  ["no key", { ...GOOD, key: undefined }, "key"],
  ["an address that is none", { ...GOOD, candidates: [{ rank: 0, address: "" }] }, "candidates.0.address"],
  ["the root's rank", { ...GOOD, rank: 0 }, "rank"],
  ["a key that is none", { ...GOOD, proofKey: "?" }, "proofKey"],
  ["a session that is a path", { ...GOOD, session: "../x" }, "session"],
  ["an incarnation that is none", { ...GOOD, incarnation: -1 }, "incarnation"],
])("%s is refused by its place", (_name, input, place) => {
  expect(checkCredentials(input)).toEqual({ ok: false, reason: `credentials are not valid: ${place}` });
});
