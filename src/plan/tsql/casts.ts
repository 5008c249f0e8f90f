import { atom, type Expression, isNumber, isParameter } from './expression.js';
import type { CastType } from './type-names.js';
import { giveUp } from './untranslatable.js';

/** Formats of CONVERT's date styles. https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql */
const DATE_STYLES: ReadonlyMap<number, string> = new Map([
  [23, 'YYYY-MM-DD'],
  [101, 'MM/DD/YYYY'],
  [102, 'YYYY.MM.DD'],
  [103, 'DD/MM/YYYY'],
  [104, 'DD.MM.YYYY'],
  [105, 'DD-MM-YYYY'],
  [108, 'HH24:MI:SS'],
  [110, 'MM-DD-YYYY'],
  [111, 'YYYY/MM/DD'],
  [112, 'YYYYMMDD'],
]);

/** Styles with date and time: cut to ten characters they are a date whatever the operand's type is. */
const ISO_STYLES: ReadonlySet<number> = new Set([20, 21, 25, 120, 121, 126, 127]);
const ISO_DATE_LENGTH = 10;

/** `CAST(x AS type)`, where the text lets T-SQL's conversion be kept. */
export function cast(value: Expression, type: CastType): Expression {
  switch (type.kind) {
    case 'integer':
      return castToInteger(value, type);
    case 'string':
    case 'padded':
      // T-SQL prints `Jan  1 2024 12:00AM`.
      if (value.kind === 'datetime') giveUp('a datetime as text without a style');
      break;
    case 'date':
    case 'datetime':
      if (isNumber(value)) giveUp('a number as a date');
      break;
    default:
      if (value.kind === 'date' || value.kind === 'datetime') {
        if (!type.sql.startsWith('time')) giveUp('a date as a number');
      }
      if (type.sql === 'boolean' && value.kind === 'decimal') giveUp('a fraction as bit');
  }
  return castAs(value.sql, type);
}

/** T-SQL cuts a fraction off, PostgreSQL rounds it: 2.7 is 2. */
function castToInteger(value: Expression, type: CastType): Expression {
  switch (value.kind) {
    case 'date':
    case 'datetime':
      return giveUp('a date as a number');
    case 'integer':
    case 'string':
      return castAs(value.sql, type);
    case 'decimal':
      return castAs(`trunc(${value.sql})`, type);
    default: {
      if (isParameter(value) || value.sql === 'NULL') return castAs(value.sql, type);
      // By way of text, because it is exact for every number type, and a boolean column is 1 or 0 for T-SQL.
      const digits = `replace(replace(CAST(${value.sql} AS text), 'true', '1'), 'false', '0')`;
      return castAs(`trunc(CAST(${digits} AS numeric))`, type);
    }
  }
}

/** `CONVERT(type, x, style)`. */
export function convert(value: Expression, type: CastType, style: number | null): Expression {
  if (style === null || (style === 0 && !isTextual(type) && value.kind !== 'string')) return cast(value, type);
  if (type.kind === 'string' || type.kind === 'padded') {
    const format = dateFormat(style, type, value);
    if (value.kind === 'string' || value.kind === 'padded' || isNumber(value)) giveUp('a style without a date');
    // date_trunc takes dates and timestamps only: a style means nothing for a column of another type.
    return castAs(`to_char(date_trunc('milliseconds', ${value.sql}), '${format}')`, type);
  }
  if ((type.kind === 'date' || type.kind === 'datetime') && value.literal !== null && isIsoDate(value.literal, style)) {
    return cast(value, type);
  }
  return giveUp(`style ${style}`);
}

function dateFormat(style: number, type: CastType, value: Expression): string {
  const format = DATE_STYLES.get(style);
  if (format !== undefined) return format;
  if (!ISO_STYLES.has(style)) return giveUp(`style ${style}`);
  if (type.maxLength !== null && type.maxLength <= ISO_DATE_LENGTH) return 'YYYY-MM-DD';
  if (value.kind === 'date') return 'YYYY-MM-DD';
  if (value.kind === 'datetime' && (style === 120 || style === 20)) return 'YYYY-MM-DD HH24:MI:SS';
  // Digits of the fraction depend on the column's own type.
  return giveUp(`style ${style}`);
}

function isIsoDate(text: string, style: number): boolean {
  if (style === 112) return /^\d{8}$/.test(text);
  return (ISO_STYLES.has(style) || style === 23) && /^\d{4}-\d\d-\d\d/.test(text);
}

function isTextual(type: CastType): boolean {
  return type.kind === 'string' || type.kind === 'padded';
}

function castAs(sql: string, type: CastType): Expression {
  return atom(`CAST(${sql} AS ${type.sql})`, type.kind);
}
