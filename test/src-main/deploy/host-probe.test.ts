// What a host's answer to the probe means: fit, fit once it is given a Node, or unfit with what to do.
import { describe, expect, test } from "vitest";
import { judgeProbe } from "../../../src-main/deploy/host-probe.ts";

const LINUX = "system Linux x86_64\nlibc glibc 2.36\nbase /home/user/.cache/nebula\ngunzip";

describe("judgeProbe", () => {
  test("the first Node that is new enough is taken", () => {
    const answer = `${LINUX}\nnode v18.3.0 /usr/bin/node\nnode v22.1.0 /opt/node/bin/node`;
    expect(hostOf(answer).node).toEqual({ kind: "there", path: "/opt/node/bin/node" });
  });

  test.each([
    ["none", "", "node: not found"],
    ["one that is too old", "node v20.17.9 /usr/bin/node", "Node 20.17 is too old"],
    ["one that says nonsense", "node Segmentation fault", "Node 0.0 is too old"],
  ])("%s: one is to be brought", (_, line, reason) => {
    const runtime = "runtime aa\nruntime bb";
    expect(hostOf(`${LINUX}\n${line}\n${runtime}`).node).toEqual({
      kind: "lacking",
      platform: "linux-x64",
      reason,
      present: ["aa", "bb"],
    });
  });

  test("arm64", () => {
    const answer = LINUX.replace("x86_64", "aarch64");
    expect(hostOf(answer).node).toMatchObject({ kind: "lacking", platform: "linux-arm64" });
  });

  test.each([
    [
      "system Darwin arm64\nlibc \nbase /b",
      "node: not found, and Nebula brings none for Darwin arm64",
      /^Install Node/,
    ],
    [
      "system Linux armv7l\nlibc glibc 2.36\nbase /b",
      "node: not found, and Nebula brings none for Linux armv7l",
      /^Install/,
    ],
    ["system Linux x86_64\nlibc musl\nbase /b", "this host has musl (Alpine)", /glibc 2\.28/],
    [
      "system Linux x86_64\nlibc glibc 2.17\nbase /b\nnode v16.20.2 /usr/bin/node",
      "Node 16.20 is too old, and the one that Nebula brings needs glibc 2.28, which is 2.17 here",
      /built for this system/,
    ],
  ])("where none would run: %j", (answer, reason, remedy) => {
    expect(failureOf(answer, true)).toMatchObject({ step: "node", reason });
    expect(failureOf(answer, true).remedy).toMatch(remedy);
  });

  test("where none may be brought", () => {
    expect(failureOf(LINUX, false)).toEqual({
      step: "node",
      reason: "node: not found",
      remedy:
        "Install Node 20.18 or later, or put it into the PATH of non-interactive logins. Or let Nebula bring one: push_node = yes.",
      unreachable: false,
    });
  });

  test("glibc beside a package of musl is glibc", () => {
    expect(hostOf(`${LINUX}\nnode v22.1.0 /usr/bin/node`).node.kind).toBe("there");
  });

  test("no directory: each with its reason", () => {
    const answer = "system Linux x86_64\nlibc glibc 2.36\nnode v22.1.0 /n\nunfit /a: full\nunfit /b: noexec";
    expect(failureOf(answer, true)).toMatchObject({
      step: "disk",
      reason: "no directory for the client: /a: full; /b: noexec",
    });
  });
});

function judged(answer: string, mayPush: boolean): ReturnType<typeof judgeProbe> {
  const lines = answer.split("\n").map((line) => {
    const [key = "", ...words] = line.split(" ");
    return { key, text: words.join(" ") };
  });
  return judgeProbe(lines, mayPush);
}

function hostOf(answer: string): Extract<ReturnType<typeof judgeProbe>, { kind: "fit" }>["host"] {
  const result = judged(answer, true);
  if (result.kind === "unfit") throw new Error(result.failure.reason);
  return result.host;
}

function failureOf(
  answer: string,
  mayPush: boolean,
): Extract<ReturnType<typeof judgeProbe>, { kind: "unfit" }>["failure"] {
  const result = judged(answer, mayPush);
  if (result.kind === "fit") throw new Error("it is fit");
  return result.failure;
}
