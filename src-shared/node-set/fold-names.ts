// Folds names to the short text people read and write: node1, node2, node4 -> node[1-2,4].
import { compareNames } from "./name-order.ts";
import { DIGITS_MAX, foldDigits } from "./number-ranges.ts";

/** Only the last so many numbers of a name are folded: bounds the work for names full of numbers. */
const DIMENSIONS_MAX = 8;
/** Each pass over all dimensions merges what the one before made possible; more hardly ever help. */
const MERGE_PASSES_MAX = 4;

/** What a name may consist of: host names, addresses (also IPv6), and a port. */
const NAME = /^[A-Za-z0-9._:-]+$/;

/** Names that differ in their numbers only: `literals` has one more element than there are dimensions. */
interface Family {
  readonly literals: readonly string[];
  readonly members: string[][];
}

/** One piece of the folded text: every combination of one number from each dimension. */
interface Box {
  readonly dimensions: readonly Dimension[];
}

interface Dimension {
  readonly digits: readonly string[];
  readonly folded: string;
}

/**
 * Same names, same text, in whatever order they come; repeated names count once. parseNodeSet gives the names back.
 * What is no valid name (a blank, a bracket) is listed as it stands, so that any list can be shown to people.
 */
export function foldNames(names: Iterable<string>): string {
  const families = new Map<string, Family>();
  const pieces: { readonly first: string; readonly text: string }[] = [];
  for (const name of new Set(names)) {
    if (NAME.test(name)) addToFamily(families, name);
    else pieces.push({ first: name, text: name });
  }
  for (const { literals, members } of families.values()) {
    for (const box of boxesOf(members)) pieces.push(writeBox(literals, box));
  }
  pieces.sort((left, right) => compareNames(left.first, right.first));
  return pieces.map((piece) => piece.text).join(",");
}

function addToFamily(families: Map<string, Family>, name: string): void {
  const { literals, digits } = splitName(name);
  const key = literals.join("*");
  const family = families.get(key);
  if (family === undefined) families.set(key, { literals, members: [digits] });
  else family.members.push(digits);
}

/** "r1n02" -> literals "r", "n", "" and digits "1", "02"; runs of digits too long for a number stay in the literals. */
function splitName(name: string): { literals: string[]; digits: string[] } {
  const literals: string[] = [];
  const digits: string[] = [];
  let literalStart = 0;
  for (const match of name.matchAll(/\d+/g)) {
    const run = match[0];
    if (run.length > DIGITS_MAX) continue;
    literals.push(name.slice(literalStart, match.index));
    digits.push(run);
    literalStart = match.index + run.length;
  }
  literals.push(name.slice(literalStart));
  return joinSurplus(literals, digits);
}

function joinSurplus(literals: string[], digits: string[]): { literals: string[]; digits: string[] } {
  const surplus = digits.length - DIMENSIONS_MAX;
  if (surplus <= 0) return { literals, digits };
  let prefix = literals[0] ?? "";
  for (let index = 0; index < surplus; index += 1)
    prefix += (digits[index] ?? "") + (literals[index + 1] ?? "");
  return { literals: [prefix, ...literals.slice(surplus + 1)], digits: digits.slice(surplus) };
}

/** Merges along one dimension after the other, from the last and from the first, and takes what comes out shorter. */
function boxesOf(members: readonly string[][]): readonly Box[] {
  const boxes = members.map((member) => ({
    dimensions: member.map((digits) => ({ digits: [digits], folded: digits })),
  }));
  const varying = varyingDimensions(members);
  const [only] = varying;
  if (only === undefined) return boxes;
  if (varying.length === 1) return mergeAlong(boxes, only);
  const fromLast = mergeAll(boxes, varying.toReversed());
  const fromFirst = mergeAll(boxes, varying);
  return fromFirst.length < fromLast.length ? fromFirst : fromLast;
}

function varyingDimensions(members: readonly string[][]): readonly number[] {
  const [sample = []] = members;
  return sample.flatMap((digits, index) =>
    members.some((member) => member[index] !== digits) ? [index] : [],
  );
}

function mergeAll(boxes: readonly Box[], order: readonly number[]): readonly Box[] {
  let merged = boxes;
  for (let pass = 0; pass < MERGE_PASSES_MAX; pass += 1) {
    const before = merged.length;
    for (const dimension of order) merged = mergeAlong(merged, dimension);
    if (merged.length === before) break;
  }
  return merged;
}

/** Boxes that agree in every other dimension become one. */
function mergeAlong(boxes: readonly Box[], dimension: number): readonly Box[] {
  const groups = new Map<string, Box[]>();
  for (const box of boxes) {
    let key = "";
    for (let index = 0; index < box.dimensions.length; index += 1) {
      if (index !== dimension) key += `${box.dimensions[index]?.folded ?? ""};`;
    }
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [box]);
    else group.push(box);
  }
  return [...groups.values()].map((group) => mergeGroup(group, dimension));
}

function mergeGroup(group: readonly Box[], dimension: number): Box {
  const [first] = group;
  if (first === undefined || group.length === 1) return first ?? { dimensions: [] };
  const digits = group.flatMap((box) => box.dimensions[dimension]?.digits ?? []);
  return { dimensions: first.dimensions.with(dimension, { digits, folded: foldDigits(digits) }) };
}

function writeBox(literals: readonly string[], box: Box): { first: string; text: string } {
  let first = literals[0] ?? "";
  let text = first;
  box.dimensions.forEach(({ folded }, index) => {
    const literal = literals[index + 1] ?? "";
    const isOne = /^\d+$/.test(folded);
    first += (/^\d+/.exec(folded)?.[0] ?? "") + literal;
    text += (isOne ? folded : `[${folded}]`) + literal;
  });
  return { first, text };
}
