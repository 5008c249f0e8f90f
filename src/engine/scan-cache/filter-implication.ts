import type { ColumnModel, TableModel } from '../../config/model.js';
import { type ComparisonOperator, comparator } from '../../core/compare/comparator.js';
import type { PushedFilter } from '../../scan/scan.js';

/** Operators that no row with a NULL in the column satisfies. */
const NEEDS_VALUE: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=', 'in', 'like', 'ilike']);

/**
 * Whether every row that satisfies all of `strict` satisfies all of `wide` as well, in SQL's own meaning. False where that
 * is not certain.
 */
export function impliesAll(
  strict: readonly PushedFilter[],
  wide: readonly PushedFilter[],
  { columns }: Pick<TableModel, 'columns'>,
): boolean {
  return wide.every((filter) => {
    const column = columns.find(({ name }) => name === filter.column);
    return (
      column !== undefined && strict.some((item) => item.column === filter.column && implies(item, filter, column))
    );
  });
}

function implies(strict: PushedFilter, wide: PushedFilter, column: ColumnModel): boolean {
  if (filterKey(strict) === filterKey(wide)) return true;
  const [bound] = wide.values;
  switch (wide.operator) {
    case 'is_not_null':
      return NEEDS_VALUE.has(strict.operator);
    case '=':
    case 'in':
      return isEquality(strict) && strict.values.every((value) => isAmong(value, wide.values, column));
    case '<>':
      if (isEquality(strict)) return strict.values.every((value) => holds(value, '<>', bound!, column));
      if (strict.operator === '<' || strict.operator === '<=')
        return isBelow(strict, { ...wide, operator: '<' }, column);
      return isAbove(strict, { ...wide, operator: '>' }, column);
    case '<':
    case '<=':
      return isBelow(strict, wide, column);
    case '>':
    case '>=':
      return isAbove(strict, wide, column);
    default:
      return false;
  }
}

function isEquality({ operator }: PushedFilter): boolean {
  return operator === '=' || operator === 'in';
}

function isAmong(value: string, values: readonly string[], column: ColumnModel): boolean {
  return values.includes(value) || values.some((item) => holds(value, '=', item, column));
}

function isBelow(strict: PushedFilter, wide: PushedFilter, column: ColumnModel): boolean {
  const operator = wide.operator as ComparisonOperator;
  const bound = wide.values[0]!;
  if (isEquality(strict)) return strict.values.every((value) => holds(value, operator, bound, column));
  // x < a implies x < b and x <= b for a <= b; x <= a implies x < b only for a < b.
  if (strict.operator === '<') return holds(strict.values[0]!, '<=', bound, column);
  return strict.operator === '<=' && holds(strict.values[0]!, operator, bound, column);
}

function isAbove(strict: PushedFilter, wide: PushedFilter, column: ColumnModel): boolean {
  const operator = wide.operator as ComparisonOperator;
  const bound = wide.values[0]!;
  if (isEquality(strict)) return strict.values.every((value) => holds(value, operator, bound, column));
  if (strict.operator === '>') return holds(strict.values[0]!, '>=', bound, column);
  return strict.operator === '>=' && holds(strict.values[0]!, operator, bound, column);
}

/** `value operator constant` in PostgreSQL's order of the column's type; false where that order is not known here. */
function holds(value: string, operator: ComparisonOperator, constant: string, column: ColumnModel): boolean {
  const test = comparator(column.type, operator, constant);
  const bytes = Buffer.from(value, 'utf8');
  return test?.(bytes, 0, bytes.length) ?? false;
}

/** The filter as a text that is equal for equal filters: a list's order and repetitions do not count. */
export function filterKey({ column, operator, values }: PushedFilter): string {
  const distinct = operator === 'in' ? [...new Set(values)].sort() : values;
  const isSingle = operator === 'in' && distinct.length === 1;
  return JSON.stringify([column, isSingle ? '=' : operator, distinct]);
}

/** All filters of a scan as one text; their order and repetitions do not count. */
export function filtersKey(filters: readonly PushedFilter[]): string {
  return [...new Set(filters.map(filterKey))].sort().join();
}
