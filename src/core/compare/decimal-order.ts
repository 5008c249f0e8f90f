import type { CellOrder } from './contract.js';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Where numeric's special values stand: below every number, above every number, above even that. */
const MINUS_INFINITY = -1;
const FINITE = 0;
const PLUS_INFINITY = 1;
const NAN = 2;

function classOf(bytes: Uint8Array, start: number): number {
  const first = bytes[start]!;
  if (first === 0x4e) return NAN;
  if (first === 0x49) return PLUS_INFINITY;
  return first === MINUS && bytes[start + 1] === 0x49 ? MINUS_INFINITY : FINITE;
}

/** The end of the digits before the point. */
function wholeEnd(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && bytes[i] !== POINT) i++;
  return i;
}

/** The order of integers and numerics, straight on their digits: exact for any length, and 1.0 equals 1.00. */
export function decimalOrder(constant: Uint8Array): CellOrder {
  const constantClass = classOf(constant, 0);
  const isConstantNegative = constant[0] === MINUS;
  const from = isConstantNegative ? 1 : 0;
  const point = wholeEnd(constant, from, constant.length);
  return (bytes, start, end) => {
    const cellClass = classOf(bytes, start);
    if (cellClass !== FINITE || constantClass !== FINITE) return cellClass - constantClass;
    const isNegative = bytes[start] === MINUS;
    // Zero is never written with a minus.
    if (isNegative !== isConstantNegative) return isNegative ? -1 : 1;
    const order = magnitudeOrder(bytes, isNegative ? start + 1 : start, end, constant, from, point);
    return isNegative ? -order : order;
  };
}

function magnitudeOrder(
  bytes: Uint8Array,
  start: number,
  end: number,
  constant: Uint8Array,
  from: number,
  point: number,
): number {
  const cellPoint = wholeEnd(bytes, start, end);
  const longer = cellPoint - start - (point - from);
  if (longer !== 0) return longer;
  for (let i = 0; start + i < cellPoint; i++) {
    const difference = bytes[start + i]! - constant[from + i]!;
    if (difference !== 0) return difference;
  }
  let i = cellPoint + 1;
  let j = point + 1;
  for (; i < end || j < constant.length; i++, j++) {
    const digit = i < end ? bytes[i]! : ZERO;
    const difference = digit - (j < constant.length ? constant[j]! : ZERO);
    if (difference !== 0) return difference;
  }
  return 0;
}
