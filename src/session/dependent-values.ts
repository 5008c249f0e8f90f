import type { TableModel } from '../config/model.js';
import { isWorthAsking, takesLists } from '../plan/request-cost.js';
import type { Dependency } from '../plan/statement-plan.js';
import { quoteIdentifier } from '../plan/syntax.js';
import type { PushedFilter } from '../scan/scan.js';

/** Asks which values the dependencies of one source have: the distinct combinations in its scan table `table`. */
export function valuesQuery(table: string, group: readonly Dependency[]): string {
  const { sourceAlias, sourceFilter, sourceTop } = group[0]!;
  const alias = quoteIdentifier(sourceAlias);
  const columns = group.map((dependency) => `${alias}.${quoteIdentifier(dependency.sourceColumn)}`);
  const conditions = columns.map((column) => `${column} IS NOT NULL`);
  let from = table;
  if (sourceTop !== null) {
    // NULLs count among the first rows too; equal rows are all taken, as any of them may be the last.
    const keys = sourceTop.orderBy.map(
      (key) =>
        `${alias}.${quoteIdentifier(key.column)} ${key.isDescending ? 'DESC' : 'ASC'} NULLS ${key.nullsFirst ? 'FIRST' : 'LAST'}`,
    );
    const where = sourceFilter === null ? '' : ` WHERE ${sourceFilter}`;
    from = `(SELECT ${alias}.*, pg_catalog.rank() OVER (ORDER BY ${keys.join(', ')}) AS tidegate_rank FROM ${table} AS ${alias}${where})`;
    conditions.push(`${alias}.tidegate_rank <= ${sourceTop.rows}`);
  } else if (sourceFilter !== null) conditions.push(sourceFilter);
  // As cells have it: a truth value's text is another one.
  const outputs = columns.map((column, index) => canonicalText(column, group[index]!.isTruth)).join(', ');
  return `SELECT DISTINCT ${outputs} FROM ${from} AS ${alias} WHERE ${conditions.join(' AND ')} ORDER BY ${outputs}`;
}

/**
 * The filters of the requests that rows of values stand for: of a single column one list, which the scan divides as its API
 * wants; of several columns each combination, those that differ in a column whose filter takes lists put together.
 * @returns null when an optional filter is better left out for so many values
 */
export function dependentFilters(
  table: TableModel,
  group: readonly Dependency[],
  rows: readonly (readonly (string | null)[])[],
): PushedFilter[][] | null {
  const dropped = group.find(
    ({ optional }, index) =>
      optional !== null && !isWorthAsking(table, optional, new Set(rows.map((row) => row[index])).size),
  );
  if (dropped !== undefined) return null;
  const list = group.length === 1 ? 0 : group.findIndex(({ column }) => isListColumn(table, column));
  const sets = new Map<string, { readonly row: readonly (string | null)[]; readonly values: string[] }>();
  for (const row of rows) {
    const key = JSON.stringify(row.map((value, index) => (index === list ? null : value)));
    const known = sets.get(key);
    if (known !== undefined) known.values.push(row[list]!);
    else sets.set(key, { row, values: list < 0 ? [] : [row[list]!] });
  }
  return [...sets.values()].map(({ row, values }) =>
    group.map(({ column }, index) =>
      index === list ? { column, operator: 'in', values } : { column, operator: '=', values: [row[index]!] },
    ),
  );
}

function canonicalText(column: string, isTruth: boolean): string {
  return isTruth ? `CASE WHEN ${column} THEN 't' ELSE 'f' END` : `${column}::text`;
}

function isListColumn(table: TableModel, column: string): boolean {
  return table.filters.some((filter) => filter.column === column && takesLists(table, filter));
}
