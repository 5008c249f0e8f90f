import { type CoercedColumn, PLAIN_VALUES } from '../../src/core/coerce/coercer.js';
import { parseSqlType } from '../../src/core/sql-type.js';

/** A column of a type as DSN files write it, with nothing else declared. */
export function column(type: string, settings: Partial<CoercedColumn> = {}): CoercedColumn {
  const parsed = parseSqlType(type);
  if (parsed === null) throw new Error(`no type: ${type}`);
  return { type: parsed, ...PLAIN_VALUES, ...settings };
}
