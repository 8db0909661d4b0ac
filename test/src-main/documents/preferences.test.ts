// plush.prefs: its lines, types, problems and which source wins.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  mergePreferences,
  parsePreferences,
  preferencesOfEnvironment,
  PREFERENCE_KEYS,
  environmentNameOf,
} from "../../../src-main/documents/preferences.ts";

describe("parsePreferences", () => {
  test("every key", () => {
    const text = `# a comment
directory = "my hosts#1.xml"   # with a blank and a hash
fanout=8
output = jsonl\r
colour = never

results = 'out put'
results_keep = 0
keep = yes
timeout = 2m
controller_port = 15400
transport = system-ssh
host_key_policy = accept-new
`;
    expect(parsePreferences(text, "plush.prefs")).toEqual({
      preferences: {
        directory: "my hosts#1.xml",
        fanout: 8,
        output: "jsonl",
        colour: "never",
        results: "out put",
        results_keep: 0,
        keep: true,
        timeout: 120_000,
        controller_port: 15_400,
        transport: "system-ssh",
        host_key_policy: "accept-new",
      },
      problems: [],
    });
  });

  test.each([
    ["fanuot = 3", "warning", "unknown key 'fanuot'", "Did you mean 'fanout'?"],
    ["zzzzzz = 3", "warning", "unknown key 'zzzzzz'", "Known keys: directory"],
    ["fanout = 0", "error", "'fanout' must be a whole number from 1 to 4096", ""],
    ["fanout = 1e3", "error", "'fanout' must be", ""],
    ["output = xml", "error", "'output' must be one of text, json, jsonl", ""],
    ["transport = ssh", "error", "'transport' must be one of ssh2, system-ssh", ""],
    ["host_key_policy = maybe", "error", "'host_key_policy' must be one of yes, ask, accept-new, no", ""],
    ["keep = maybe", "error", "'keep' must be yes or no", ""],
    ["timeout = soon", "error", "'timeout' must be a time such as", ""],
    ["directory =", "error", "'directory' must be a path", ""],
    ["fanout", "error", "'fanout' is no setting", "key = value"],
    ["keep = yes\nkeep = no", "warning", "'keep' is set twice", ""],
    ["__proto__ = 1", "warning", "unknown key '__proto__'", ""],
  ])("%j", (text, severity, message, remedy) => {
    const [problem] = parsePreferences(text, "plush.prefs").problems;
    expect(problem).toMatchObject({ severity, source: "plush.prefs", line: text.split("\n").length });
    expect(problem!.message).toContain(message);
    expect(problem!.remedy).toContain(remedy);
  });

  test("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parsePreferences(text, "x")));
  });
});

test("the environment has the same keys", () => {
  const values = {
    directory: "d",
    fanout: "3",
    output: "json",
    colour: "always",
    results: "r",
    results_keep: "1",
    keep: "off",
    timeout: "1",
    controller_port: "0",
    ways: "ssh, client",
    transport: "ssh2",
    host_key_policy: "ask",
    ssh_user: "ucsd_12",
    ssh_identity: "~/.ssh/testbed",
    overlay: "star",
    degree: "8",
    push_node: "no",
    node_runtime: "https://files/node-{arch}.tar.gz",
  };
  const environment = Object.fromEntries(PREFERENCE_KEYS.map((key) => [environmentNameOf(key), values[key]]));
  expect(preferencesOfEnvironment(environment)).toEqual({
    preferences: {
      directory: "d",
      fanout: 3,
      output: "json",
      colour: "always",
      results: "r",
      results_keep: 1,
      keep: false,
      timeout: 1000,
      controller_port: 0,
      ways: ["client", "ssh"],
      transport: "ssh2",
      host_key_policy: "ask",
      ssh_user: "ucsd_12",
      ssh_identity: "~/.ssh/testbed",
      overlay: "star",
      degree: 8,
      push_node: false,
      node_runtime: "https://files/node-{arch}.tar.gz",
    },
    problems: [],
  });
  const hostile = { PLUSH_SSH_USER: "-oProxyCommand=x", PLUSH_SSH_IDENTITY: 'k"\nProxyCommand x' };
  expect(preferencesOfEnvironment(hostile).problems.map(({ source }) => source)).toEqual(
    Object.keys(hostile),
  );
  expect(preferencesOfEnvironment({ PLUSH_FANOUT: "", PLUSH_KEEP: "maybe" }).problems).toMatchObject([
    { source: "PLUSH_KEEP", severity: "error" },
  ]);
});

test("the first source that mentions a key wins", () => {
  expect(mergePreferences({ fanout: 1 }, { fanout: 2, keep: false }, { keep: true, output: "json" })).toEqual(
    { fanout: 1, keep: false, output: "json" },
  );
});
