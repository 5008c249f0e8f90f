import { isUtf8 } from 'node:buffer';
import type { ColumnModel, TableModel } from '../config/model.js';
import type { RowBatch } from '../core/row-batch.js';
import type { ScalarName, SqlType } from '../core/sql-type.js';
import { quoteIdentifier } from './names.js';
import { anyValue, neverNullColumns } from './table-ddl.js';

/** Names of types that mean the same whatever a session has on its search path or among its temporary types. */
const TYPE_NAMES: Readonly<Record<ScalarName, string>> = {
  text: 'text',
  varchar: 'varchar',
  boolean: 'bool',
  smallint: 'int2',
  integer: 'int4',
  bigint: 'int8',
  numeric: 'numeric',
  real: 'float4',
  double: 'float8',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'jsonb',
  bytea: 'bytea',
};

/** Types whose canonical text may have characters that mean something in an array's. */
const QUOTED: ReadonlySet<ScalarName> = new Set(['text', 'varchar', 'json', 'jsonb', 'bytea']);

/**
 * A subquery that gives the rows of the batches, with all columns of the table as its scan table would have them: an array
 * of each loaded column's cells, side by side. Its text means the same in every session, if only `array_nulls` is on.
 *
 * Without OFFSET the planner would take the subquery apart, and compute beforehand, with what stands for columns that are not
 * loaded, what the statement never comes to: `1 / id` where 0 stands for a key.
 * @param columns the batches' columns
 * @returns null where a cell cannot stand in SQL text: whoever copies it is told what is wrong with it
 */
export function inlineRows(table: TableModel, columns: readonly string[], batches: readonly RowBatch[]): string | null {
  const arrays: string[] = [];
  for (const [index, name] of columns.entries()) {
    const { type } = table.columns.find((column) => column.name === name)!;
    const literal = arrayLiteral(batches, index, type.isArray || QUOTED.has(type.scalar));
    if (literal === null) return null;
    arrays.push(`pg_catalog.unnest(${dollarQuoted(literal)}::pg_catalog.${elementName(type)}[])`);
  }
  if (arrays.length === 0) {
    const rowCount = batches.reduce((sum, batch) => sum + batch.rowCount, 0);
    arrays.push(`pg_catalog.generate_series(1, ${rowCount})`);
  }
  const neverNull = neverNullColumns(table);
  const outputs = table.columns.map((column) => {
    const index = columns.indexOf(column.name);
    const value = index >= 0 ? `c${index}` : neverNull.has(column.name) ? anyValue(column) : 'NULL';
    // An array among an array's elements is its text.
    const isDone = index >= 0 && typeName(column) === elementName(column.type);
    return `${value}${isDone ? '' : `::pg_catalog.${typeName(column)}`} AS ${quoteIdentifier(column.name)}`;
  });
  const names = arrays.map((_, index) => `c${index}`);
  return `(SELECT ${outputs.join(', ')} FROM ROWS FROM (${arrays.join(', ')}) AS r (${names.join(', ')}) OFFSET 0)`;
}

/** What the elements of a column's array are. */
function elementName({ scalar, isArray }: SqlType): string {
  return isArray ? TYPE_NAMES.text : TYPE_NAMES[scalar];
}

function typeName({ type }: ColumnModel): string {
  const { scalar, maxLength, precision, scale, isArray } = type;
  const size = maxLength !== null ? `(${maxLength})` : precision !== null ? `(${precision},${scale ?? 0})` : '';
  return `${TYPE_NAMES[scalar]}${size}${isArray ? '[]' : ''}`;
}

function arrayLiteral(batches: readonly RowBatch[], column: number, isQuoted: boolean): string | null {
  const elements: string[] = [];
  for (const { rowCount, columnCount, bytes, offsets, lengths } of batches) {
    for (let cell = column, end = rowCount * columnCount; cell < end; cell += columnCount) {
      const length = lengths[cell]!;
      const start = offsets[cell]!;
      if (length < 0) elements.push('NULL');
      else {
        const text = bytes.toString('latin1', start, start + length);
        elements.push(isQuoted ? `"${text.replace(/["\\]/g, '\\$&')}"` : text);
      }
    }
  }
  const literal = Buffer.from(`{${elements.join(',')}}`, 'latin1');
  return literal.includes(0) || !isUtf8(literal) ? null : literal.toString('utf8');
}

/** In such quotes nothing has a meaning of its own, whatever `standard_conforming_strings` is; the text ends in `}`. */
function dollarQuoted(text: string): string {
  let tag = '$rows$';
  for (let n = 1; text.includes(tag); n++) tag = `$rows${n}$`;
  return `${tag}${text}${tag}`;
}
