// Replacing a host's known keys: only with a person's word, only that host's, and the files as they were are kept.
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { forgetKeys } from "../../../src-main/ssh/edit-known-hosts.ts";
import { HostKeyReviews } from "../../../src-main/ssh/host-key-reviews.ts";
import { linesAbout, parseKnownHosts, writeKnownHostsLine } from "../../../src-main/ssh/known-hosts.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

/** A key's bytes: its type, and something that makes it another one. */
function key(seed: number): Uint8Array {
  const type = Buffer.from("ssh-ed25519");
  return Buffer.concat([Buffer.from([0, 0, 0, type.length]), type, Buffer.from([0, 0, 0, 1, seed])]);
}
const line = (hosts: string, seed: number): string =>
  `${hosts} ssh-ed25519 ${Buffer.from(key(seed)).toString("base64")}`;
const hashed = writeKnownHostsLine("far", 22, key(1), new Uint8Array(20));

function forget(text: string, host = "far", port = 22): ReturnType<typeof forgetKeys> {
  const { own } = linesAbout(parseKnownHosts(text, "kh").entries, host, port);
  return forgetKeys(text, own, host, port);
}

describe("forgetKeys", () => {
  test.each([
    [
      "its lines go, whatever stands around them",
      `# a\r\n\n${line("far", 1)}\n${line("near", 2)}\n`,
      `# a\r\n\n${line("near", 2)}\n`,
    ],
    ["a hashed one", `${hashed}\n${line("near", 2)}`, line("near", 2)],
    [
      "of several names only its own",
      `${line("far,10.0.0.1", 1)} comment far,10.0.0.1\n`,
      `${line("10.0.0.1", 1)} comment far,10.0.0.1\n`,
    ],
    ["several lines of it", `${line("far", 1)}\n${line("far", 2)}\n`, ""],
    [
      "other ports are other hosts",
      `${line("far", 1)}\n${line("[far]:2222", 1)}\n`,
      `${line("[far]:2222", 1)}\n`,
    ],
    [
      "words about authorities and revoked keys stay",
      `@revoked ${line("far", 3)}\n${line("far", 1)}\n`,
      `@revoked ${line("far", 3)}\n`,
    ],
  ])("%s", (_what, before, after) => {
    const { own } = linesAbout(parseKnownHosts(before, "kh").entries, "far", 22);
    const known = own.filter(({ marker }) => marker === "none");
    expect(forgetKeys(before, known, "far", 22)).toEqual({ kind: "ok", text: after });
  });

  test("a line about several hosts is left to the person", () => {
    expect(forget(`${line("*.example,far", 1)}\n`)).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("line 1 of kh is about several hosts") as string,
    });
  });

  test("a file that has changed meanwhile is left alone", () => {
    const { own } = linesAbout(parseKnownHosts(line("far", 1), "kh").entries, "far", 22);
    expect(forgetKeys(`${line("near", 2)}\n${line("far", 1)}`, own, "far", 22).kind).toBe("refused");
    expect(forgetKeys("", own, "far", 22).kind).toBe("refused");
  });
});

describe("HostKeyReviews", () => {
  function changeIn(file: string) {
    const { own } = linesAbout(parseKnownHosts(readFileSync(file, "utf8"), file).entries, "far", 22);
    return { host: "far", port: 22, key: key(9), lines: own, userFile: file, salt: undefined };
  }
  const reviews = (): HostKeyReviews => new HostKeyReviews(() => new Date("2026-11-25T10:20:30Z"));

  test("replaces once, keeps the file as it was, its mode, and the link to it", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "known_hosts");
    const linked = join(folder, "link");
    const before = `${line("near", 2)}\n${line("far", 1)}`;
    writeFileSync(file, before);
    chmodSync(file, 0o640);
    symlinkSync(file, linked);
    const all = reviews();
    const review = all.add(changeIn(linked));
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(await all.replace(review)).toMatchObject({ kind: "done" });
    expect(readFileSync(linked, "utf8")).toBe(`${line("near", 2)}\n${line("far", 9)}\n`);
    expect(readFileSync(`${file}.before-20261125T102030`, "utf8")).toBe(before);
    expect(readdirSync(folder).toSorted()).toEqual([
      "known_hosts",
      "known_hosts.before-20261125T102030",
      "link",
    ]);
    for (const name of ["known_hosts", "known_hosts.before-20261125T102030"])
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o640);
    expect(await all.replace(review)).toMatchObject({ kind: "refused" });
  });

  test("writes nothing where something is in the way", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "known_hosts");
    writeFileSync(file, line("far", 1));
    const all = reviews();
    const review = all.add(changeIn(file));
    writeFileSync(file, line("far", 2));
    expect(await all.replace(review)).toMatchObject({ kind: "refused" });
    expect(await all.replace("../../other")).toMatchObject({ kind: "refused" });
    expect(readFileSync(file, "utf8")).toBe(line("far", 2));
    expect(readdirSync(folder)).toEqual(["known_hosts"]);
  });

  test("the same change is the same review, and there are not more than so many", async () => {
    const file = join(temporaryFolder(), "known_hosts");
    writeFileSync(file, line("far", 1));
    const all = reviews();
    const first = all.add(changeIn(file));
    expect(all.add(changeIn(file))).toBe(first);
    for (let port = 1; port <= 200; port += 1) all.add({ ...changeIn(file), port: port + 1000 });
    expect(await all.replace(first)).toMatchObject({ kind: "refused" });
  });
});
