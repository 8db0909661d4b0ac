// The least that a client in Node can do: it starts, both ends prove who they are, it runs each command that it is told
// and answers. Nothing is installed, kept, bounded or cleaned up.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:tls";

const [, , credentials = "", port = ""] = process.argv;
const { ca, certificate, key } = JSON.parse(readFileSync(credentials, "utf8")) as Record<string, string>;
const socket = connect({
  host: "127.0.0.1",
  port: Number(port),
  ca,
  cert: certificate,
  key,
  minVersion: "TLSv1.3",
  // Its name is in a field of its own, which our clients look at.
  checkServerIdentity: () => undefined,
});
// The address that sshd was reached at: all these hosts are one computer.
const host = process.env["SSH_CONNECTION"]?.split(" ")[2] ?? "?";
socket.on("data", (command: Buffer) => {
  const child = spawn(command.toString(), { stdio: ["ignore", "pipe", "ignore"] });
  child.stdout.on("data", (answer: Buffer) => socket.write(`${host}: ${answer.toString()}`));
});
socket.on("close", () => process.exit());
