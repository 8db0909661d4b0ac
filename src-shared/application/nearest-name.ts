// "Did you mean …?": the known name closest to a mistyped one.

/** Beyond this length names are compared by their beginnings: the cost grows with the square. */
const COMPARED_LENGTH_MAX = 64;
/** More candidates than this are not looked at: a suggestion is not worth the time. */
const CANDIDATES_MAX = 5000;

/** The nearest name, when it differs by few enough letters to be meant; undefined otherwise. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.slice(0, COMPARED_LENGTH_MAX).toLowerCase();
  const distanceMax = Math.max(1, Math.floor(wanted.length / 3));
  let nearest: string | undefined;
  let nearestDistance = distanceMax + 1;
  let looked = 0;
  for (const candidate of candidates) {
    if (looked >= CANDIDATES_MAX) break;
    looked += 1;
    if (Math.abs(candidate.length - name.length) >= nearestDistance) continue;
    const distance = editDistance(wanted, candidate.slice(0, COMPARED_LENGTH_MAX).toLowerCase());
    if (distance >= nearestDistance || candidate === name) continue;
    nearest = candidate;
    nearestDistance = distance;
  }
  return nearest;
}

/** " Did you mean 'x'?", or nothing: to be put behind a message. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? "" : `; did you mean '${nearest}'?`;
}

/** Letters to change, add, drop or swap with their neighbour (optimal string alignment). */
function editDistance(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    before = last;
    last = current;
  }
  return last[other.length] ?? 0;
}
