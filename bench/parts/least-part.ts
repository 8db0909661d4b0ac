// A program of its own: the least that a controller can be whose clients are programs of Node. Logs in by our SSH, starts
// least-client.ts there, tells it by mutual TLS what to run, and prints the answers; for each line on standard input it
// asks all of them once more.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createServer, type TLSSocket } from "node:tls";
import { createAuthority } from "../../src-main/overlay-root/certificate-authority.ts";
import { hostIdOf } from "../../src-shared/base/ids.ts";
import { runOnHosts } from "./run-on-hosts.ts";

const [, , set = "", fanout = "1", command = "true", client = ""] = process.argv;
const folder = mkdtempSync(join(tmpdir(), "nebula-least-"));
const clients: TLSSocket[] = [];
try {
  const authority = await createAuthority("least");
  const own = await authority.issue({ role: "root", rank: 0, host: hostIdOf("root"), incarnation: 0 });
  // One for all of them: in truth each client has its own, made for it.
  const shared = await authority.issue({ role: "client", rank: 1, host: hostIdOf("all"), incarnation: 1 });
  const theirs = join(folder, "credentials.json");
  writeFileSync(theirs, JSON.stringify(shared), { mode: 0o600 });
  const tls = { ca: own.ca, cert: own.certificate, key: own.key, minVersion: "TLSv1.3" } as const;
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (socket) => {
    clients.push(socket);
    socket.setNoDelay(true);
    socket.on("data", (answer: Buffer) => process.stdout.write(answer));
    socket.write(command);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const start = [process.execPath, "--use-openssl-ca", client, theirs, String(port)].join(" ");
  await runOnHosts(set, Number(fanout), `exec ${start} </dev/null >/dev/null 2>&1 &`);
  for await (const _line of createInterface({ input: process.stdin }))
    for (const socket of clients) socket.write(command);
} finally {
  for (const socket of clients) socket.end();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
