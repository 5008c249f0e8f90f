import type { TableModel } from '../config/model.js';
import { type ScalarName, sqlTypeText } from '../core/sql-type.js';
import { neverNullColumns } from '../engine/table-ddl.js';
import { quoteIdentifier } from '../plan/syntax.js';

/** Some value of each type. */
const ANY_VALUE: Readonly<Record<ScalarName, string>> = {
  text: '',
  varchar: '',
  boolean: 'f',
  smallint: '0',
  integer: '0',
  bigint: '0',
  numeric: '0',
  real: '0',
  double: '0',
  date: '2000-01-01',
  time: '00:00',
  timestamp: '2000-01-01',
  timestamptz: '2000-01-01 00:00Z',
  uuid: '00000000-0000-0000-0000-000000000000',
  json: '0',
  jsonb: '0',
  bytea: '',
};

/**
 * A query that gives `count` rows which all have the values of `standIn`, and NULL in the other columns. Those that are never
 * NULL have some value: the planner has left out what asks for no more than that (`id IS NOT NULL`, `id = id`).
 */
export function countedRows(table: TableModel, standIn: ReadonlyMap<string, string>, count: number): string {
  const neverNull = neverNullColumns(table);
  const columns = table.columns.map(({ name, type }) => {
    const some = type.isArray ? '{}' : ANY_VALUE[type.scalar];
    const value = standIn.get(name) ?? (neverNull.has(name) ? some : undefined);
    const literal = value === undefined ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
    return `${literal}::${sqlTypeText(type)} AS ${quoteIdentifier(name)}`;
  });
  return `(SELECT ${columns.join(', ')} FROM pg_catalog.generate_series(1, ${count}))`;
}
