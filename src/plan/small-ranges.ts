import type { ColumnModel } from '../config/model.js';
import type { PushedFilter } from '../scan/scan.js';
import { isInteger } from './constants.js';

/** A range of more values than these is not asked for value by value. */
const MOST_VALUES = 1000;
const DAY_MS = 86_400_000;

/**
 * The whole numbers or days between two bounds, for an API that has to be asked for each of them.
 * @param filters what is known of the column
 * @returns null: there are not two bounds, or too many values between them
 */
export function valuesInRange(column: ColumnModel, filters: readonly PushedFilter[]): PushedFilter | null {
  const isDay = !column.type.isArray && column.type.scalar === 'date';
  if (!isDay && !isInteger(column)) return null;
  const read = isDay ? readDay : readInteger;
  const bounds = (strict: '<' | '>'): number[] =>
    filters.flatMap(({ operator, values }) => {
      if (operator !== strict && operator !== `${strict}=`) return [];
      const number = read(values[0]!);
      const step = operator !== strict ? 0 : strict === '<' ? -1 : 1;
      return number === null ? [] : [number + step];
    });
  const [first, last] = [Math.max(...bounds('>')), Math.min(...bounds('<'))];
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || last - first >= MOST_VALUES) return null;
  const numbers = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  const values = numbers.map((number) =>
    isDay ? new Date(number * DAY_MS).toISOString().slice(0, 10) : String(number),
  );
  return { column: column.name, operator: 'in', values };
}

function readInteger(text: string): number | null {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

function readDay(text: string): number | null {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) / DAY_MS : null;
}
