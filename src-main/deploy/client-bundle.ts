// The client's program as it is sent to hosts: read, packed and digested once for all of them.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/**
 * How Node is started for it: with the system's certificate authorities, which are read when somebody asks for them, in
 * place of Node's own, which cost 20 ms at the first link. No flag of V8: with any, Node does not use what it has
 * compiled beforehand of its own modules, and starts 16 ms later.
 */
export const CLIENT_NODE_FLAGS = ["--use-openssl-ca"];

export interface ClientBundle {
  readonly plain: Uint8Array;
  readonly packed: Uint8Array;
  /** Of `plain`, SHA-256 in hexadecimal: its name on hosts. */
  readonly hash: string;
}

export async function readClientBundle(path: string): Promise<ClientBundle> {
  const plain = await readFile(path);
  return {
    plain,
    packed: await promisify(gzip)(plain),
    hash: createHash("sha256").update(plain).digest("hex"),
  };
}
