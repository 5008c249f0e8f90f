import { atom, BINDING, type Expression, integerValue, isNumber, isParameter, operation, wrap } from './expression.js';
import { giveUp } from './untranslatable.js';

type DatePart = 'year' | 'quarter' | 'month' | 'dayofyear' | 'day' | 'week' | 'hour' | 'minute' | 'second';
type FinePart = 'millisecond' | 'microsecond' | 'iso_week';

/** Names of the date parts. https://learn.microsoft.com/sql/t-sql/functions/dateadd-transact-sql */
const PARTS: Readonly<Record<string, DatePart | FinePart>> = {
  YEAR: 'year',
  YYYY: 'year',
  YY: 'year',
  QUARTER: 'quarter',
  QQ: 'quarter',
  Q: 'quarter',
  MONTH: 'month',
  MM: 'month',
  M: 'month',
  DAYOFYEAR: 'dayofyear',
  DY: 'dayofyear',
  Y: 'dayofyear',
  DAY: 'day',
  DD: 'day',
  D: 'day',
  WEEK: 'week',
  WK: 'week',
  WW: 'week',
  HOUR: 'hour',
  HH: 'hour',
  MINUTE: 'minute',
  MI: 'minute',
  N: 'minute',
  SECOND: 'second',
  SS: 'second',
  S: 'second',
  MILLISECOND: 'millisecond',
  MS: 'millisecond',
  MICROSECOND: 'microsecond',
  MCS: 'microsecond',
  ISO_WEEK: 'iso_week',
  ISOWK: 'iso_week',
  ISOWW: 'iso_week',
};

/** One unit of each part that DATEADD takes, as interval text. */
const STEPS: Readonly<Record<string, readonly [count: number, unit: string]>> = {
  year: [1, 'year'],
  quarter: [3, 'month'],
  month: [1, 'month'],
  dayofyear: [1, 'day'],
  day: [1, 'day'],
  week: [7, 'day'],
  hour: [1, 'hour'],
  minute: [1, 'minute'],
  second: [1, 'second'],
  millisecond: [1, 'millisecond'],
  microsecond: [1, 'microsecond'],
};

/** Parts shorter than a day: seconds in one, and the field that date_trunc cuts to. */
const SECONDS: Readonly<Record<string, readonly [operator: string, truncate: string]>> = {
  hour: [' / 3600', 'hour'],
  minute: [' / 60', 'minute'],
  second: ['', 'second'],
  millisecond: [' * 1000', 'milliseconds'],
  microsecond: [' * 1000000', 'microseconds'],
};

/** T-SQL's weeks begin on Sunday in DATEDIFF. Before T-SQL's first day, so that whole weeks divide without a sign. */
const SUNDAY = "date '0001-12-31 BC'";

/** Day zero of T-SQL's datetime: `DATEADD(month, DATEDIFF(month, 0, x), 0)` is the first of the month. */
const DAY_ZERO_MS = Date.UTC(1900, 0, 1);
const DAY_MS = 86_400_000;

/** The date functions that take a part's name first. */
export const DATE_PART_FUNCTIONS: ReadonlySet<string> = new Set([
  'DATEADD',
  'DATEDIFF',
  'DATEDIFF_BIG',
  'DATEPART',
  'DATETRUNC',
]);

/** A call such as `DATEADD(day, -7, x)`; `part` is the first argument, the others come translated. */
export function datePartCall(name: string, part: string, args: readonly Expression[]): Expression {
  const known = PARTS[part.toUpperCase()] ?? giveUp(`date part ${part}`);
  const [first, second] = args;
  if (first === undefined || args.length !== (name === 'DATEPART' || name === 'DATETRUNC' ? 1 : 2)) giveUp('arguments');
  switch (name) {
    case 'DATEADD':
      return dateAdd(known, first, second!);
    case 'DATEDIFF':
      return dateDiff(known, first, second!, 'integer');
    case 'DATEDIFF_BIG':
      return dateDiff(known, first, second!, 'bigint');
    case 'DATEPART':
      return datePart(known, first);
    default:
      return dateTruncate(known, first);
  }
}

/** The part of a date as an integer. Week and weekday numbers depend on DATEFIRST and are not translated. */
export function datePart(part: DatePart | FinePart, value: Expression): Expression {
  switch (part) {
    case 'week':
      return giveUp('week numbers');
    case 'iso_week':
      return extract('week', asTimestamp(value));
    case 'dayofyear':
      return extract('doy', asTimestamp(value));
    case 'millisecond':
      return remainder(`floor(extract(milliseconds FROM ${moment(value)}))`, 1000);
    case 'microsecond':
      return remainder(`extract(microseconds FROM ${moment(value)})`, 1_000_000);
    case 'second':
      return atom(`CAST(floor(extract(second FROM ${moment(value)})) AS integer)`, 'integer');
    case 'hour':
    case 'minute':
      // As it is, because a time column has them too.
      return extract(part, moment(value));
    default:
      return extract(part, asTimestamp(value));
  }
}

