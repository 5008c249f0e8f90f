import type { ColumnModel } from '../src/config/model.js';

const SAFE_DIGITS: Readonly<Record<string, number>> = { smallint: 4, integer: 9, bigint: 18 };

/** Most digits that a text of digits alone may have to be the column's canonical text for certain; 0 where more decides than that. */
export function safeDigits({ type, decimal, nullValues }: ColumnModel): number {
  if (type.isArray || decimal !== null || (nullValues !== null && nullValues.length > 0)) return 0;
  return SAFE_DIGITS[type.scalar] ?? 0;
}
