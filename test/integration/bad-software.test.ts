// Software that cannot be had or installed, programs that cannot be started, full disks: said per host, and nothing left.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmdirSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tarOf } from "../src-client/software/build-tar.ts";
import {
  applicationOf,
  directoryOf,
  processBlock,
  softwareOf,
  type ApplicationParts,
} from "./bad-documents.ts";
import { PlushSandbox, type Ended } from "./plush-sandbox.ts";

const ONE_HOST = directoryOf('<node hostname="h1"/>');
const TWO_HOSTS = directoryOf('<node hostname="h[1-2]"/>');
const RUN = ["run", "application.xml", "-d", "directory.xml"];
const BODY_BYTES = 200_000;

const ROUTES: Readonly<Record<string, (answer: ServerResponse) => void>> = {
  "/hangs": () => undefined,
  "/stops": (answer) =>
    void answer.writeHead(200, { "content-length": BODY_BYTES }).write(Buffer.alloc(BODY_BYTES / 2)),
  "/breaks-off": (answer) => {
    answer.writeHead(200, { "content-length": BODY_BYTES });
    answer.write(Buffer.alloc(BODY_BYTES / 2), () => answer.destroy());
  },
  "/page": (answer) => void answer.end("<html>log in first</html>"),
  "/elsewhere": (answer) => void answer.writeHead(302, { location: "/elsewhere" }).end(),
};

let server: Server;
let web: string;
let nobody: string;

beforeAll(async () => {
  server = createServer((request, answer) => {
    const route = ROUTES[request.url ?? ""];
    if (route === undefined) answer.writeHead(404).end();
    else route(answer);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  web = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // A port that was free a moment ago answers nobody.
  const closed = createTcpServer();
  await new Promise<void>((done) => closed.listen(0, "127.0.0.1", done));
  nobody = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
  await new Promise((done) => closed.close(done));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const sandboxes: PlushSandbox[] = [];
afterAll(() => {
  for (const sandbox of sandboxes) sandbox.remove();
});

function sandboxWith(
  parts: ApplicationParts,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): PlushSandbox {
  const sandbox = new PlushSandbox();
  sandboxes.push(sandbox);
  const all = { "application.xml": applicationOf(parts), "directory.xml": ONE_HOST, ...files };
  for (const [name, content] of Object.entries(all)) sandbox.write(name, content);
  return sandbox;
}

interface BadSoftware {
  readonly title: string;
  readonly type: string;
  /** What `path` is and which attributes there are; web addresses are known only when the servers are. */
  readonly pack: () => string;
  readonly sha256?: string;
  readonly content?: Uint8Array | string;
  readonly deadline?: string;
  readonly says: RegExp;
}

const link = { name: "out", type: "2", linkName: "/etc" };

const BAD_SOFTWARE: readonly BadSoftware[] = [
  {
    title: "a server that never answers",
    type: "tar",
    pack: () => `${web}/hangs`,
    deadline: "2s",
    says: /not done within 2 s/,
  },
  {
    title: "a server that stops in the middle",
    type: "tar",
    pack: () => `${web}/stops`,
    deadline: "2s",
    says: /not done within 2 s/,
  },
  {
    title: "a server that breaks off",
    type: "tar",
    pack: () => `${web}/breaks-off`,
    deadline: "60s",
    says: /breaks-off: .*(?:100000|aborted|broke off)/,
  },
  {
    title: "a server that is not there",
    type: "tar",
    pack: () => `${nobody}/x`,
    deadline: "60s",
    says: /\/x: Connection refused \(ECONNREFUSED\) \(6 attempts\)/,
  },
  { title: "a file that is not there", type: "tar", pack: () => `${web}/absent`, says: /\/absent: 404/ },
  {
    title: "redirects without end",
    type: "tar",
    pack: () => `${web}/elsewhere`,
    says: /more than 5 redirects/,
  },
  { title: "a web page instead of the archive", type: "tar", pack: () => `${web}/page`, says: /tar|archive/ },
  {
    title: "a download whose sha256 is wrong",
    type: "none",
    pack: () => `${web}/page`,
    sha256: "0".repeat(64),
    says: /sha256 is [0-9a-f]{64} and should be 0{64}/,
  },
  {
    title: "an archive with ../",
    type: "tar",
    pack: () => "bad.tar",
    content: tarOf({ name: "../../evil", content: "x" }),
    says: /\.\.\/\.\.\/evil/,
  },
  {
    title: "an archive with an absolute path",
    type: "tar",
    pack: () => "bad.tar",
    content: tarOf({ name: "/tmp/nebula-evil", content: "x" }),
    says: /\/tmp\/nebula-evil/,
  },
  {
    title: "an archive that writes through a link",
    type: "tar",
    pack: () => "bad.tar",
    content: tarOf(link, { name: "out/evil", content: "x" }),
    says: /out/,
  },
  {
    title: "an archive that is cut off",
    type: "tar",
    pack: () => "bad.tar",
    content: tarOf({ name: "a", content: "x".repeat(2000) }).subarray(0, 1000),
    says: /tar|archive|cut|ends/,
  },
  {
    title: "a script that fails",
    type: "script",
    pack: () => "bad.sh",
    content: "echo why not >&2; exit 4",
    says: /exit status 4.*why not/,
  },
];

async function runIn(sandbox: PlushSandbox): Promise<Ended> {
  const ended = await sandbox.plush(RUN);
  expect(await sandbox.leftovers()).toEqual([]);
  expect(sandbox.runs()).toHaveLength(1);
  return ended;
}

describe.concurrent("software that cannot be installed", () => {
  it.each(BAD_SOFTWARE)("$title", async ({ type, pack, sha256, content, deadline, says }) => {
    const path = pack();
    const attributes = sha256 === undefined ? "" : ` sha256="${sha256}"`;
    const sandbox = sandboxWith(
      softwareOf(type, path, attributes, deadline),
      content === undefined ? {} : { [path]: content },
    );
    const ended = await runIn(sandbox);
    const said = ended.stdout + ended.stderr;
    expect(said).toMatch(/failed: h1 /);
    expect(said).toMatch(says);
    expect(ended.code).toBe(3);
  });

  it("is replaced on the next host, which leaves nothing behind either", async () => {
    const parts = softwareOf("tar", "bad.tar");
    const ended = await runIn(sandboxWith(parts, { "bad.tar": "no archive", "directory.xml": TWO_HOSTS }));
    expect(ended.stdout + ended.stderr).toMatch(/replaced: h1 by h2/);
    expect(ended.code).toBe(3);
  });
});

const BAD_PROCESSES: readonly (readonly [string, string, RegExp])[] = [
  [
    "a program that is not there",
    "<path>no-such-program</path>",
    /no-such-program: No such file or directory \(not found in PATH\)/,
  ],
  [
    "a program that may not be executed",
    "<path>/etc/passwd</path>",
    /\/etc\/passwd: Permission denied \(is it executable\?\)/,
  ],
  ["a program that is a folder", "<path>/etc</path>", /\/etc: Permission denied/],
  [
    "a working directory that is not there",
    "<path>true</path><cwd>/proc/nothing</cwd>",
    /\/proc\/nothing: No such file or directory/,
  ],
  [
    "a script whose interpreter is not there",
    "<path>/proc/self/nothing</path>",
    /not started: \/proc\/self\/nothing: No such file or directory/,
  ],
];

describe.concurrent("a process that cannot be started", () => {
  it.each(BAD_PROCESSES)("%s", async (_title, process, says) => {
    const ended = await runIn(sandboxWith({ blocks: processBlock("p", process) }));
    expect(ended.stdout + ended.stderr).toMatch(says);
    expect(ended.stdout + ended.stderr).toMatch(/failed: .*h1/);
    expect(ended.code).toBe(3);
  });
});

/** Only root may mount, and not in every container. */
function cannotMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), "nebula-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", place], { stdio: "ignore" });
    execFileSync("umount", [place]);
    return false;
  } catch {
    // Whatever keeps it from mounting: the tests cannot run here.
    return true;
  } finally {
    rmdirSync(place);
  }
}

