import type { TableModel } from '../config/model.js';
import { sqlTypeText } from '../core/sql-type.js';
import { quoteIdentifier, quoteLiteral } from '../engine/names.js';
import { anyValue, neverNullColumns } from '../engine/table-ddl.js';

/**
 * A query that gives `count` rows which all have the values of `standIn`, and NULL in the other columns. Those that are never
 * NULL have some value: the planner has left out what asks for no more than that (`id IS NOT NULL`, `id = id`). Without OFFSET it
 * would compute with these values beforehand what it has left out.
 */
export function countedRows(table: TableModel, standIn: ReadonlyMap<string, string>, count: number): string {
  const neverNull = neverNullColumns(table);
  const columns = table.columns.map((column) => {
    const { name, type } = column;
    const value = standIn.get(name);
    const other = neverNull.has(name) ? anyValue(column) : 'NULL';
    return `${value === undefined ? other : quoteLiteral(value)}::${sqlTypeText(type)} AS ${quoteIdentifier(name)}`;
  });
  return `(SELECT ${columns.join(', ')} FROM pg_catalog.generate_series(1, ${count}) OFFSET 0)`;
}
