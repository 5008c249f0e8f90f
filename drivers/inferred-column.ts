import { relative } from 'node:path';
import type { ColumnModel, TableModel } from '../src/config/model.js';
import { SCALAR_TYPES } from '../src/core/sql-type.js';

/**
 * What to do about a value that does not fit a column whose type only comes from a sample; undefined for declared columns.
 * `message` is the coercer's, which ends with the value in quotes.
 */
export function inferredColumnHint(
  table: Pick<TableModel, 'dsn' | 'name' | 'inference' | 'location'>,
  column: Pick<ColumnModel, 'name' | 'type' | 'field'>,
  message: string,
): string | undefined {
  if (table.inference?.columns.has(column.name) !== true) return undefined;
  const { scalar, isArray } = column.type;
  const suffix = isArray ? '[]' : '';
  const type = `${widerType(scalar, /: "([^"]*)"$|^(?:value )?"([^"]*)" is out of range/.exec(message))}${suffix}`;
  const { file, line } = table.location;
  const declaration = column.field === column.name ? type : `{ type: ${type}, field: ${JSON.stringify(column.field)} }`;
  const place = `${relative(process.cwd(), file)}:${line}`;
  return (
    `The type ${SCALAR_TYPES[scalar].sql}${suffix} was inferred from a sample: declare columns: { ${column.name}: ${declaration} } with ` +
    `infer: true, which leaves the others as they are, in DSN file ${place}, or run tidegate discover --refresh ${table.dsn}.${table.name}.`
  );
}

/** The next type that takes the value too. */
function widerType(scalar: ColumnModel['type']['scalar'], match: RegExpExecArray | null): string {
  const value = match?.[1] ?? match?.[2] ?? '';
  const isNumber = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value);
  if (scalar === 'bigint' && isNumber) return /[eE]/.test(value) ? 'double precision' : 'numeric';
  if (scalar === 'double' && isNumber) return 'numeric';
  if ((scalar === 'date' || scalar === 'timestamp') && /^\d{4}-\d{2}-\d{2}[T ]/.test(value)) {
    return /(?:Z|[+-]\d{2}(?::?\d{2})?)$/i.test(value) ? 'timestamptz' : 'timestamp';
  }
  return 'text';
}