async function onSmallDisk(
  sandbox: PlushSandbox,
  folder: string,
  action: () => Promise<void>,
): Promise<void> {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
  try {
    await action();
  } finally {
    execFileSync("umount", [folder]);
    sandbox.begin();
  }
}

const noDiskToFill = process.platform !== "linux" || cannotMount();

describe.skipIf(noDiskToFill).concurrent("a full disk", () => {
  it("of the hosts: the installation fails", async () => {
    const sandbox = sandboxWith(softwareOf("none", "large"), { large: randomBytes(4_000_000) });
    await onSmallDisk(sandbox, sandbox.state, async () => {
      const ended = await runIn(sandbox);
      const said = ended.stdout + ended.stderr;
      expect(said).toMatch(/failed: h1 .*No space left on device/);
      expect(ended.code).toBe(3);
    });
  });

  it("of the results: the run goes on and says so", async () => {
    const print = "<path>head</path><cmdline><arg>-c</arg><arg>4000000</arg><arg>/dev/zero</arg></cmdline>";
    const sandbox = sandboxWith({ blocks: processBlock("p", print) });
    const results = join(sandbox.work, "..", "tmp");
    await onSmallDisk(sandbox, results, async () => {
      const ended = await sandbox.plush([...RUN, "--results", join(results, "results"), "-q"]);
      expect(ended.stdout + ended.stderr).toMatch(/results.*(?:ENOSPC|[Nn]o space left on device)/);
    });
    expect(await sandbox.leftovers()).toEqual([]);
  });
});
