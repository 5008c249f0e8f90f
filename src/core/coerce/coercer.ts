import type { ColumnModel } from '../../config/model.js';
import { GatewayError } from '../errors.js';
import { makeArrayCoercer } from './array.js';
import { booleanCoercer } from './boolean.js';
import { makeBooleanValuesCoercer } from './boolean-values.js';
import { makeByteaCoercer } from './bytea.js';
import type { Coercer, StringOrigin } from './contract.js';
import { makeDatetimeCoercer } from './datetime.js';
import { makeFloatCoercer } from './float.js';
import { makeIntegerCoercer } from './integer.js';
import { makeJsonbCoercer, makeJsonCoercer } from './json.js';
import { withNulls } from './nulls.js';
import { makeNumericCoercer } from './numeric.js';
import { makeTextCoercer } from './text.js';
import { uuidCoercer } from './uuid.js';

export type { Coercer, StringOrigin } from './contract.js';

/** What a coercer needs to know of a column. */
export type CoercedColumn = Pick<
  ColumnModel,
  'type' | 'format' | 'timezone' | 'decimal' | 'values' | 'nullValues' | 'onError'
>;

/** What a column needs to say of its values when nothing is declared but its type. */
export const PLAIN_VALUES: Omit<CoercedColumn, 'type'> = {
  format: null,
  timezone: 'UTC',
  decimal: null,
  values: null,
  nullValues: null,
  onError: 'fail',
};

/**
 * Makes the coercer of a column's values. `origin`: what the source's strings are, which matters to json and jsonb alone. A
 * `format`, `timezone` or `decimal` that cannot be used throws F0000.
 */
export function makeCoercer(column: CoercedColumn, origin: StringOrigin = 'json'): Coercer {
  if (!column.type.isArray) return withNulls(makeScalarCoercer(column, origin), column);
  const strict = { ...column, onError: 'fail' } as const;
  const element = withNulls(makeScalarCoercer(column, origin), strict);
  const isJson = column.type.scalar === 'json' || column.type.scalar === 'jsonb';
  const parseText = isJson ? withNulls(makeScalarCoercer(column, 'text'), strict).fromString : element.fromString;
  return withNulls(makeArrayCoercer(element, isJson, parseText), column);
}

/** The column's `default` as canonical text, null when it has none; throws when it is not of the column's type. */
export function defaultText(column: CoercedColumn & Pick<ColumnModel, 'name' | 'defaultValue'>): string | null {
  const { defaultValue } = column;
  if (defaultValue === null) return null;
  // A default is typed by a person: not one of the API's spellings of NULL, and never silently dropped. Where the
  // API sends times as numbers, it may still be an ISO time; a truth value may be written as the API does, or as true or false.
  const plain: CoercedColumn = { ...column, nullValues: null, onError: 'fail', decimal: null };
  const isDatetime = /^(?:date|time|timestamp|timestamptz)$/.test(column.type.scalar);
  const { scalar, isArray } = column.type;
  if ((scalar === 'json' || scalar === 'jsonb') && !isArray) return jsonDefault(plain, defaultValue);
  if (column.values !== null) return coerceAsEither(plain, { ...plain, values: null }, defaultValue);
  if (column.format === null || !isDatetime) return makeCoercer(plain, 'text').fromString(defaultValue);
  return coerceAsEither({ ...plain, format: null }, plain, defaultValue);
}

/** A default that is no JSON text is the JSON string of it. */
function jsonDefault(column: CoercedColumn, text: string): string | null {
  return attempt(() => makeCoercer(column, 'text').fromString(text)) ?? makeCoercer(column).fromString(text);
}

function coerceAsEither(first: CoercedColumn, second: CoercedColumn, text: string): string | null {
  return attempt(() => makeCoercer(first).fromString(text)) ?? makeCoercer(second).fromString(text);
}

function attempt(coerce: () => string | null): string | null {
  try {
    return coerce();
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

function makeScalarCoercer({ type, format, timezone, decimal, values }: CoercedColumn, origin: StringOrigin): Coercer {
  switch (type.scalar) {
    case 'text':
    case 'varchar':
      return makeTextCoercer(type);
    case 'boolean':
      return values === null ? booleanCoercer : makeBooleanValuesCoercer(values);
    case 'smallint':
    case 'integer':
    case 'bigint':
      return makeIntegerCoercer(type.scalar, decimal);
    case 'numeric':
      return makeNumericCoercer(type, decimal);
    case 'real':
    case 'double':
      return makeFloatCoercer(type.scalar, decimal);
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return makeDatetimeCoercer(type.scalar, { format, timezone });
    case 'uuid':
      return uuidCoercer;
    case 'json':
      return makeJsonCoercer(origin);
    case 'jsonb':
      return makeJsonbCoercer(origin);
    case 'bytea':
      return makeByteaCoercer(format);
  }
}
