import type { ColumnModel } from '../../config/model.js';
import { readsLookup } from '../../scan/endpoint.js';
import type { PushedFilter, ScanSpec } from '../../scan/scan.js';
import { filterKey, filtersKey, impliesAll } from './filter-implication.js';

/** Which rows and columns a scan table holds, or a reference to the table needs. */
export interface ScanScope {
  readonly spec: ScanSpec;
  /** The table has the virtual table's primary key. */
  readonly hasKey: boolean;
  /** The filters as a text that is equal for equal ones. */
  readonly filtersKey: string;
  readonly readsLookup: boolean;
}

/** Columns whose values depend on how the rows were asked for. */
const REQUEST_BOUND: ReadonlySet<ColumnModel['from']> = new Set(['header', 'page_url', 'page_number']);

/** The scope of a scan. What else a statement wishes of its scan, such as an early end, is no wish of those that share it. */
export function scanScope({ table, columns, filters, limit }: ScanSpec, hasKey: boolean): ScanScope {
  const spec: ScanSpec = { table, columns, filters, limit };
  return { spec, hasKey, filtersKey: filtersKey(spec.filters), readsLookup: readsLookup(spec) };
}

/** Whether the two ask the API for the same rows, and `kept` has the columns of `wanted`. */
export function isSameScan(kept: ScanScope, wanted: ScanScope): boolean {
  return (
    kept.filtersKey === wanted.filtersKey &&
    kept.spec.limit === wanted.spec.limit &&
    kept.readsLookup === wanted.readsLookup &&
    hasColumns(kept, wanted)
  );
}

/**
 * Whether `kept` has every row and column that a statement over `wanted` can show; it may have more, which the engine leaves
 * out. Keys do not count.
 * @param isWhole false when `kept` was ended early by something other than its own limit
 */
export function serves(kept: ScanScope, wanted: ScanScope, isWhole = true): boolean {
  if (isSameScan(kept, wanted)) return true;
  const { spec } = wanted;
  // A lookup may know rows, and fields, that the list leaves out.
  if (kept.readsLookup !== wanted.readsLookup || !hasColumns(kept, wanted)) return false;
  const own = new Set(spec.columns);
  if (spec.table.columns.some((column) => own.has(column.name) && REQUEST_BOUND.has(column.from))) return false;
  const hasSameFilters = kept.filtersKey === wanted.filtersKey;
  if (kept.spec.limit !== null) return hasSameFilters && spec.limit !== null && spec.limit <= kept.spec.limit;
  if (hasSameFilters) return true;
  if (!isWhole || spec.table.cache?.reuse === 'equal') return false;
  return impliesAll(spec.filters, kept.spec.filters, spec.table) && hasSameConstants(kept.spec, spec);
}

function hasColumns(kept: ScanScope, wanted: ScanScope): boolean {
  const columns = new Set(kept.spec.columns);
  return wanted.spec.columns.every((column) => columns.has(column));
}

/** A `from: filter` column has the filter's value in each row, so without that filter it is another row. */
function hasSameConstants(kept: ScanSpec, { table, filters }: ScanSpec): boolean {
  const constants = new Set(table.columns.filter(({ from }) => from === 'filter').map(({ name }) => name));
  return filters
    .filter(({ column }) => constants.has(column))
    .every((filter) => kept.filters.some((item) => filterKey(item) === filterKey(filter) || isListOf(item, filter)));
}

function isListOf(list: PushedFilter, filter: PushedFilter): boolean {
  const isEquality = filter.operator === '=' || filter.operator === 'in';
  return (
    list.column === filter.column &&
    list.operator === 'in' &&
    isEquality &&
    filter.values.every((value) => list.values.includes(value))
  );
}
