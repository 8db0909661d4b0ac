// The words of the program ssh, and those of hosts that try to pass for them.
import { expect, test } from "vitest";
import { marksHostsWords, parseAskpassPrompt } from "../../../src-main/ssh/askpass-prompts.ts";
import { asksForPassword, plainWords } from "../../../src-main/ssh/plain-words.ts";

const AUTHENTICITY = "The authenticity of host '[h]:2200 ([10.0.0.1]:2200)' can't be established.\n";
const SURE = "Are you sure you want to continue connecting (yes/no/[fingerprint])? ";

test.each([
  ["Enter passphrase for key '/keys/id_rsa': ", { kind: "passphrase", file: "/keys/id_rsa" }],
  ["ann@h's password: ", { kind: "password", user: "ann", host: "h" }],
  ["(ann@h) Password: ", { kind: "interactive", user: "ann", host: "h", words: "Password: " }],
  [
    "(ann@h) Enter passphrase for key '/k': ",
    { kind: "interactive", user: "ann", host: "h", words: "Enter passphrase for key '/k': " },
  ],
  [
    `(ann@h) ${AUTHENTICITY}ED25519 key fingerprint is SHA256:abc.\n${SURE}`,
    expect.objectContaining({ kind: "interactive" }),
  ],
  [
    `${AUTHENTICITY}ED25519 key fingerprint is SHA256:ab+/c.\nThis key is not known by any other names.\n${SURE}`,
    { kind: "hostKey", host: "[h]:2200", keyType: "ED25519", fingerprint: "SHA256:ab+/c" },
  ],
  [
    `The authenticity of host 'h (10.0.0.1)' can't be established.\nRSA key fingerprint is: SHA256:abc\n${SURE}`,
    { kind: "hostKey", host: "h", keyType: "RSA", fingerprint: "SHA256:abc" },
  ],
  ["Enter PIN for ED25519-SK key /k: ", { kind: "other" }],
  ["x\nann@h's password: ", { kind: "other" }],
])("%j", (text, prompt) => {
  expect(parseAskpassPrompt(text)).toEqual(prompt);
});

test("whether an ssh marks the words of hosts", () => {
  const versions = [
    "OpenSSH_9.2p1 Debian-2",
    "OpenSSH_8.5p1",
    "OpenSSH_for_Windows_9.5p1",
    "OpenSSH_8.4p1",
    "",
  ];
  expect(versions.map(marksHostsWords)).toEqual([true, true, true, false, false]);
});

test("words of hosts become one harmless line", () => {
  expect(plainWords("\x1b[2Ja\u202eb\r\n c\u2028d\u200b")).toBe("?[2Ja?b c d?");
  expect(plainWords("x".repeat(1000)).length).toBeLessThan(310);
});

test("a password may be shared, a code may not", () => {
  expect(
    ["Password: ", "password", "Password for ann@h:"].map((text) => asksForPassword(text, false)),
  ).toEqual([true, true, true]);
  expect(asksForPassword("Verification code: ", false)).toBe(false);
  expect(asksForPassword("Password: ", true)).toBe(false);
});
