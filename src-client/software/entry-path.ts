// Which names and link targets of an archive may be trusted: pure checks, the same on every platform.

export type EntryPath =
  | { readonly kind: "path"; readonly parts: readonly string[] }
  | { readonly kind: "bad"; readonly reason: string };

/** PATH_MAX of Linux; longer names cannot be opened anyway. */
export const PATH_BYTES_MAX = 4096;
/** NAME_MAX of every file system in use. */
const PART_BYTES_MAX = 255;
/** "a/a/a/…" would cost one folder per two bytes; no real package is this deep. */
const PATH_PARTS_MAX = 256;

/** Names that Windows takes for devices, whatever their extension. */
const WINDOWS_DEVICE =
  /^(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)(\.|$)/i;

/**
 * Splits the name of an entry; "." and empty parts vanish, so "./" gives no parts at all.
 * Backslashes and drive letters are refused everywhere, so that an archive installs on all hosts or on none.
 */
export function entryPathOf(name: string, platform: NodeJS.Platform): EntryPath {
  if (name.includes("\0")) return bad("the name has a NUL byte");
  if (name.startsWith("/")) return bad("the name is absolute");
  if (name.includes("\\")) return bad("the name has a backslash");
  if (/^[A-Za-z]:/.test(name)) return bad("the name has a drive letter");
  if (Buffer.byteLength(name) > PATH_BYTES_MAX)
    return bad(`the name is longer than ${String(PATH_BYTES_MAX)} bytes`);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return bad('the name goes up with ".."');
  if (parts.length > PATH_PARTS_MAX) return bad(`the name has more than ${String(PATH_PARTS_MAX)} folders`);
  if (parts.some((part) => Buffer.byteLength(part) > PART_BYTES_MAX)) {
    return bad(`a part of the name is longer than ${String(PART_BYTES_MAX)} bytes: File name too long`);
  }
  if (platform === "win32" && parts.some(isWindowsTrap))
    return bad("the name means something else on Windows");
  return { kind: "path", parts };
}

/**
 * Undefined when a symbolic link at `linkParts` may point to `target`, else the reason against it.
 * ".." may only stand at the start: it then walks up real folders (nothing is ever written through a link), and what
 * follows only goes down, through links that keep the same rule. So no chain of links can leave the tree. A ".."
 * after a name could step out of wherever that name, being a link, has led.
 */
export function linkTargetProblem(target: string, linkParts: readonly string[]): string | undefined {
  if (target === "") return "the link points to nothing";
  if (target.includes("\0")) return "the link's target has a NUL byte";
  if (target.startsWith("/")) return "the link points to an absolute path";
  if (target.includes("\\")) return "the link's target has a backslash";
  if (/^[A-Za-z]:/.test(target)) return "the link's target has a drive letter";
  if (Buffer.byteLength(target) > PATH_BYTES_MAX) return "the link's target is too long";
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const down = parts.findIndex((part) => part !== "..");
  const ups = down === -1 ? parts.length : down;
  if (ups > linkParts.length - 1) return "the link leaves the folder of the package";
  if (parts.slice(ups).includes("..")) return 'the link\'s target has ".." after a name';
  return undefined;
}

function bad(reason: string): EntryPath {
  return { kind: "bad", reason };
}

/** A colon opens an alternate stream, and trailing dots and spaces are dropped silently. */
function isWindowsTrap(part: string): boolean {
  return part.includes(":") || part.endsWith(".") || part.endsWith(" ") || WINDOWS_DEVICE.test(part);
}
