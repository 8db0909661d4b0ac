// Reads a packed archive as plain bytes: the packing is told by its magic number, never by the file's name.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import * as zlib from "node:zlib";
import type { Transform } from "node:stream";
import { naming, SoftwareFailure, systemCodeOf, wordsOf } from "./software-failure.ts";

type Packing = "plain" | "gzip" | "xz" | "zstd" | "bzip2";

const MAGIC: readonly { readonly packing: Packing; readonly bytes: readonly number[] }[] = [
  { packing: "gzip", bytes: [0x1f, 0x8b] },
  { packing: "xz", bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { packing: "zstd", bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { packing: "bzip2", bytes: [0x42, 0x5a, 0x68] },
];
const MAGIC_BYTES_MAX = 6;

/** Read and unpacked at once: few calls per MB, little memory. */
const BLOCK_BYTES = 64 * 1024;
/** What an unpacking program complained of: one or two lines. */
const COMPLAINT_BYTES_MAX = 2048;

export interface DecompressSettings {
  /** PATH in it decides which unpacking programs are found. */
  readonly environment: NodeJS.ProcessEnv;
}

export async function* readDecompressed(
  path: string,
  settings: DecompressSettings,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const packing = packingOf(await naming("unpack", path, readHead(path)));
  switch (packing) {
    case "plain":
      yield* createReadStream(path, { highWaterMark: BLOCK_BYTES, signal }) as AsyncIterable<Uint8Array>;
      return;
    case "gzip":
      yield* readThrough(path, zlib.createGunzip({ chunkSize: BLOCK_BYTES }), signal);
      return;
    case "zstd": {
      const decoder = zstdDecoder();
      if (decoder === undefined) yield* readByProgram(path, "zstd", settings, signal);
      else yield* readThrough(path, decoder, signal);
      return;
    }
    case "xz":
    case "bzip2":
      yield* readByProgram(path, packing, settings, signal);
  }
}

export function packingOf(head: Uint8Array): Packing {
  return MAGIC.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte))?.packing ?? "plain";
}

async function readHead(path: string): Promise<Uint8Array> {
  const handle = await open(path, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC_BYTES_MAX), 0, MAGIC_BYTES_MAX, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Node has zstd from 22.15 on; the types at hand are those of 20. */
function zstdDecoder(): Transform | undefined {
  const create: unknown = Reflect.get(zlib, "createZstdDecompress");
  return typeof create === "function" ? (create as () => Transform)() : undefined;
}

async function* readThrough(
  path: string,
  decoder: Transform,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const source = createReadStream(path, { highWaterMark: BLOCK_BYTES, signal });
  source.on("error", (error) => decoder.destroy(error));
  source.pipe(decoder);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SoftwareFailure || systemCodeOf(error)?.startsWith("Z_") === false) throw error;
    throw new SoftwareFailure("unpack", `the archive is damaged: ${wordsOf(error)}`);
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

async function* readByProgram(
  path: string,
  program: string,
  settings: DecompressSettings,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file = await naming("unpack", path, open(path, "r"));
  try {
    yield* outputOf(file, program, settings, signal);
  } finally {
    await file.close();
  }
}

async function* outputOf(
  file: FileHandle,
  program: string,
  settings: DecompressSettings,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const child = spawn(program, ["-dc"], {
    stdio: [file.fd, "pipe", "pipe"],
    env: settings.environment,
    windowsHide: true,
  });
  const kill = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_BYTES_MAX);
  });
  const ended = endOf(child, program, () => complaint);
  try {
    yield* (child.stdout ?? []) as AsyncIterable<Uint8Array>;
    const failure = await ended;
    signal.throwIfAborted();
    if (failure !== undefined) throw failure;
  } finally {
    kill();
    signal.removeEventListener("abort", kill);
    await ended;
  }
}

/** Undefined when it has done its work, else what went wrong. */
async function endOf(
  child: ChildProcess,
  program: string,
  complaint: () => string,
): Promise<SoftwareFailure | undefined> {
  try {
    const [status] = (await once(child, "close")) as [number | null];
    if (status === 0) return undefined;
    const words = complaint().trim() || `status ${String(status)}`;
    return new SoftwareFailure("unpack", `the archive is damaged: ${program} says: ${words}`);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT")
      return new SoftwareFailure("unpack", `${program}: ${wordsOf(error)}`);
    const words = `the archive is packed with ${program}, and this host has no program "${program}": install it`;
    return new SoftwareFailure("unpack", words);
  }
}
