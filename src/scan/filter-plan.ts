import type { ColumnModel, FilterModel, FilterOperator, TableModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import type { PlacedValue } from '../http/placed-value.js';
import { chunkValues, comparableText, distinctValues } from './distinct-values.js';
import { filterText, tellsOperator } from './filter-value.js';
import type { PushedFilter, ScanSpec } from './scan.js';

/** Rows whose cell is none of these values do not belong to the request: its API has ignored the filter. */
export interface RowCondition {
  readonly column: ColumnModel;
  readonly values: ReadonlySet<string>;
}

/** One sequence of pages: what its requests are given by the filters. */
export interface RequestVariant {
  readonly values: readonly PlacedValue[];
  /** Canonical text of the `from: filter` columns. */
  readonly constants: ReadonlyMap<string, string>;
  /** Only where a scan has several variants, or is one of several scans, whose answers must not overlap. */
  readonly conditions: readonly RowCondition[];
}

/** The pushed filters as requests. */
export interface FilterPlan {
  /** False when a pushed filter is not part of the requests: then LIMIT cannot be either. */
  readonly isComplete: boolean;
  /** How many sequences of pages there are; 0 for an empty IN list. */
  readonly requestCount: number;
  /** Parameters in the path that have no value. Only `describe` gets to see any. */
  readonly missing: readonly FilterModel[];
  variants(): Generator<RequestVariant, void, void>;
}

/** One pushed filter, the declarations that send it, and its values in groups of one request each. */
interface Dimension {
  readonly pushed: PushedFilter;
  readonly column: ColumnModel;
  readonly filters: readonly FilterModel[];
  readonly chunks: readonly (readonly string[])[];
}

/**
 * Turns pushed filters into requests by the table's declarations. Throws HV00L, naming the column, for a required filter
 * that is missing, unless `allowsMissing`.
 */
export function planFilters(
  { table, filters: pushed, isPart = false }: Pick<ScanSpec, 'table' | 'filters' | 'isPart'>,
  allowsMissing = false,
): FilterPlan {
  const candidates = distinctFilters(pushed);
  const byPushed = new Map<PushedFilter, FilterModel[]>();
  for (const filter of table.filters) {
    const usable = candidates.filter((candidate) => candidate.column === filter.column && accepts(filter, candidate));
    // Only where the operator is part of what is sent can one parameter carry several conditions on a column.
    const sent = tellsOperator(filter) ? usable : usable.slice(0, 1);
    for (const item of sent) byPushed.set(item, [...(byPushed.get(item) ?? []), filter]);
  }
  const dimensions = [...byPushed].flatMap(([item, filters]) => toDimension(table, item, filters) ?? []);
  const missing = missingFilters(table, dimensions);
  if (missing.length > 0 && !allowsMissing) throw filterRequired(table, missing);
  const sentFilters = new Set(dimensions.map((dimension) => dimension.pushed));
  return {
    isComplete: candidates.every((candidate) => sentFilters.has(candidate)),
    requestCount: dimensions.reduce((count, dimension) => count * dimension.chunks.length, 1),
    missing,
    variants: () => variantsOf(table, dimensions, isPart),
  };
}

function accepts(filter: FilterModel, { operator }: PushedFilter): boolean {
  if (filter.operators.includes(operator)) return true;
  if (operator === 'in') return filter.operators.includes('=');
  return operator === '=' && filter.operators.includes('in');
}

function distinctFilters(pushed: readonly PushedFilter[]): readonly PushedFilter[] {
  const keys = new Set<string>();
  return pushed.filter((item) => {
    const key = JSON.stringify([item.column, item.operator, item.values]);
    return !keys.has(key) && keys.add(key) !== undefined;
  });
}

/** Null when the filter cannot be sent and need not be. */
function toDimension(table: TableModel, pushed: PushedFilter, filters: readonly FilterModel[]): Dimension | null {
  const column = table.columns.find((item) => item.name === pushed.column);
  if (column === undefined) return null;
  const isList = pushed.operator === 'in';
  const values = isList ? distinctValues(pushed.values, column) : pushed.values;
  const isNeeded = filters.some((filter) => filter.required || filter.place === 'path');
  const size = isList ? Math.min(...filters.map((filter) => listSize(filter, column))) : Math.max(1, values.length);
  const chunks = isList ? chunkValues(values, size) : [values];
  if (chunks.every((chunk) => canSend(filters, column, pushed, chunk))) return { pushed, column, filters, chunks };
  if (!isNeeded) return null;
  const single = isList ? chunkValues(values, 1) : chunks;
  const refused = single.find((chunk) => !canSend(filters, column, pushed, chunk));
  if (refused === undefined) return { pushed, column, filters, chunks: single };
  throw errors.featureNotSupported(
    `the API of table "${table.dsn}.${table.name}" cannot be asked for "${column.name}" = "${refused[0]}"`,
    {
      hint: `Use another value for "${column.name}".`,
    },
  );
}

/** How many values of an IN list one request can carry. A `from: filter` column needs to know its request's only value. */
function listSize(filter: FilterModel, column: ColumnModel): number {
  const takesList = filter.separator !== null && filter.operators.includes('in') && column.from !== 'filter';
  return takesList ? Math.max(1, filter.batch ?? Number.MAX_SAFE_INTEGER) : 1;
}

function canSend(
  filters: readonly FilterModel[],
  column: ColumnModel,
  pushed: PushedFilter,
  chunk: readonly string[],
): boolean {
  return filters.every((filter) => filterText(filter, column, operatorSent(filter, pushed), chunk) !== null);
}

/** An API that takes no lists is asked for their values one by one, each by the operator that it knows. */
function operatorSent({ operators }: FilterModel, { operator }: PushedFilter): FilterOperator {
  return operator === 'in' && !operators.includes('in') ? '=' : operator;
}

function missingFilters(table: TableModel, dimensions: readonly Dimension[]): readonly FilterModel[] {
  return table.filters.filter((filter) => {
    if (filter.place === 'path') return !dimensions.some((dimension) => dimension.filters.includes(filter));
    return filter.required && !dimensions.some((dimension) => dimension.column.name === filter.column);
  });
}

function filterRequired(table: TableModel, missing: readonly FilterModel[]): Error {
  const columns = [...new Set(missing.map((filter) => filter.column))];
  const names = columns.map((name) => `"${name}"`).join(', ');
  const conditions = columns.map((name) => `${name} = ${exampleValue(table, name)}`).join(' AND ');
  return errors.filterRequired(`virtual table "${table.dsn}.${table.name}" needs a filter on column ${names}`, {
    hint: `Add a condition such as WHERE ${conditions}, or join a table that gives the value.`,
  });
}

function exampleValue(table: TableModel, name: string): string {
  const scalar = table.columns.find((column) => column.name === name)?.type.scalar;
  return scalar === 'bigint' || scalar === 'integer' || scalar === 'smallint' || scalar === 'numeric' ? '42' : "'…'";
}

/** The cross product of all dimensions, the last one changing fastest; nothing is held but the current combination. */
function* variantsOf(
  table: TableModel,
  dimensions: readonly Dimension[],
  isPart: boolean,
): Generator<RequestVariant, void, void> {
  const combine = function* (
    depth: number,
    chosen: readonly (readonly string[])[],
  ): Generator<RequestVariant, void, void> {
    const dimension = dimensions[depth];
    if (dimension === undefined) yield toVariant(table, dimensions, chosen, isPart);
    else for (const chunk of dimension.chunks) yield* combine(depth + 1, [...chosen, chunk]);
  };
  yield* combine(0, []);
}

function toVariant(
  table: TableModel,
  dimensions: readonly Dimension[],
  chosen: readonly (readonly string[])[],
  isPart: boolean,
): RequestVariant {
  const values = new Map<string, PlacedValue>();
  const constants = new Map<string, string>();
  const conditions: RowCondition[] = [];
  for (const [index, { pushed, column, filters, chunks }] of dimensions.entries()) {
    const chunk = chosen[index]!;
    for (const filter of filters) addFilter(values, filter, column, pushed, chunk, table.filterSeparator);
    const isEquality = pushed.operator === '=' || pushed.operator === 'in';
    if (isEquality && column.from === 'filter' && chunk.length === 1) constants.set(column.name, chunk[0]!);
    if ((chunks.length > 1 || (isPart && isEquality)) && column.from === 'record') {
      conditions.push({ column, values: new Set(chunk.map((value) => comparableText(value, column))) });
    }
  }
  return { values: [...values.values()], constants, conditions };
}

function addFilter(
  values: Map<string, PlacedValue>,
  filter: FilterModel,
  column: ColumnModel,
  pushed: PushedFilter,
  chunk: readonly string[],
  separator: string,
): void {
  const { text, isLiteral } = filterText(filter, column, operatorSent(filter, pushed), chunk)!;
  const key = `${filter.place} ${filter.parameter}`;
  const earlier = values.get(key);
  const value = earlier === undefined ? text : `${earlier.value}${separator}${text}`;
  values.set(key, {
    place: filter.place,
    parameter: filter.parameter,
    value,
    isLiteral: isLiteral && earlier === undefined,
  });
}
