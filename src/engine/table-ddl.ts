import type { ColumnModel, TableModel } from '../config/model.js';
import { type ScalarName, sqlTypeText } from '../core/sql-type.js';
import type { LoadOptions } from './engine.js';
import { GUARD_POLICY } from './functions.js';
import {
  dsnRole,
  fingerprint,
  type HiddenPlace,
  planTableBase,
  quoteIdentifier,
  quoteLiteral,
  quoteName,
} from './names.js';

/** Raise it when the DDL below changes, so that a reload makes older tables anew. */
const TABLE_LAYOUT = 2;
const PLAN_LAYOUT = 3;
/** Keeps autovacuum from giving a table statistics, or from looking at it at all. */
const NO_AUTOVACUUM = 'WITH (autovacuum_enabled = off)';

/** What a virtual table's identity depends on; comments change in place. */
export function tableFingerprint(table: TableModel): string {
  return fingerprint([
    TABLE_LAYOUT,
    table.columns.map((column) => [column.name, sqlTypeText(column.type), column.notNull]),
    keyColumns(table),
  ]);
}

/** What a plan table's identity depends on. */
export function planFingerprint(table: TableModel): string {
  return fingerprint([PLAN_LAYOUT, tableFingerprint(table), indexedColumns(table)]);
}

/** `tidegate_plan_<dsn>_<table>_<digest>_`, to be followed by a number. */
export function planBaseOf(table: TableModel): string {
  return planTableBase(table.dsn, table.name, planFingerprint(table));
}

/**
 * The primary key's columns, or none where the engine cannot index one of them (json has no order).
 */
export function keyColumns(table: TableModel): readonly string[] {
  const isIndexed = table.primaryKey.every((name) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    return column !== undefined && canBeIndexed(column);
  });
  return isIndexed ? table.primaryKey : [];
}

/** The columns that the engine takes to hold no NULL. */
export function neverNullColumns(table: TableModel): ReadonlySet<string> {
  const declared = table.columns.filter((column) => column.notNull).map((column) => column.name);
  return new Set([...keyColumns(table), ...declared]);
}

/**
 * Statements that make a virtual table: typed, guarded, readable by its DSN's group, empty but for a row that nobody sees.
 *
 * The guard must fire although there is no row. PostgreSQL checks a policy's condition row by row, except in an
 * inheritance tree, where `apply_child_basequals` sorts conditions without columns out into a One-Time Filter above each
 * scan. So the table gets an heir. In the hidden place the heir is dropped again at once: `relhassubclass`
 * stays set, which is all the planner looks at, until an ANALYZE of the table, which only its owner can run. On an external
 * server, where somebody may analyze the whole database, the heir stays.
 *
 * `FROM ONLY`, and COPY, which reads so, leave the inheritance tree out. For them there is one row, whose reading fires the
 * guard. The statistics of a table of one page keep the planner from an index that would miss that row.
 */
export function virtualTableDdl(table: TableModel, place: HiddenPlace): string {
  const name = quoteName(table.dsn, table.name);
  const heir = quoteName(place.planSchema, `tidegate_heir_${fingerprint([table.dsn, table.name])}`);
  const guard = `tidegate.guard(${quoteLiteral(`${table.dsn}.${table.name}`)})`;
  return [
    `CREATE TABLE ${name} (${[...columnLines(table.columns, true), ...keyLine(table)].join(', ')}) ${NO_AUTOVACUUM}`,
    `INSERT INTO ${name} ${guardRow(table)}`,
    `ANALYZE ${name}`,
    `CREATE TABLE ${heir} () INHERITS (${name}) ${NO_AUTOVACUUM}`,
    ...(place.isInCatalog ? [`DROP TABLE ${heir}`] : []),
    `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY ${quoteIdentifier(GUARD_POLICY)} ON ${name} FOR SELECT TO PUBLIC USING (${guard})`,
    // REFERENCES lets information_schema.table_constraints show the keys; Power BI reads them there.
    `GRANT SELECT, REFERENCES ON ${name} TO ${quoteIdentifier(dsnRole(table.dsn))}`,
    '',
  ].join(';\n');
}

/** Statements that give a table and its columns their comments; with `isNew` only those that there are. */
export function commentDdl(table: TableModel, isNew: boolean): string {
  const name = quoteName(table.dsn, table.name);
  const comment = (what: string, text: string | null) =>
    text === null && isNew ? '' : `COMMENT ON ${what} IS ${text === null ? 'NULL' : quoteLiteral(text)};\n`;
  return (
    comment(`TABLE ${name}`, table.description) +
    table.columns
      .map((column) => comment(`COLUMN ${name}.${quoteIdentifier(column.name)}`, column.description))
      .join('')
  );
}

/** What the comments depend on. */
export function commentFingerprint(table: TableModel): string {
  return fingerprint([table.description, table.columns.map((column) => column.description)]);
}

