// The client's program as it is sent to hosts: read and digested once for all of them.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/**
 * How Node is started for it: with the system's certificate authorities, which are read when somebody asks for them, in
 * place of Node's own, which cost 20 ms at the first link. No flag of V8: with any, Node does not use what it has
 * compiled beforehand of its own modules, and starts 16 ms later.
 */
export const CLIENT_NODE_FLAGS = ["--use-openssl-ca"];

export interface ClientBundle {
  readonly packed: Uint8Array;
  /** Of `packed`, SHA-256 in hexadecimal: its name on hosts. */
  readonly hash: string;
  /** What V8 has compiled of it; undefined where it was built without. For clients on this very computer only. */
  readonly code: ClientCode | undefined;
}

export interface ClientCode {
  readonly path: string;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** Where the build puts what V8 has compiled of a program. */
export function codePathOf(bundle: string): string {
  return bundle.replace(/\.cjs$/u, ".code");
}

/** Packed when it was built: as small as it gets takes longer than a controller has. */
export async function readClientBundle(path: string): Promise<ClientBundle> {
  const packed = await readFile(`${path}.br`);
  return { packed, hash: digestOf(packed), code: await readCode(codePathOf(path)) };
}

async function readCode(path: string): Promise<ClientCode | undefined> {
  try {
    return { path, hash: digestOf(await readFile(path)) };
  } catch {
    return undefined; // built without, or packaged: clients compile it themselves
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
