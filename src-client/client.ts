// Entry of the client: reads who it is from standard input, then works for its controller until told to leave.
import { openSync, readSync, closeSync } from "node:fs";
import { checkClientStart, CLIENT_START_BYTES_MAX } from "#shared/protocol/client-start.ts";
import { putOffTidying } from "./put-off-tidying.ts";
import { startClient } from "./start-client.ts";

/** What the controller sees when the client cannot even begin; it quotes standard error. */
const EXIT_UNFIT = 2;
/** The program's interpreter is named within the first page of the file. */
const HEADER_BYTES = 4096;
/** Key, certificates and addresses come in one piece. */
const READ_BYTES = 16_384;
const READ_PAUSE_MS = 10;

void main();

async function main(): Promise<void> {
  const unfit = unfitReason();
  if (unfit !== undefined) return refuse(unfit);
  const text = readAll();
  if (text === undefined)
    return refuse(`more than ${String(CLIENT_START_BYTES_MAX)} bytes on standard input`);
  const checked = checkClientStart(text);
  if (!checked.ok) return refuse(checked.reason);
  process.title = "plush-client";
  putOffTidying(Math.random);
  try {
    await startClient(checked.start, (status) => process.exit(status));
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(reason: string): void {
  process.stderr.write(`${reason}\n`);
  process.exitCode = EXIT_UNFIT;
}

/** Hosts have Node 20.19 or later, and glibc: what we push to hosts without Node needs it, so we say it early. */
function unfitReason(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 18))
    return `Node ${process.versions.node} is too old; the client needs 20.18 or later`;
  if (process.platform === "linux" && usesMusl())
    return "this host's Node is built for musl (Alpine); hosts need glibc 2.28 or later";
  return undefined;
}

function usesMusl(): boolean {
  const file = openSync(process.execPath, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(file, header, 0, HEADER_BYTES, 0);
    return header.includes("/ld-musl-");
  } finally {
    closeSync(file);
  }
}

/** Without Node's stream for it, which takes 2 ms to set up: until all is read there is nothing else to do. */
function readAll(): string | undefined {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = readSome();
    if (chunk.length === 0) return Buffer.concat(chunks).toString("utf8");
    chunks.push(chunk);
    size += chunk.length;
    if (size > CLIENT_START_BYTES_MAX) return undefined;
  }
}

/** Nothing at the end. */
function readSome(): Buffer {
  const chunk = Buffer.allocUnsafe(READ_BYTES);
  for (;;) {
    try {
      return chunk.subarray(0, readSync(0, chunk));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return chunk.subarray(0, 0); // Windows says so
      if (code !== "EAGAIN") throw error;
      // Whoever has started us has made it one that does not wait.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, READ_PAUSE_MS);
    }
  }
}