/** Statements that make the plan table `name`. */
export function planTableDdl(table: TableModel, name: string, place: HiddenPlace): string {
  const qualified = quoteName(place.planSchema, name);
  const columns = [...columnLines(table.columns, true), ...keyLine(table), 'tidegate_dropped integer'].join(', ');
  const index = (names: readonly string[]) => `CREATE INDEX ON ${qualified} (${names.map(quoteIdentifier).join(', ')})`;
  return [
    `CREATE TABLE ${qualified} (${columns}) ${NO_AUTOVACUUM}`,
    // In a table with a dropped column the planner's scans put out the columns that are needed, and no others to save work.
    `ALTER TABLE ${qualified} DROP COLUMN tidegate_dropped`,
    ...indexedColumns(table).map(index),
    `GRANT SELECT ON ${qualified} TO ${quoteIdentifier(dsnRole(table.dsn))}`,
    '',
  ].join(';\n');
}

/**
 * Statements that make the scan table `name`: all columns, nothing else but the key where it is asked for.
 *
 * Of a column that is never null the planner drops `IS NOT NULL`, so a plan may leave out columns that the statement
 * names all the same. Here they get a value, because without the constraint that test is made.
 * @param loaded the columns that rows will have
 */
export function scanTableDdl(
  table: TableModel,
  name: string,
  loaded: readonly string[],
  { withPrimaryKey, keepsOrder }: LoadOptions,
): string {
  const neverNull = neverNullColumns(table);
  const columns = columnLines(table.columns, false).map((line, index) => {
    const column = table.columns[index]!;
    return neverNull.has(column.name) && !loaded.includes(column.name) ? `${line} DEFAULT ${anyValue(column)}` : line;
  });
  const lines = [...columns, ...(withPrimaryKey ? keyLine(table) : [])];
  const storage = keepsOrder === true ? NO_AUTOVACUUM.replace(')', ', parallel_workers = 0)') : NO_AUTOVACUUM;
  const grant = `GRANT SELECT ON ${name} TO ${quoteIdentifier(dsnRole(table.dsn))}`;
  return `CREATE UNLOGGED TABLE ${name} (${lines.join(', ')}) ${storage};\n${grant};\n`;
}

/** A value of each type that PostgreSQL takes and that foreign keys between equal types agree on. */
const ANY_VALUE: Readonly<Record<ScalarName, string>> = {
  text: '',
  varchar: '',
  boolean: 'false',
  smallint: '0',
  integer: '0',
  bigint: '0',
  numeric: '0',
  real: '0',
  double: '0',
  date: '1970-01-01',
  time: '00:00',
  timestamp: '1970-01-01',
  timestamptz: '1970-01-01 00:00+00',
  uuid: '00000000-0000-0000-0000-000000000000',
  json: '{}',
  jsonb: '{}',
  bytea: '',
};

function guardRow(table: TableModel): string {
  const key = new Set(keyColumns(table));
  const needed = table.columns.filter((column) => column.notNull || key.has(column.name));
  if (needed.length === 0) return 'DEFAULT VALUES';
  const values = needed.map(anyValue);
  return `(${needed.map((column) => quoteIdentifier(column.name)).join(', ')}) VALUES (${values.join(', ')})`;
}

/** A literal that is not NULL in the column's type. */
export function anyValue({ type }: ColumnModel): string {
  return quoteLiteral(type.isArray ? '{}' : ANY_VALUE[type.scalar]);
}

function columnLines(columns: readonly ColumnModel[], withNotNull: boolean): string[] {
  return columns.map((column) => {
    const notNull = withNotNull && column.notNull ? ' NOT NULL' : '';
    return `${quoteIdentifier(column.name)} ${sqlTypeText(column.type)}${notNull}`;
  });
}

function keyLine(table: TableModel): string[] {
  const columns = keyColumns(table);
  return columns.length === 0 ? [] : [`PRIMARY KEY (${columns.map(quoteIdentifier).join(', ')})`];
}

/** One index per column with an equality filter, and one over all required ones: the shape of a dependent fetch. */
function indexedColumns(table: TableModel): readonly (readonly string[])[] {
  const usable = new Set(table.columns.filter(canBeIndexed).map((column) => column.name));
  const { filters, lookup } = table;
  const equalities = [...filters, ...(lookup === null ? [] : [lookup.filter])].filter(
    (filter) => usable.has(filter.column) && filter.operators.some((operator) => operator === '=' || operator === 'in'),
  );
  const names = [...new Set(equalities.map((filter) => filter.column))];
  const required = [...new Set(equalities.filter((filter) => filter.required).map((filter) => filter.column))];
  const single = names.map((name) => [name]);
  // An index takes at most 32 columns.
  return required.length > 1 && required.length <= 32 ? [...single, required] : single;
}

/** Types whose values are all short: a row of a b-tree holds 2,704 bytes. */
const SHORT: ReadonlySet<ScalarName> = new Set([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'real',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
]);

/** The index by which rows of the scan table `name` are found by the columns' values; null: they can have none. */
export function lookUpIndexSql({ columns }: TableModel, name: string, lookUps: readonly string[]): string | null {
  const usable = columns.filter((column) => lookUps.includes(column.name) && canBeIndexed(column));
  const short = usable.filter(({ type }) => SHORT.has(type.scalar) && !type.isArray).slice(0, 32);
  if (short.length > 0)
    return `CREATE INDEX ON ${name} (${short.map((item) => quoteIdentifier(item.name)).join(', ')})`;
  // Of a long value a hash index has the hash alone.
  return usable.length === 0 ? null : `CREATE INDEX ON ${name} USING hash (${quoteIdentifier(usable[0]!.name)})`;
}

function canBeIndexed(column: ColumnModel): boolean {
  return column.type.scalar !== 'json';
}
