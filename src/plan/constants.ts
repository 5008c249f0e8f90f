import type { ColumnModel } from '../config/model.js';
import { plainColumn } from '../config/plain-model.js';
import { makeCoercer } from '../core/coerce/coercer.js';
import type { ScalarName } from '../core/sql-type.js';
import type { Constant } from './expression-nodes.js';

/** How the session prints constants in EXPLAIN, as far as it changes what they say. */
export interface OutputSettings {
  /** DateStyle starts with ISO: dates and times can be read back. */
  readonly hasIsoDates: boolean;
  /** extra_float_digits is at least 1: floats are printed exactly. */
  readonly hasExactFloats: boolean;
}

/** Names that EXPLAIN gives the constants which a column of each type is compared with by that type's own operators. */
const COMPARABLE: Readonly<Partial<Record<ScalarName, ReadonlySet<string>>>> = {
  text: new Set(['text', 'varchar']),
  varchar: new Set(['text', 'varchar']),
  boolean: new Set(['bool']),
  smallint: new Set(['int2', 'int4', 'int8']),
  integer: new Set(['int2', 'int4', 'int8']),
  bigint: new Set(['int2', 'int4', 'int8']),
  numeric: new Set(['numeric']),
  real: new Set(['float4']),
  double: new Set(['float8']),
  date: new Set(['date']),
  time: new Set(['time']),
  timestamp: new Set(['timestamp']),
  timestamptz: new Set(['timestamptz']),
  uuid: new Set(['uuid']),
};

const DATE_TYPES: ReadonlySet<ScalarName> = new Set(['date', 'time', 'timestamp', 'timestamptz']);
const FLOAT_TYPES: ReadonlySet<ScalarName> = new Set(['real', 'double']);

/** The types that an untyped literal of EXPLAIN (`42`, `1.5`, `true`) can have. */
const UNTYPED: ReadonlySet<ScalarName> = new Set(['smallint', 'integer', 'bigint', 'numeric', 'boolean']);

const INTEGER_TYPES: ReadonlySet<ScalarName> = new Set(['smallint', 'integer', 'bigint']);
const TEXT_TYPES: ReadonlySet<ScalarName> = new Set(['text', 'varchar']);
const WIDER_INTEGERS = new Set(['int4', 'int8']);

/**
 * The column of a condition; null when the condition casts it to a type in which its values compare otherwise.
 */
export function conditionColumn(
  { column: name, cast }: { readonly column: string; readonly cast: string | null },
  columns: ReadonlyMap<string, ColumnModel>,
): ColumnModel | null {
  const column = columns.get(name);
  if (column === undefined || column.type.isArray) return null;
  const { scalar } = column.type;
  if (cast === null || (cast === 'text' && TEXT_TYPES.has(scalar))) return column;
  return INTEGER_TYPES.has(scalar) && WIDER_INTEGERS.has(cast) ? column : null;
}

/** Whether a column of the type holds whole numbers. */
export function isInteger({ type }: ColumnModel): boolean {
  return !type.isArray && INTEGER_TYPES.has(type.scalar);
}

/**
 * The constant as canonical text of the column's type.
 * @returns null when the comparison is not one of that type's own, or the session prints such constants differently
 */
export function canonicalConstant(column: ColumnModel, constant: Constant, settings: OutputSettings): string | null {
  const { scalar } = column.type;
  if (constant.typeName === null ? !UNTYPED.has(scalar) : !COMPARABLE[scalar]?.has(constant.typeName)) return null;
  if (constant.typeName === null && !isLiteralOf(scalar, constant.text)) return null;
  if (DATE_TYPES.has(scalar) && !settings.hasIsoDates) return null;
  if (FLOAT_TYPES.has(scalar) && !settings.hasExactFloats) return null;
  try {
    return makeCoercer(bareColumn(column)).fromString(constant.text);
  } catch {
    return null; // out of the column type's range, such as an int8 constant for a smallint column
  }
}

/** An integer column compared with `1.5` is cast to numeric first, and shows as such; only whole literals are its own. */
function isLiteralOf(scalar: ScalarName, text: string): boolean {
  if (scalar === 'boolean') return text === 't' || text === 'f';
  if (scalar === 'numeric') return text.includes('.');
  return /^\d+$/.test(text);
}

/** The column without the options that describe how its API writes values, and without a length to exceed. */
export function bareColumn({ name, type }: ColumnModel): ColumnModel {
  const scalar: ScalarName = type.scalar === 'varchar' ? 'text' : type.scalar;
  return plainColumn(name, { scalar, isArray: false, maxLength: null, precision: null, scale: null });
}
