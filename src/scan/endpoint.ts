import type { FilterModel, LookupModel, TableModel } from '../config/model.js';
import { distinctValues } from './distinct-values.js';
import type { PushedFilter, ScanSpec } from './scan.js';

/** What belongs to the list alone. */
const NO_LIST = { limit: null, orderBy: null, select: null, count: null, lookup: null } as const;

const lookupTables = new WeakMap<TableModel, TableModel>();

/**
 * The scan as the endpoint sees it that serves it best: a table's lookup where the filters give its value, else the table's
 * own. A list goes to the lookup, value by value, only when the table has no filter for it or the list has one value.
 */
export function chooseEndpoint(spec: ScanSpec): ScanSpec {
  const { table, filters } = spec;
  const { lookup } = table;
  if (lookup === null || !filters.some((filter) => isServed(filter, lookup, table))) return spec;
  const target = lookupTable(table, lookup);
  // Other placeholders of its path need values too.
  const isFilled = target.filters.every((filter) => filters.some((item) => isEquality(item, filter.column)));
  return isFilled ? { ...spec, table: target } : spec;
}

/** Whether the scan asks the table's lookup and not its list. */
export function readsLookup(spec: ScanSpec): boolean {
  return chooseEndpoint(spec).table !== spec.table;
}

function isServed(pushed: PushedFilter, { filter }: LookupModel, table: TableModel): boolean {
  if (!isEquality(pushed, filter.column)) return false;
  const column = table.columns.find((item) => item.name === filter.column);
  if (column === undefined || distinctValues(pushed.values, column).length <= 1) return true;
  return !table.filters.some((item) => item.column === filter.column && takesEquality(item));
}

function isEquality({ column, operator }: PushedFilter, wanted: string): boolean {
  return column === wanted && (operator === '=' || operator === 'in');
}

function takesEquality({ operators }: FilterModel): boolean {
  return operators.includes('=') || operators.includes('in');
}

/** The lookup as a table of its own: one page, and no other filters than those that fill its path. */
function lookupTable(table: TableModel, lookup: LookupModel): TableModel {
  let known = lookupTables.get(table);
  if (known === undefined) {
    const { source, records, filter } = lookup;
    const path = typeof source.url === 'string' ? source.url : source.url.reveal();
    const others = table.filters.filter(
      (item) => item.place === 'path' && item.parameter !== filter.parameter && path.includes(`{${item.parameter}}`),
    );
    known = { ...table, source, records, filters: [filter, ...others], ...NO_LIST };
    lookupTables.set(table, known);
  }
  return known;
}
