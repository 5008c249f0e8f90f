import type { ColumnModel, TableModel } from '../../src/config/model.js';
import { isUtc } from '../../src/core/coerce/time-zone.js';
import { droppedPart } from '../sampled-times.js';

/** How the kernel writes a column's cells: a type of kernels/columns.ts and its two numbers. */
export interface ColumnCode {
  readonly type: number;
  readonly first: number;
  readonly second: number | bigint;
}

const Type = {
  deferred: 0,
  text: 1,
  varchar: 2,
  boolean: 3,
  integer: 4,
  numeric: 5,
  float: 6,
  date: 7,
  time: 8,
  timestamp: 9,
  uuid: 10,
  json: 11,
  jsonb: 12,
} as const;

const code = (type: number, first = 0, second: number | bigint = 0): ColumnCode => ({ type, first, second });

const DEFERRED = code(Type.deferred);

/** The column's code; whatever is declared beyond its type leaves its values to the coercer, cell by cell. */
export function columnCode(table: Pick<TableModel, 'inference'>, column: ColumnModel): ColumnCode {
  // The kernel passes over zones; dates it takes only as they are.
  if (droppedPart(table, column) === 'zone') return DEFERRED;
  const { type, format, timezone, decimal, values, nullValues } = column;
  if (type.isArray || values !== null || (nullValues ?? []).length > 0) return DEFERRED;
  const isIso = format === null || format === 'rfc3339' || format === 'iso8601';
  switch (type.scalar) {
    case 'text':
      return code(Type.text);
    case 'varchar':
      return type.maxLength === null ? code(Type.text) : code(Type.varchar, type.maxLength);
    case 'boolean':
      return code(Type.boolean);
    case 'smallint':
      return decimal === null ? code(Type.integer, 5, 32767n) : DEFERRED;
    case 'integer':
      return decimal === null ? code(Type.integer, 10, 2147483647n) : DEFERRED;
    case 'bigint':
      return decimal === null ? code(Type.integer, 19, 9223372036854775807n) : DEFERRED;
    case 'numeric': {
      if (decimal !== null) return DEFERRED;
      if (type.precision === null) return code(Type.numeric, 1024, -1);
      const scale = type.scale ?? 0;
      return scale < 0 ? DEFERRED : code(Type.numeric, type.precision - scale, scale);
    }
    case 'real':
      return decimal === null ? code(Type.float, 6) : DEFERRED;
    case 'double':
      return decimal === null ? code(Type.float, 15) : DEFERRED;
    case 'date':
      return isIso ? code(Type.date) : DEFERRED;
    case 'time':
      return isIso ? code(Type.time) : DEFERRED;
    case 'timestamp':
    case 'timestamptz':
      return isIso ? code(Type.timestamp, type.scalar === 'timestamptz' ? 1 : 0, isUtc(timezone) ? 1 : 0) : DEFERRED;
    case 'uuid':
      return code(Type.uuid);
    case 'json':
      return code(Type.json);
    case 'jsonb':
      return code(Type.jsonb);
    case 'bytea':
      return DEFERRED;
  }
}
