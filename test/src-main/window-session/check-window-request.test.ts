// The door of windows: what fits its name comes in, everything else is refused in few words.
import { describe, expect, test } from "vitest";
import { checkWindowRequest } from "../../../src-main/window-session/check-window-request.ts";

const check = (name: string, given: unknown, more: object = {}): ReturnType<typeof checkWindowRequest> =>
  checkWindowRequest({ kind: "request", id: 7, name, arguments: given, ...more });

const RUN = {
  fanout: 8,
  keep: false,
  stayConnected: true,
  deadlineMs: undefined,
  results: undefined,
  variables: { size: "3" },
};
const COMMAND = {
  fanout: 8,
  command: "uptime",
  hosts: "node[1-3]",
  group: undefined,
  exclude: undefined,
  connectedOnly: true,
  stayConnected: true,
  wantsInput: false,
  deadlineMs: 1000,
  results: undefined,
  keep: false,
};

describe("checkWindowRequest", () => {
  test.each<[string, unknown]>([
    ["loadApplication", { path: "a.xml" }],
    ["loadDirectory", { path: "d.xml", text: "<plush/>" }],
    ["startRun", RUN],
    ["startCommand", COMMAND],
    ["connect", { hosts: undefined, fanout: 1 }],
    ["answer", { question: "q1", answer: undefined }],
    ["readPreferences", {}],
    ["writePreferences", { changes: { fanout: "8", degree: null } }],
    ["detachTab", { tab: { component: "output", title: "Output" }, terminal: undefined }],
    ["adoptTerminal", { shell: "ab12", columns: 80, rows: 24 }],
    ["openTerminal", { host: "node1", columns: 80, rows: 24 }],
    ["writeTerminal", { terminal: 0, bytes: new Uint8Array(3) }],
    ["writeTerminal", { terminal: 0, bytes: Buffer.from("typed") }],
    ["removeFile", { files: 1, path: "/tmp/a b\n", kind: "link" }],
    ["putBytes", { transfer: 1, bytes: new Uint8Array(3) }],
    ["openForward", { host: "node1", address: "fe80::1%eth0", port: 65_535 }],
    ["openForward", { host: "node1", address: "www.example.org", port: 1 }],
  ])("%s comes in as it is", (name, given) => {
    expect(check(name, given)).toEqual({
      kind: "ok",
      request: { kind: "request", id: 7, name, arguments: given },
    });
  });

  test.each<[string, unknown]>([
    ["loadApplication", { path: 1 }],
    ["loadApplication", { path: "a", more: true }],
    ["startRun", { ...RUN, fanout: 0 }],
    ["startRun", { ...RUN, fanout: 1.5 }],
    ["startRun", { ...RUN, deadlineMs: 0 }],
    ["startRun", { ...RUN, deadlineMs: Number.MAX_SAFE_INTEGER }],
    ["startRun", { ...RUN, variables: { size: 3 } }],
    ["startCommand", { ...COMMAND, wantsInput: true }],
    ["startCommand", { ...COMMAND, command: "" }],
    ["endRun", { run: "r", cause: "whim", reason: "" }],
    ["connect", { hosts: null, fanout: 1 }],
    ["openTerminal", { host: "node1", columns: 0, rows: 24 }],
    ["readPreferences", { path: "/etc/passwd" }],
    ["writePreferences", { changes: { fanout: 8 } }],
    ["writePreferences", { changes: {}, path: "/etc/passwd" }],
    ["detachTab", { tab: { component: "../output", title: "Output" }, terminal: undefined }],
    ["detachTab", { tab: { component: "output", title: "Output", url: "https://x" }, terminal: undefined }],
    ["listFiles", { files: 1, path: "" }],
    ["listFiles", { files: 1, path: "/etc/passwd\0.txt" }],
    ["listFiles", { files: "1", path: "/" }],
    ["removeFile", { files: 1, path: "/", kind: "everything" }],
    ["startUpload", { files: 1, path: "/a" }],
    ["putBytes", { transfer: 1, bytes: "text" }],
    ["putBytes", { transfer: 1, bytes: new Uint8Array(1024 * 1024 + 1) }],
    ["openForward", { host: "node1", address: "-oProxyCommand=x", port: 80 }],
    ["openForward", { host: "node1", address: "a b", port: 80 }],
    ["openForward", { host: "node1", address: "127.0.0.1", port: 0 }],
    ["openForward", { host: "node1", address: "127.0.0.1", port: 65_536 }],
    ["openTerminal", { host: "node1", columns: 80, rows: 1e9 }],
    ["openTerminal", { host: "n".repeat(5000), columns: 80, rows: 24 }],
    ["writeTerminal", { terminal: 0, bytes: [1, 2] }],
    ["writeTerminal", { terminal: 0, bytes: new Uint8Array(2 * 1024 * 1024) }],
    ["seenTerminal", { terminal: 0, bytes: -1 }],
    ["seenTerminal", { terminal: 0, bytes: Number.NaN }],
    ["resizeTerminal", { terminal: 0.5, columns: 80, rows: 24 }],
  ])("%s of %j is refused under its number", (name, given) => {
    expect(check(name, given)).toMatchObject({
      kind: "refused",
      id: 7,
      message: expect.stringContaining(name) as string,
    });
  });

  test.each(["toString", "__proto__", "constructor", "quit", ""])("nothing is called %j", (name) => {
    expect(check(name, {})).toMatchObject({ kind: "refused", id: 7 });
  });

  test.each([undefined, null, 3, "request", [], {}, { id: "7" }, { kind: "answer", name: "connect" }])(
    "%j is no request",
    (message) => {
      expect(checkWindowRequest(message)).toMatchObject({ kind: "refused", id: undefined });
    },
  );

  test("what is more in the envelope is refused", () => {
    expect(check("closeTerminal", { terminal: 1 }, { sender: "me" })).toMatchObject({ kind: "refused" });
  });

  test("names of variables cannot reach the object's own", () => {
    const variables = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Record<string, string>;
    const checked = check("startRun", { ...RUN, variables });
    if (checked.kind !== "ok" || checked.request.name !== "startRun") throw new Error("refused");
    const given = checked.request.arguments.variables;
    expect(Object.getPrototypeOf(given)).toBe(Object.prototype);
    expect(Object.keys(given)).toEqual(["constructor"]);
  });

  test("the words of a refusal are few, whatever is wrong", () => {
    const hosts = Array.from({ length: 50_000 }, () => 1);
    const many = check("failHosts", { hosts, reason: "" });
    const long = check("connect", { hosts: undefined, fanout: 1, ["x".repeat(1_000_000)]: 1 });
    for (const refused of [many, long]) {
      expect(refused.kind === "refused" ? refused.message.length : 0).toBeGreaterThan(100);
      expect(refused.kind === "refused" ? refused.message.length : Infinity).toBeLessThan(2100);
    }
  });
});
