import type { ColumnModel, FilterModel, FilterOperator } from '../config/model.js';
import type { ScalarName } from '../core/sql-type.js';
import { formatTime } from './time-format.js';

/** What the API is sent for a filter. */
export interface FilterText {
  readonly text: string;
  /** True for a number or truth value, which a JSON body gets unquoted. */
  readonly isLiteral: boolean;
}

const UPPER_BOUNDS: ReadonlySet<FilterOperator> = new Set(['<', '<=']);
const NUMERIC: ReadonlySet<ScalarName> = new Set(['smallint', 'integer', 'bigint', 'numeric', 'real', 'double']);

/**
 * Writes a filter's values as the API expects them: mapped by `values`, formatted, joined, put into the template. Null
 * when they cannot be said to this API (an infinite date, a value that has the list's separator in it).
 */
export function filterText(
  filter: FilterModel,
  column: ColumnModel,
  operator: FilterOperator,
  values: readonly string[],
): FilterText | null {
  if (operator === 'is_null' || operator === 'is_not_null') return nullTest(filter, column, operator);
  const texts = values.map((value) => valueText(filter, column, operator, value));
  if (texts.includes(null)) return null;
  const known = texts as readonly string[];
  const { separator } = filter;
  if (known.length > 1 && (separator === null || known.some((text) => text.includes(separator)))) return null;
  const template = templateOf(filter, operator);
  if (template === null) {
    const isLiteral = known.length === 1 && filter.values === null && isLiteralText(known[0]!, column);
    return { text: known.join(separator ?? ''), isLiteral };
  }
  return { text: fillTemplate(template, column, operator, known, separator ?? ''), isLiteral: false };
}

function nullTest(filter: FilterModel, column: ColumnModel, operator: 'is_null' | 'is_not_null'): FilterText {
  const name = operator === 'is_null' ? 'null' : 'not null';
  const text = filter.values?.get(operator) ?? filter.values?.get(name) ?? name;
  const template = templateOf(filter, operator);
  if (template === null) return { text, isLiteral: text === 'null' };
  return { text: fillTemplate(template, column, operator, [text], ''), isLiteral: false };
}

function valueText(filter: FilterModel, column: ColumnModel, operator: FilterOperator, value: string): string | null {
  const { scalar } = column.type;
  const truth = scalar === 'boolean' ? (value === 't' || value === 'true' ? 'true' : 'false') : null;
  const mapped = filter.values?.get(value) ?? (truth === null ? undefined : filter.values?.get(truth));
  if (mapped !== undefined) return mapped;
  if (truth !== null) return column.values?.[truth][0] ?? truth;
  const isPattern = operator === 'like' || operator === 'ilike';
  if (isPattern || column.type.isArray) return value;
  if (scalar === 'date' || scalar === 'timestamp' || scalar === 'timestamptz') {
    const format = filter.format ?? column.format;
    return formatTime(value, scalar, { format, timezone: column.timezone, roundsUp: UPPER_BOUNDS.has(operator) });
  }
  return value;
}

function isLiteralText(text: string, column: ColumnModel): boolean {
  if (column.type.isArray) return false;
  if (column.type.scalar === 'boolean' && column.values === null) return true;
  const isNumber = column.values !== null || NUMERIC.has(column.type.scalar) || /^unix/.test(column.format ?? '');
  return isNumber && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);
}

/** Whether what is sent says which operator is meant, so that one parameter can carry several conditions on a column. */
export function tellsOperator({ template }: FilterModel): boolean {
  return typeof template === 'string' ? template.includes('{operator}') : template !== null;
}

function templateOf({ template }: FilterModel, operator: FilterOperator): string | null {
  return typeof template === 'string' || template === null ? template : (template.get(operator) ?? null);
}

/** Within quotes in the template a value's own quotes are escaped: doubled, or in double quotes as JSON does it. */
function fillTemplate(
  template: string,
  column: ColumnModel,
  operator: FilterOperator,
  values: readonly string[],
  separator: string,
): string {
  return template.replace(/\{(value|operator|column|field)\}/g, (all, name: string, at: number) => {
    if (name === 'operator') return operator.replaceAll('_', ' ');
    if (name === 'column') return column.name;
    if (name === 'field') return column.apiName ?? column.field;
    const before = template[at - 1];
    const after = template[at + all.length];
    const quote = before === after && (before === "'" || before === '"') ? before : null;
    return values.map((value) => escapeQuoted(value, quote)).join(separator);
  });
}

function escapeQuoted(value: string, quote: string | null): string {
  if (quote === "'") return value.replaceAll("'", "''");
  return quote === '"' ? JSON.stringify(value).slice(1, -1) : value;
}
