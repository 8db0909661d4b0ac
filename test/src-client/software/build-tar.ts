// Builds tar archives byte by byte, good and evil ones, as no tar program would.

export interface TarEntry {
  readonly name: string;
  readonly type?: string;
  readonly content?: string | Uint8Array;
  readonly linkName?: string;
  readonly mode?: number;
  /** What the header says, when it lies about the content. */
  readonly size?: number;
  readonly magic?: string;
}

const BLOCK = 512;

/** One header and its content; names longer than 100 bytes are cut, as the format would. */
export function ustar(entry: TarEntry): Buffer {
  const content = Buffer.from(entry.content ?? "");
  const header = Buffer.alloc(BLOCK);
  header.write(entry.name, 0, 100, "latin1");
  header.write(octal(entry.mode ?? 0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(entry.size ?? content.length, 12), 124);
  header.write(octal(1_700_000_000, 12), 136);
  header.write("        ", 148);
  header.write(entry.type ?? "0", 156);
  header.write(entry.linkName ?? "", 157, 100, "latin1");
  header.write(entry.magic ?? "ustar\u000000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, padded(content)]);
}

/** A pax extended header for the entry that follows. */
export function pax(values: Readonly<Record<string, string>>, type = "x"): Buffer {
  const lines = Object.entries(values).map(([key, value]) => paxLine(key, value));
  return ustar({ name: "PaxHeader", type, content: lines.join("") });
}

export function gnuLongName(name: string, type: "L" | "K" = "L"): Buffer {
  return ustar({ name: "././@LongLink", type, content: `${name}\0`, magic: "ustar  \0" });
}

export function tarOf(...blocks: readonly (Buffer | TarEntry)[]): Buffer {
  const parts = blocks.map((block) => (Buffer.isBuffer(block) ? block : ustar(block)));
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

export function folderTree(files: Readonly<Record<string, string>>): Buffer {
  return tarOf(...Object.entries(files).map(([name, content]) => ({ name, content })));
}

function paxLine(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = Buffer.byteLength(rest);
  const digits = String(length + String(length).length).length;
  return `${String(length + digits)}${rest}`;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}
