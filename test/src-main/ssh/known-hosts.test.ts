// known_hosts lines of every kind, the judgement they lead to, and the lines that we write ourselves.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  judgeHostKey,
  knownHostName,
  parseKnownHosts,
  patternsMatch,
  writeKnownHostsLine,
} from "../../../src-main/ssh/known-hosts.ts";

/** A public key as it travels: its type, then anything. */
function keyOf(type: string, content: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from(content)]);
}

const A = keyOf("ssh-ed25519", "key A");
const B = keyOf("ssh-ed25519", "key B");
const R = keyOf("ssh-rsa", "key R");
const text = (key: Buffer): string =>
  `${key.subarray(4, 4 + key.readUInt32BE(0)).toString()} ${key.toString("base64")}`;

function judge(file: string, host: string, port: number, key: Buffer): string {
  const { entries } = parseKnownHosts(file, "known_hosts");
  const judgement = judgeHostKey(entries, host, port, key);
  switch (judgement.kind) {
    case "known":
    case "unknown":
      return judgement.kind;
    case "changed":
      return `changed ${judgement.lines.map(({ line }) => line).join(",")}`;
    case "revoked":
    case "caOnly":
      return `${judgement.kind} ${String(judgement.line.line)}`;
  }
}

describe("a host key", () => {
  const cases: readonly [string, string, string, number, Buffer, string][] = [
    ["its own name", `h ${text(A)}`, "h", 22, A, "known"],
    ["whatever the case", `Host.Example ${text(A)}`, "hOST.example", 22, A, "known"],
    ["one name of several", `g,h,i ${text(A)}`, "h", 22, A, "known"],
    ["with a comment", `h ${text(A)} root@h of 2026`, "h", 22, A, "known"],
    ["nobody knows it", `g ${text(A)}`, "h", 22, A, "unknown"],
    ["an empty file", "", "h", 22, A, "unknown"],
    ["another port", `h ${text(A)}`, "h", 2222, B, "unknown"],
    ["the key of the plain name, at another port", `h ${text(A)}`, "h", 2222, A, "known"],
    ["that port", `[h]:2222 ${text(A)}`, "h", 2222, A, "known"],
    ["only that port", `[h]:2222 ${text(A)}`, "h", 22, A, "unknown"],
    ["another key", `h ${text(B)}`, "h", 22, A, "changed 1"],
    ["another type of key", `h ${text(R)}`, "h", 22, A, "changed 1"],
    ["several types, one of them right", `h ${text(R)}\nh ${text(A)}`, "h", 22, A, "known"],
    ["several wrong ones", `h ${text(R)}\n\nh ${text(B)}`, "h", 22, A, "changed 1,3"],
    ["a wildcard", `*.example ${text(A)}`, "h.example", 22, A, "known"],
    ["a wildcard over ports", `* ${text(A)}`, "127.1.0.1", 2222, A, "known"],
    ["a question mark", `node? ${text(A)}`, "node7", 22, A, "known"],
    ["a question mark is one letter", `node? ${text(A)}`, "node77", 22, A, "unknown"],
    ["a negation", `*.example,!bad.example ${text(A)}`, "bad.example", 22, A, "unknown"],
    ["a negation alone means nobody", `!bad ${text(A)}`, "good", 22, A, "unknown"],
    ["revoked", `@revoked * ${text(A)}\nh ${text(A)}`, "h", 22, A, "revoked 1"],
    ["revoked by the plain name", `@revoked h ${text(A)}`, "h", 2222, A, "revoked 1"],
    ["another one is revoked", `@revoked * ${text(B)}\nh ${text(A)}`, "h", 22, A, "known"],
    ["an authority's", `@cert-authority *.example ${text(B)}`, "h.example", 22, A, "caOnly 1"],
    ["an authority's key is no host's", `@cert-authority h ${text(A)}`, "h", 22, A, "caOnly 1"],
    ["its own beside the authority's", `@cert-authority h ${text(B)}\nh ${text(A)}`, "h", 22, A, "known"],
    ["tabs and spaces", `  h\t ${text(A).replace(" ", " \t")}  `, "h", 22, A, "known"],
    ["a file from Windows", `h ${text(A)}\r\n`, "h", 22, A, "known"],
  ];
  test.each(cases)("%s", (_what, file, host, port, key, expected) => {
    expect(judge(file, host, port, key)).toBe(expected);
  });

  test("is found by a name that OpenSSH has hashed", () => {
    // Written by `ssh-keygen -H` for example.org and [example.org]:2222.
    const key = "AAAAC3NzaC1lZDI1NTE5AAAAIK4gQ4uZABtCkjDrEtTWMwCcpbQHz72v4CJFaUdRBwGQ";
    const file = [
      `|1|mCHc7KT6XWnCoIK06mr+oqFeadQ=|7DgALCWCBKao9PU/zfnYJN3PSJs= ssh-ed25519 ${key}`,
      `|1|aEKWkwzRGALSYMt/93yg73I9pZg=|ZPp6Ak8Oi9GucXUMEjWRrKPdIHE= ssh-ed25519 ${key}`,
    ];
    const bytes = Buffer.from(key, "base64");
    expect(judge(file[0]!, "Example.org", 22, bytes)).toBe("known");
    expect(judge(file[0]!, "example.org", 22, A)).toBe("changed 1");
    expect(judge(file[0]!, "example.com", 22, bytes)).toBe("unknown");
    expect(judge(file[1]!, "example.org", 2222, bytes)).toBe("known");
    expect(judge(file[1]!, "example.org", 22, bytes)).toBe("unknown");
  });

  test("that was written down is known, whatever the name, the port and the salt", () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,30}$/);
    const salt = fc.option(fc.uint8Array({ minLength: 20, maxLength: 20 }), { nil: undefined });
    fc.assert(
      fc.property(name, fc.integer({ min: 1, max: 65_535 }), salt, (host, port, bytes) => {
        const { entries, bad } = parseKnownHosts(writeKnownHostsLine(host, port, A, bytes), "known_hosts");
        expect(bad).toEqual([]);
        expect(judgeHostKey(entries, host, port, A).kind).toBe("known");
        expect(judgeHostKey(entries, host, port, B).kind).toBe("changed");
        expect(judgeHostKey(entries, `x${host}`, port, A).kind).toBe("unknown");
      }),
    );
  });
});

