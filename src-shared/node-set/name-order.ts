// The natural order of host names: runs of digits compare as numbers, all else by character.

const ZERO = 48;
const NINE = 57;

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** A total order in which node2 < node10 and, for equal numbers, node1 < node01 < node001. */
export function compareNames(left: string, right: string): number {
  let leftAt = 0;
  let rightAt = 0;
  while (leftAt < left.length && rightAt < right.length) {
    const leftCode = left.charCodeAt(leftAt);
    const rightCode = right.charCodeAt(rightAt);
    if (!isDigit(leftCode) || !isDigit(rightCode)) {
      if (leftCode !== rightCode) return leftCode - rightCode;
      leftAt += 1;
      rightAt += 1;
      continue;
    }
    const leftEnd = endOfDigits(left, leftAt);
    const rightEnd = endOfDigits(right, rightAt);
    const order = compareDigits(left.slice(leftAt, leftEnd), right.slice(rightAt, rightEnd));
    if (order !== 0) return order;
    leftAt = leftEnd;
    rightAt = rightEnd;
  }
  return left.length - leftAt - (right.length - rightAt);
}

function endOfDigits(text: string, start: number): number {
  let end = start;
  while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
  return end;
}

/** By value, then by width; works on the text, so that numbers of any length are exact. */
function compareDigits(left: string, right: string): number {
  if (left === right) return 0;
  const leftValue = withoutLeadingZeros(left);
  const rightValue = withoutLeadingZeros(right);
  if (leftValue.length !== rightValue.length) return leftValue.length - rightValue.length;
  if (leftValue !== rightValue) return leftValue < rightValue ? -1 : 1;
  return left.length - right.length;
}

function withoutLeadingZeros(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === ZERO) start += 1;
  return start === 0 ? digits : digits.slice(start);
}
