// A list of host names or addresses in few bytes, in its order: runs such as node1 to node250 become one entry.

/** A name by itself, or a run of names that differ only in one number, counting up by one. */
export type PackedName = string | NameRun;
export type PackedNames = readonly PackedName[];

interface NameRun {
  readonly prefix: string;
  readonly suffix: string;
  readonly from: number;
  readonly to: number;
  /** Digits of the number, filled up with zeros: node007 has 3; 1 when nothing is filled up. */
  readonly width: number;
}

/** Larger numbers stay as they are: their successors might not be exact. */
const NUMBER_MAX = 2 ** 31;

/** `unpackNames(packNames(names))` is `names` again, whatever the names are. */
export function packNames(names: readonly string[]): PackedNames {
  const packed: PackedName[] = [];
  let run: NameRun | undefined;
  for (const [place, name] of names.entries()) {
    if (run !== undefined && name === nameOf(run, run.to + 1)) {
      run = { ...run, to: run.to + 1 };
      continue;
    }
    if (run !== undefined) packed.push(run);
    run = runOfPair(name, names[place + 1]);
    if (run === undefined) packed.push(name);
  }
  if (run !== undefined) packed.push(run);
  return packed;
}

/** The run that starts with `name` when `next` goes on with it; only its first name is in it yet. */
function runOfPair(name: string, next: string | undefined): NameRun | undefined {
  if (next === undefined) return undefined;
  for (const digits of name.matchAll(/\d+/g)) {
    const from = Number(digits[0]);
    if (from >= NUMBER_MAX) continue;
    const width = digits[0].startsWith("0") ? digits[0].length : 1;
    const prefix = name.slice(0, digits.index);
    const suffix = name.slice(digits.index + digits[0].length);
    const run = { prefix, suffix, from, to: from, width };
    if (next === nameOf(run, from + 1)) return run;
  }
  return undefined;
}

function nameOf(run: NameRun, number: number): string {
  return run.prefix + String(number).padStart(run.width, "0") + run.suffix;
}

export function unpackNames(packed: PackedNames): string[] {
  const names: string[] = [];
  for (const entry of packed) {
    if (typeof entry === "string") names.push(entry);
    else for (let number = entry.from; number <= entry.to; number += 1) names.push(nameOf(entry, number));
  }
  return names;
}

export function packedCount(packed: PackedNames): number {
  return packed.reduce((count, entry) => count + countOf(entry), 0);
}

export function packedNameAt(packed: PackedNames, index: number): string | undefined {
  let left = index;
  for (const entry of packed) {
    const count = countOf(entry);
    if (left < count) return typeof entry === "string" ? entry : nameOf(entry, entry.from + left);
    left -= count;
  }
  return undefined;
}

function countOf(entry: PackedName): number {
  return typeof entry === "string" ? 1 : entry.to - entry.from + 1;
}