describe("known_hosts lines", () => {
  test("that are of no use are named, and the others stay", () => {
    const file = [
      "# a comment",
      "h",
      `@unheard-of h ${text(A)}`,
      "h ssh-ed25519 not*base64",
      `h ssh-rsa ${A.toString("base64")}`,
      `|1|short ${text(A)}`,
      "",
      "h 1024 35 1234567890",
      `h ${text(A)}`,
    ].join("\n");
    const { entries, bad } = parseKnownHosts(file, "/etc/ssh/ssh_known_hosts");
    expect(bad.map(({ line, message }) => `${String(line)}: ${message}`)).toMatchInlineSnapshot(`
      [
        "2: a line is: hosts, key type, key",
        "3: the marker @unheard-of does not exist",
        "4: the key is not in base64",
        "5: the key is no ssh-rsa key",
        "6: the hashed name is malformed",
        "8: the key is no 1024 key",
      ]
    `);
    expect(entries).toMatchObject([
      { file: "/etc/ssh/ssh_known_hosts", line: 9, marker: "none", hosts: "h" },
    ]);
  });

  test("never throw, whatever is in the file", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (file) => {
        const { entries } = parseKnownHosts(file, "known_hosts");
        judgeHostKey(entries, "h", 22, A);
      }),
    );
  });

  test("carry names with their port, when it is not 22", () => {
    expect(knownHostName("Host", 22)).toBe("host");
    expect(knownHostName("::1", 2222)).toBe("[::1]:2222");
  });
});

describe("patterns", () => {
  test("with many stars take no exponential time", () => {
    expect(patternsMatch([`${"*a".repeat(30)}b`], "a".repeat(2_000))).toBe(false);
  });

  test("match as the regular expression that means the same", () => {
    const part = fc.constantFrom("a", "b", "*", "?");
    const pattern = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[ab]{0,8}$/), (glob, name) => {
        const expression = new RegExp(`^${glob.replaceAll("*", ".*").replaceAll("?", ".")}$`);
        expect(patternsMatch([glob], name)).toBe(expression.test(name));
      }),
    );
  });
});
