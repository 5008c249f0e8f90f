import type { FilterModel, TableModel } from '../config/model.js';

/** The table's filters, and that of its lookup where none of them is on the same column. */
export function declaredFilters({ filters, lookup }: TableModel): readonly FilterModel[] {
  const isKnown = lookup === null || filters.some((filter) => filter.column === lookup.filter.column);
  return isKnown ? filters : [...filters, lookup.filter];
}

/** Whether the filter can be given values one by one or as a list. */
export function takesValues({ operators }: FilterModel): boolean {
  return operators.includes('=') || operators.includes('in');
}

/** Whether one request can carry several values of the filter. */
export function takesLists(table: TableModel, filter: FilterModel): boolean {
  const column = table.columns.find((item) => item.name === filter.column);
  return filter.separator !== null && filter.operators.includes('in') && column?.from !== 'filter';
}

/** Whether there is a number of values that it is worth asking for by an optional filter. */
export function mayBeWorthAsking(table: TableModel, filter: FilterModel): boolean {
  return takesValues(filter) && (filter.max !== null || pagesOf(table) > 1);
}

/** Whether asking for so many values takes fewer requests than reading the whole table, as far as the DSN tells. */
export function isWorthAsking(table: TableModel, filter: FilterModel, values: number): boolean {
  if (filter.max !== null) return values <= filter.max;
  const perRequest = takesLists(table, filter) ? (filter.batch ?? Number.POSITIVE_INFINITY) : 1;
  return Math.ceil(values / perRequest) < pagesOf(table);
}

/** How many pages the whole table has; 1 where the DSN does not tell. */
function pagesOf({ source, rows }: TableModel): number {
  if (rows === null || source.type !== 'http' || source.pagination.type === 'none') return 1;
  const { size } = source.pagination;
  return size === null ? 1 : Math.ceil(rows / size);
}
