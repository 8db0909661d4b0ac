// Packets of SFTP, version 3 (draft-ietf-secsh-filexfer-02), which OpenSSH speaks: written, and read with every length checked.
import type { FileEntry } from "#shared/controller-api/host-files.ts";

export const SFTP = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  setstat: 9,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
} as const;

export const OPEN_FLAGS = { read: 1, write: 2, create: 8, exclusive: 32 } as const;
export const STATUS = { ok: 0, endOfFile: 1, noSuchFile: 2 } as const;

/** As OpenSSH has it (SFTP_MAX_MSG_LENGTH): a longer one is a host that has gone wild. */
export const PACKET_BYTES_MAX = 256 * 1024;

const VERSION = 3;
const ATTRIBUTE = { size: 1, owner: 2, permissions: 4, times: 8, extended: 0x80000000 } as const;
const TYPE_MASK = 0o170000;
const KINDS: Readonly<Record<number, FileEntry["kind"]>> = {
  0o100000: "file",
  0o040000: "directory",
  0o120000: "link",
};
const MODE_MASK = 0o7777;

export interface FileAttributes {
  readonly size: number;
  /** Undefined where the host does not say. */
  readonly kind: FileEntry["kind"] | undefined;
  readonly mode: number;
  readonly modifiedMs: number;
}

export interface NamedFile {
  /** Undefined: not in UTF-8. */
  readonly name: string | undefined;
  readonly attributes: FileAttributes;
}

export type SftpReply =
  | { readonly kind: "status"; readonly code: number; readonly words: string }
  | { readonly kind: "handle"; readonly handle: Uint8Array }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "names"; readonly names: readonly NamedFile[] }
  | { readonly kind: "attributes"; readonly attributes: FileAttributes };

/** A field of a request: a number of 32 bits, one of 64, or text and bytes with their length before them. */
export type SftpField = number | bigint | string | Uint8Array;

export function initPacket(): Uint8Array {
  return packet(Buffer.from([SFTP.init, 0, 0, 0, VERSION]));
}

export function requestPacket(type: number, id: number, fields: readonly SftpField[]): Uint8Array {
  return packet(Buffer.concat([Buffer.from([type]), fieldBytes(id), ...fields.map(fieldBytes)]));
}

/** Attributes that set nothing, or a mode. */
export function attributeFields(mode?: number): readonly SftpField[] {
  return mode === undefined ? [0] : [ATTRIBUTE.permissions, mode];
}

function packet(body: Uint8Array): Uint8Array {
  return Buffer.concat([fieldBytes(body.byteLength), body]);
}

function fieldBytes(field: SftpField): Buffer {
  if (typeof field === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(field);
    return bytes;
  }
  if (typeof field === "bigint") {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(field);
    return bytes;
  }
  const bytes = typeof field === "string" ? Buffer.from(field) : field;
  return Buffer.concat([fieldBytes(bytes.byteLength), bytes]);
}

/** Cuts a stream into packets' bodies; throws on one that is too long, and keeps no more than one. */
export class PacketCutter {
  #waiting: Uint8Array[] = [];
  #bytes = 0;

  add(bytes: Uint8Array): readonly Uint8Array[] {
    this.#waiting.push(bytes);
    this.#bytes += bytes.byteLength;
    const bodies: Uint8Array[] = [];
    for (;;) {
      if (this.#bytes < 4) return bodies;
      const first = this.#whole(4);
      const length = first.readUInt32BE();
      if (length === 0 || length > PACKET_BYTES_MAX) throw new Error("the host does not speak SFTP");
      if (this.#bytes < 4 + length) return bodies;
      const all = this.#whole(4 + length);
      bodies.push(all.subarray(4, 4 + length));
      this.#waiting = [all.subarray(4 + length)];
      this.#bytes -= 4 + length;
    }
  }

  /** So many bytes in one piece, at least. */
  #whole(bytes: number): Buffer {
    const [first] = this.#waiting;
    if (first === undefined || first.byteLength < bytes) this.#waiting = [Buffer.concat(this.#waiting)];
    const whole = this.#waiting[0] ?? new Uint8Array();
    return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
  }
}

/** Reads fields one after the other; throws where a packet ends too soon. */
class Fields {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#bytes.byteLength;
  }
  number(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }
  long(): number {
    this.#at += 8;
    return Number(this.#bytes.readBigUInt64BE(this.#at - 8));
  }
  bytes(): Uint8Array {
    const length = this.number();
    if (length > this.#bytes.byteLength - this.#at) throw new RangeError("a packet ends too soon");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
  text(): string {
    return Buffer.from(this.bytes()).toString();
  }
}

/** The names of the extensions that the host has. */
export function readVersion(body: Uint8Array): readonly string[] {
  const fields = new Fields(body, 1);
  if (body[0] !== SFTP.version || fields.number() < VERSION)
    throw new Error("the host does not speak SFTP 3");
  const names: string[] = [];
  while (!fields.isEmpty) {
    names.push(fields.text());
    fields.bytes();
  }
  return names;
}

/** Throws on what is no reply. */
export function readReply(body: Uint8Array): { readonly id: number; readonly reply: SftpReply } {
  const fields = new Fields(body, 1);
  const id = fields.number();
  switch (body[0] ?? 0) {
    case SFTP.status: {
      const code = fields.number();
      return { id, reply: { kind: "status", code, words: fields.isEmpty ? "" : fields.text() } };
    }
    case SFTP.handle:
      return { id, reply: { kind: "handle", handle: fields.bytes() } };
    case SFTP.data:
      return { id, reply: { kind: "data", bytes: fields.bytes() } };
    case SFTP.attrs:
      return { id, reply: { kind: "attributes", attributes: readAttributes(fields) } };
    case SFTP.name: {
      const names: NamedFile[] = [];
      // However many it says there are: each takes bytes of the packet.
      for (let left = fields.number(); left > 0; left -= 1) {
        const name = nameOf(fields.bytes());
        // The line of `ls -l`, which is for people only.
        fields.bytes();
        names.push({ name, attributes: readAttributes(fields) });
      }
      return { id, reply: { kind: "names", names } };
    }
    default:
      throw new Error(`the host has answered with a packet of type ${String(body[0])}`);
  }
}

function nameOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // not UTF-8: nothing that could be said back to the host
  }
}

function readAttributes(fields: Fields): FileAttributes {
  const flags = fields.number();
  const size = (flags & ATTRIBUTE.size) === 0 ? 0 : fields.long();
  if ((flags & ATTRIBUTE.owner) !== 0) {
    fields.number();
    fields.number();
  }
  const permissions = (flags & ATTRIBUTE.permissions) === 0 ? undefined : fields.number();
  let modifiedMs = 0;
  if ((flags & ATTRIBUTE.times) !== 0) {
    fields.number();
    modifiedMs = fields.number() * 1000;
  }
  if ((flags & ATTRIBUTE.extended) !== 0) {
    for (let left = 2 * fields.number(); left > 0; left -= 1) fields.bytes();
  }
  const kind = permissions === undefined ? undefined : (KINDS[permissions & TYPE_MASK] ?? "other");
  return { size, kind, mode: (permissions ?? 0) & MODE_MASK, modifiedMs };
}
