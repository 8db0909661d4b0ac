// The list of host keys: what each host has shown, judged by the files, and what a person decides about those that nobody knew.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HostKeyReviews } from "../../../src-main/ssh/host-key-reviews.ts";
import { createHostKeys, fingerprintOf } from "../../../src-main/ssh/host-keys.ts";
import { writeKnownHostsLine } from "../../../src-main/ssh/known-hosts.ts";
import type { SshHop } from "../../../src-main/ssh/ssh-config.ts";
import type { SshQuestions } from "../../../src-main/ssh/ssh.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

function key(seed: number): Uint8Array {
  const type = Buffer.from("ssh-ed25519");
  return Buffer.concat([Buffer.from([0, 0, 0, type.length]), type, Buffer.from([0, 0, 0, 1, seed])]);
}

const NEVER = new AbortController().signal;

function setUp(answer = false) {
  const file = join(temporaryFolder(), "known_hosts");
  const reviews = new HostKeyReviews();
  let asked = 0;
  const questions = {
    acceptHostKey: async () => {
      asked += 1;
      return answer;
    },
  } as unknown as SshQuestions;
  const keys = createHostKeys(questions, reviews);
  const look = (name: string, seed: number, newKeys: "ask" | "list" = "list") => {
    const hop = {
      ...{ name, hostName: name, port: 22, hostKeyAlias: undefined, hostKeyPolicy: "ask", newKeys },
      ...{ userKnownHostsFiles: [file], globalKnownHostsFiles: [], hashKnownHosts: false },
    } as unknown as SshHop;
    return keys.judge(hop, key(seed), NEVER);
  };
  const { sightings } = reviews;
  const states = () => sightings.list().map(({ host, state }) => `${host} ${state}`);
  return { file, sightings, look, states, asked: () => asked };
}

const lookedAt = (name: string, seed: number) => ({ name, fingerprint: fingerprintOf(key(seed)) });

describe("host keys that were seen", () => {
  test("are listed with how they are known, and nobody is asked about new ones", async () => {
    const { file, sightings, look, states, asked } = setUp();
    writeFileSync(
      file,
      [
        writeKnownHostsLine("old", 22, key(1), undefined),
        writeKnownHostsLine("other", 22, key(2), undefined),
        `@revoked ${writeKnownHostsLine("bad", 22, key(3), undefined)}`,
        "",
      ].join("\n"),
    );
    expect(await look("old", 1)).toMatchObject({ kind: "accepted" });
    for (const [name, seed] of [
      ["other", 9],
      ["bad", 3],
      ["fresh", 4],
    ] as const)
      expect([name, await look(name, seed)]).toEqual([name, expect.objectContaining({ kind: "refused" })]);
    expect(states()).toEqual(["old known", "other changed", "bad revoked", "fresh new"]);
    expect(asked()).toBe(0);
    expect(sightings.list()[1]).toMatchObject({
      fingerprint: fingerprintOf(key(9)),
      known: [{ fingerprint: fingerprintOf(key(2)), file, line: 2 }],
      review: expect.any(String),
    });
  });

  test("are written down when they are accepted, and only the ones that were looked at", async () => {
    const { file, sightings, look, states } = setUp();
    await look("one", 1);
    await look("two", 2);
    expect(await sightings.accept([lookedAt("one", 1), lookedAt("two", 7), lookedAt("three", 3)])).toEqual([
      "two shows another key now, or none: look again",
      "three shows another key now, or none: look again",
    ]);
    expect(readFileSync(file, "utf8")).toBe(`${writeKnownHostsLine("one", 22, key(1), undefined)}\n`);
    expect(states().toSorted()).toEqual(["one known", "two new"]);
    expect(await look("one", 1)).toMatchObject({ kind: "accepted" });
  });

  test("that are refused are not asked about again, until they are accepted", async () => {
    const { file, sightings, look, states, asked } = setUp(true);
    await look("one", 1);
    sightings.refuse([lookedAt("one", 1)]);
    expect(states()).toEqual(["one refused"]);
    expect(await look("one", 1, "ask")).toMatchObject({ kind: "refused" });
    expect([asked(), existsSync(file)]).toEqual([0, false]);
    // Another key of the same host is another question.
    expect(await look("one", 2, "ask")).toMatchObject({ kind: "accepted" });
    expect(asked()).toBe(1);
    await look("one", 1);
    expect(await sightings.accept([lookedAt("one", 1)])).toEqual([]);
    expect(states()).toEqual(["one known"]);
  });
});
