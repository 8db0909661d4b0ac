// A program of its own: the least that a first contact can be whose client is a program of Node. Logs in by our SSH,
// starts least-client.ts there, tells it by mutual TLS what to run, and has the answer when it has ended.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { createAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import { hostIdOf } from "../../src-shared/base/ids.ts";
import { runOnHosts } from "./run-on-hosts.ts";

const [, , set = "", fanout = "1", command = "true", client = ""] = process.argv;
const folder = mkdtempSync(join(tmpdir(), "nebula-least-"));
try {
  const authority = await createAuthority("least");
  const own = await authority.issue({ role: "root", rank: 0, host: hostIdOf("root"), incarnation: 0 });
  // One for all of them: in truth each client has its own, made for it.
  const theirs = join(folder, "credentials.json");
  writeFileSync(
    theirs,
    JSON.stringify(await authority.issue({ role: "client", rank: 1, host: hostIdOf("all"), incarnation: 1 })),
    { mode: 0o600 },
  );
  const tls = { ca: own.ca, cert: own.certificate, key: own.key, minVersion: "TLSv1.3" } as const;
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (socket) => {
    socket.write(command);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const start = [process.execPath, "--use-openssl-ca", client, theirs, String(port)].join(" ");
  await runOnHosts(set, Number(fanout), `exec ${start}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
