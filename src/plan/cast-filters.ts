import type { ColumnModel } from '../config/model.js';
import type { ScalarName } from '../core/sql-type.js';
import type { PushedFilter } from '../scan/scan.js';
import type { Condition } from './condition.js';
import { canonicalConstant, isInteger, type OutputSettings } from './constants.js';

type CastCondition = Exclude<Condition, { type: 'other' | 'unevaluated' | 'period' }>;

/**
 * What a condition on a column that is cast to another type says of the column: `id::text = '42'`, `n::numeric > 1.5`,
 * `n = 3::float8`.
 */
export function readCastFilter(
  condition: CastCondition,
  columns: ReadonlyMap<string, ColumnModel>,
  settings: OutputSettings,
): PushedFilter | null {
  const column = columns.get(condition.column);
  if (column === undefined || column.type.isArray) return null;
  if (condition.cast === 'text') return textFilter(condition, column, settings);
  const isNumber = condition.cast === 'numeric' || (condition.cast === 'float8' && settings.hasExactFloats);
  return isNumber && isInteger(column) ? numberFilter(condition, column, settings) : null;
}

/** Names that casts give the types of columns. */
const TYPE_NAMES: Readonly<Partial<Record<ScalarName, string>>> = { boolean: 'bool', real: 'float4', double: 'float8' };

/** A value that has this text is the one that the text is read as. */
function textFilter(condition: CastCondition, column: ColumnModel, settings: OutputSettings): PushedFilter | null {
  const texts = textsOf(condition);
  if (texts === null) return null;
  const { name } = column;
  if (isInteger(column)) {
    // Only such a text can be that of a whole number.
    const whole = texts.filter((text) => /^(?:0|-?[1-9]\d{0,17})$/.test(text));
    return oneOf(name, valuesOf(column, whole, settings));
  }
  const { scalar } = column.type;
  const typeName = TYPE_NAMES[scalar] ?? scalar;
  const values = texts.map((text) => canonicalConstant(column, { text, typeName }, settings));
  return values.includes(null) ? null : oneOf(name, values as string[]);
}

/** Null: the column cannot have any of the values, and there is no filter that says so. */
function oneOf(column: string, values: readonly string[]): PushedFilter | null {
  return values.length === 0 ? null : { column, operator: values.length === 1 ? '=' : 'in', values };
}

/** Those of the whole numbers that the column's type has. */
function valuesOf(column: ColumnModel, numbers: readonly string[], settings: OutputSettings): string[] {
  return numbers.flatMap((text) => canonicalConstant(column, { text, typeName: 'int8' }, settings) ?? []);
}

function textsOf(condition: CastCondition): readonly string[] | null {
  if (condition.type === 'in') return condition.values;
  return condition.type === 'compare' && condition.operator === '=' ? [condition.value.text] : null;
}

/** Whole numbers are compared as numeric or floating point. */
function numberFilter(condition: CastCondition, column: ColumnModel, settings: OutputSettings): PushedFilter | null {
  const { name } = column;
  if (condition.type === 'in') {
    const numbers = condition.values.map(readNumber);
    if (numbers.includes(null)) return null;
    const whole = numbers.flatMap((number) => (number!.isWhole ? [String(number!.floor)] : []));
    return oneOf(name, valuesOf(column, whole, settings));
  }
  const number = condition.type === 'compare' ? readNumber(condition.value.text) : null;
  if (number === null || condition.type !== 'compare') return null;
  const { operator, value: whole } = wholeComparison(condition.operator, number);
  if (operator === null) return null;
  const [value] = valuesOf(column, [String(whole)], settings);
  return value === undefined ? null : { column: name, operator, values: [value] };
}

/** The comparison with a whole number that says the same of whole numbers; null for one that says nothing which could be sent. */
function wholeComparison<Operator extends string>(
  operator: Operator,
  { floor, isWhole }: WholeNumber,
): { readonly operator: Operator | '<=' | '>=' | null; readonly value: number } {
  if (isWhole) return { operator, value: floor };
  if (operator === '>' || operator === '>=') return { operator: '>=', value: floor + 1 };
  // `=` and `<>`: no whole number is equal.
  return { operator: operator === '<' || operator === '<=' ? '<=' : null, value: floor };
}

interface WholeNumber {
  readonly floor: number;
  readonly isWhole: boolean;
}

function readNumber(text: string): WholeNumber | null {
  const match = /^-?\d{1,15}(?:\.(\d*))?$/.exec(text);
  // No `-0`.
  return match === null ? null : { floor: Math.floor(Number(text)) + 0, isWhole: /^0*$/.test(match[1] ?? '') };
}
