// What a person opens on a host besides a shell: by the host's type, in words when it cannot be, and ended with the controller.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { parseDirectory } from "../../../src-shared/resource-directory/parse-directory.ts";
import { HostDoors } from "../../../src-main/host-doors/host-doors.ts";
import { failed, refused, unreachable } from "../../../src-main/ssh/ssh-failures.ts";
import type { SshConnection, SshResult, SshTransport } from "../../../src-main/ssh/ssh.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const HOSTS = parseDirectory(`<plush>
  <resource_manager type="local"><node hostname="here"/></resource_manager>
  <resource_manager type="ssh"><node hostname="far"/></resource_manager>
  <resource_manager type="planetlab"><node hostname="dream"/></resource_manager>
</plush>`).directory!.managers.flatMap(({ hosts }) => hosts);
const [here, far, dream] = HOSTS as [(typeof HOSTS)[0], (typeof HOSTS)[0], (typeof HOSTS)[0]];

function doors(connected: SshResult<Partial<SshConnection>>): HostDoors {
  const transport = { connect: () => Promise.resolve(connected) } as unknown as SshTransport;
  const made = new HostDoors({ transport: () => Promise.resolve(transport) });
  onTestFinished(() => made.close());
  return made;
}
const NONE = failed(unreachable("connect", "no route to \u001b[2Jhost", "Look."));

test("an embedded host has files while a client runs on it", async () => {
  const own = doors(NONE);
  expect(await own.openFiles(here, undefined)).toMatchObject({ kind: "failed", step: "files" });
  expect(await own.openFiles(here, "/no/such/folder")).toMatchObject({ kind: "failed", step: "files" });
  const opened = await own.openFiles(here, temporaryFolder());
  expect(opened.kind).toBe("opened");
  await own.close();
  expect(opened.kind === "opened" && (await opened.files.closed)).toBe("closed from here");
});

test("a port of an embedded host is one of this computer, until the controller ends", async () => {
  const server = createServer((_request, response) => response.end("here"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const own = doors(NONE);
  const opened = await own.openForward(here, { address: "127.0.0.1", port });
  if (opened.kind === "failed") throw new Error(opened.reason);
  const address = `http://127.0.0.1:${String(opened.forward.localPort)}/`;
  expect(await (await fetch(address, { headers: { connection: "close" } })).text()).toBe("here");
  await own.close();
  await expect(fetch(address)).rejects.toThrow();
});

test("a host that is not reached says so, and its words do nothing", async () => {
  const failure = { kind: "failed", step: "connect", reason: "no route to ?[2Jhost", unreachable: true };
  expect(await doors(NONE).openFiles(far, undefined)).toMatchObject(failure);
  expect(await doors(NONE).openForward(far, { address: "a", port: 1 })).toMatchObject(failure);
  expect(await doors(NONE).openFiles(dream, undefined)).toMatchObject({
    kind: "failed",
    reason: 'hosts of type "planetlab" cannot be reached',
  });
});

test("a host whose start-up files print into SFTP is left again, with a word about it", async () => {
  let closed = 0;
  const stream = new PassThrough();
  const connection = {
    subsystem: () => Promise.resolve({ kind: "ok", value: stream }),
    closed: new Promise<string>(() => undefined),
    close: () => (closed += 1),
  } as unknown as SshConnection;
  const opening = doors({ kind: "ok", value: connection }).openFiles(far, undefined);
  stream.push("Welcome to far!\n");
  expect(await opening).toMatchObject({
    kind: "failed",
    step: "sftp",
    reason: expect.stringContaining("does not speak SFTP") as string,
    remedy: expect.stringContaining("start-up files print") as string,
  });
  expect(closed).toBe(1);
});

test("a host without SFTP is told in its words, and left again", async () => {
  let closed = 0;
  const connection = {
    subsystem: () => Promise.resolve(failed(refused("sftp", "the host has no sftp", "Add it."))),
    closed: new Promise<string>(() => undefined),
    close: () => (closed += 1),
  } as unknown as SshConnection;
  expect(await doors({ kind: "ok", value: connection }).openFiles(far, undefined)).toMatchObject({
    kind: "failed",
    reason: "the host has no sftp",
    remedy: "Add it.",
  });
  expect(closed).toBe(1);
});
