import { readDouble, readReal } from '../encode/canonical-float.js';
import type { CellOrder } from './contract.js';

/** PostgreSQL's order of floats: NaN equals NaN and is the greatest, -0 equals 0. */
function order(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  if (left === right) return 0;
  return (Number.isNaN(left) ? 1 : 0) - (Number.isNaN(right) ? 1 : 0);
}

/** Both sides are double precision. */
export function doubleOrder(constant: Uint8Array): CellOrder {
  const right = readDouble(constant, 0, constant.length);
  return (bytes, start, end) => order(readDouble(bytes, start, end), right);
}

/** Both sides are real. */
export function realOrder(constant: Uint8Array): CellOrder {
  const right = readReal(constant, 0, constant.length);
  return (bytes, start, end) => order(readReal(bytes, start, end), right);
}