/** `EOMONTH(x, months)`. */
export function endOfMonth(value: Expression, months: Expression | null): Expression {
  const shift = months === null ? '' : ` + ${steps(months, [1, 'month'])}`;
  return atom(`CAST(date_trunc('month', ${asTimestamp(value)})${shift} + interval '1 month -1 day' AS date)`, 'date');
}

function dateAdd(part: DatePart | FinePart, count: Expression, value: Expression): Expression {
  const step = STEPS[part] ?? giveUp(`DATEADD of ${part}`);
  const sum = operation(
    `${wrap(momentExpression(value), BINDING.add)} + ${steps(count, step)}`,
    BINDING.add,
    'datetime',
  );
  if (value.kind !== 'date') return sum;
  if (SECONDS[part] !== undefined) giveUp('time added to a date');
  return atom(`CAST(${sum.sql} AS date)`, 'date');
}

/** A number of steps as an interval; T-SQL cuts the number's fraction off. */
function steps(count: Expression, [size, unit]: readonly [number, string]): string {
  const value = integerValue(count);
  if (value !== null) return `interval '${value * size} ${unit}'`;
  if (count.kind !== 'unknown' && !isNumber(count)) giveUp('a count of steps');
  const whole = isParameter(count)
    ? `CAST(${count.sql} AS integer)`
    : count.kind === 'integer'
      ? wrap(count, BINDING.multiply)
      : `trunc(${count.sql})`;
  return `${whole} * interval '${size} ${unit}'`;
}

/** Counts the boundaries between two moments, as T-SQL does: from 23:59 to 00:01 is one day. */
function dateDiff(part: DatePart | FinePart, from: Expression, to: Expression, type: string): Expression {
  const months = (value: Expression, perYear: number, field: string): string =>
    `(extract(year FROM ${asTimestamp(value)}) * ${perYear} + extract(${field} FROM ${asTimestamp(value)}))`;
  const difference = (start: string, end: string): Expression => atom(`CAST(${end} - ${start} AS ${type})`, 'integer');
  switch (part) {
    case 'year':
      return difference(`extract(year FROM ${asTimestamp(from)})`, `extract(year FROM ${asTimestamp(to)})`);
    case 'quarter':
      return difference(months(from, 4, 'quarter'), months(to, 4, 'quarter'));
    case 'month':
      return difference(months(from, 12, 'month'), months(to, 12, 'month'));
    case 'day':
    case 'dayofyear':
      return difference(asDate(from), asDate(to));
    case 'week':
      return difference(`(${asDate(from)} - ${SUNDAY}) / 7`, `(${asDate(to)} - ${SUNDAY}) / 7`);
    default: {
      const [operator, truncate] = SECONDS[part] ?? giveUp(`DATEDIFF of ${part}`);
      const cut = (value: Expression): string => `date_trunc('${truncate}', ${asTimestamp(value)})`;
      return atom(`CAST(extract(epoch FROM ${cut(to)} - ${cut(from)})${operator} AS ${type})`, 'integer');
    }
  }
}

function dateTruncate(part: DatePart | FinePart, value: Expression): Expression {
  if (part === 'week' || value.kind === 'string') giveUp(`DATETRUNC of ${part}`);
  const field = { dayofyear: 'day', iso_week: 'week', millisecond: 'milliseconds', microsecond: 'microseconds' }[
    part as string
  ];
  const sql = `date_trunc('${field ?? part}', ${asTimestamp(value)})`;
  return value.kind === 'date' ? atom(`CAST(${sql} AS date)`, 'date') : atom(sql, 'datetime');
}

function extract(field: string, source: string): Expression {
  return atom(`CAST(extract(${field} FROM ${source}) AS integer)`, 'integer');
}

/** PostgreSQL's fields below a second include the seconds. */
function remainder(sql: string, divisor: number): Expression {
  return operation(`CAST(${sql} AS integer) % ${divisor}`, BINDING.multiply, 'integer');
}

/** A moment of a type that has date and time. */
function asTimestamp(value: Expression): string {
  const { sql, kind } = momentExpression(value);
  return kind === 'datetime' ? sql : `CAST(${sql} AS timestamp)`;
}

function asDate(value: Expression): string {
  const { sql, kind } = momentExpression(value);
  return kind === 'date' ? sql : `CAST(${sql} AS date)`;
}

function moment(value: Expression): string {
  return momentExpression(value).sql;
}

/** What stands where T-SQL wants a date: literals and parameters get a type, whole numbers count days from 1900. */
function momentExpression(value: Expression): Expression {
  const days = integerValue(value);
  if (days !== null && Math.abs(days) < 100_000) {
    const day = new Date(DAY_ZERO_MS + days * DAY_MS).toISOString().slice(0, 10);
    return atom(`timestamp '${day}'`, 'datetime');
  }
  if (isNumber(value) || value.kind === 'padded') giveUp('a number as a date');
  if (value.kind === 'string' || isParameter(value) || value.sql === 'NULL') {
    return atom(`CAST(${value.sql} AS timestamp)`, 'datetime');
  }
  return value;
}
