// A host's directory as rows for people: sorted, and with names that show what is in them and do nothing.
import type { FileEntry } from "#shared/controller-api/host-files.ts";

export interface FileRow {
  readonly entry: FileEntry;
  /** For the eye only: a name that cannot be shown as it is shows what is strange in it. */
  readonly shown: string;
  readonly size: string;
  readonly modified: string;
}

const COLLATOR = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

export function fileRows(entries: readonly FileEntry[]): readonly FileRow[] {
  const rank = ({ kind }: FileEntry): number => (kind === "directory" ? 0 : 1);
  return entries
    .toSorted(
      (left, right) =>
        rank(left) - rank(right) ||
        COLLATOR.compare(left.name, right.name) ||
        (left.name < right.name ? -1 : 1),
    )
    .map((entry) => ({
      entry,
      shown: shownName(entry.name),
      size: entry.kind === "file" ? sizeText(entry.size) : "",
      modified: entry.modifiedMs === 0 ? "" : timeText(entry.modifiedMs),
    }));
}

/** Control characters as their pictures; what is invisible, or turns the writing round, as a replacement. */
export function shownName(name: string): string {
  return name
    .replace(/[\u0000-\u001f]/g, (control) => String.fromCodePoint(0x2400 + control.charCodeAt(0)))
    .replace(/\u007f/g, "\u2421")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "\ufffd");
}

export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}

function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 16).replace("T", " ");
}

/** Undefined: it can be the name of a file. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "A name is needed.";
  if (name === "." || name === "..") return "This means a directory already.";
  return /[/\0]/.test(name) ? "A name has no slash." : undefined;
}

export function joined(folder: string, name: string): string {
  return folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
}

export function parentPath(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}

/** Steps of a path with where each leads, the root first. */
export function pathSteps(path: string): readonly { readonly name: string; readonly path: string }[] {
  const names = path.split("/").filter((name) => name !== "");
  const steps = names.map((name, at) => ({
    name: shownName(name),
    path: `/${names.slice(0, at + 1).join("/")}`,
  }));
  return [{ name: "/", path: "/" }, ...steps];
}
