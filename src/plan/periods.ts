import type { ScalarName } from '../core/sql-type.js';
import type { CompareOperator } from './expression-nodes.js';
import { columnUse } from './expression-nodes.js';
import { type Node, stringList } from './syntax.js';

/** What a moment is counted to: `at::date`, `date_trunc('month', at)`, `extract(year FROM at)`. */
export type Period = 'date' | 'year_number' | Unit;

type Unit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

/** A column of table `alias` whose moments are counted to periods. */
export interface PeriodUse {
  readonly column: string;
  readonly period: Period;
}

/** SQL for the first moment and for the first one behind; null: no bound. */
export interface PeriodBounds {
  readonly lower: string | null;
  readonly upper: string | null;
}

const LENGTHS: Readonly<Record<Unit, string>> = {
  second: '1 second',
  minute: '1 minute',
  hour: '1 hour',
  day: '1 day',
  week: '7 days',
  month: '1 month',
  quarter: '3 months',
  year: '1 year',
};
const WITHIN_DAYS: ReadonlySet<Period> = new Set(['second', 'minute', 'hour']);

/** The period that an expression of EXPLAIN counts a column's moments to; null: it is something else. */
export function periodUse(node: Node | undefined, alias: string): PeriodUse | null {
  const cast = columnUse(node, alias);
  if (cast !== null) return cast.cast === 'date' ? { column: cast.column, period: 'date' } : null;
  const call = node?.FuncCall as Node | undefined;
  const [part, argument, ...others] = (call?.args as Node[] | undefined) ?? [];
  const use = others.length > 0 ? null : columnUse(argument, alias);
  // A date is cast to a moment first.
  if (use === null || (use.cast !== null && !['timestamp', 'timestamptz'].includes(use.cast))) return null;
  const name = stringList(call!.funcname).at(-1);
  const unit = textOf(part);
  if ((name === 'extract' || name === 'date_part') && unit === 'year') {
    return { column: use.column, period: 'year_number' };
  }
  return name === 'date_trunc' && unit !== null && Object.hasOwn(LENGTHS, unit)
    ? { column: use.column, period: unit as Unit }
    : null;
}

function textOf(node: Node | undefined): string | null {
  const cast = node?.TypeCast as Node | undefined;
  const constant = (cast === undefined ? node : (cast.arg as Node))?.A_Const as Node | undefined;
  const text = (constant?.sval as { sval?: string } | undefined)?.sval;
  return text === undefined ? null : text.toLowerCase();
}

/**
 * The moments whose period compares with `operand`, or with one of an array, as SQL of the column's type. All of them are within the bounds;
 * others may be too. The SQL is NULL where `operand` is of another type than those that compare as moments do.
 * @returns null: there are no such bounds
 */
export function periodBounds(
  period: Period,
  scalar: ScalarName,
  operator: CompareOperator | 'any',
  operand: string,
): PeriodBounds | null {
  if (operator === '<>' || (scalar !== 'timestamptz' && scalar !== 'timestamp' && scalar !== 'date')) return null;
  if (scalar === 'date' && (period === 'date' || WITHIN_DAYS.has(period))) return null;
  const [least, greatest] =
    operator === 'any'
      ? ['min', 'max'].map((choose) => `(SELECT ${choose}(v) FROM pg_catalog.unnest(${operand}) AS a (v))`)
      : [operand, operand];
  const low = placesOf(period, scalar, least!);
  const high = placesOf(period, scalar, greatest!);
  const early = (moment: string): string =>
    typed(scalar, scalar === 'timestamptz' ? firstOfTwo(moment, period) : moment);
  switch (operator) {
    case '=':
    case 'any':
      return { lower: early(low.from), upper: typed(scalar, high.next) };
    case '>=':
      return { lower: early(low.from), upper: null };
    case '>':
      return { lower: early(low.after), upper: null };
    case '<=':
      return { lower: null, upper: typed(scalar, high.next) };
    case '<':
      return { lower: null, upper: typed(scalar, high.before) };
  }
}

function typed(scalar: ScalarName, moment: string): string {
  return `(${moment})::${scalar}`;
}

/** Moments around `value`, where periods begin. */
interface Places {
  /** No period that is `value` or later begins before this. */
  readonly from: string;
  /** No period later than `value` begins before this. */
  readonly after: string;
  /** Every period before `value` has ended by this. */
  readonly before: string;
  /** Every period up to `value` has ended by this. */
  readonly next: string;
}

function placesOf(period: Period, scalar: ScalarName, value: string): Places {
  if (period === 'year_number') {
    const moment = scalar === 'timestamptz' ? 'timestamptz' : 'timestamp';
    const begin = (year: string): string => `pg_catalog.make_date((${year})::int, 1, 1)::${moment}`;
    const [ceiling, behind] = [begin(`pg_catalog.ceil(${value})`), begin(`pg_catalog.floor(${value}) + 1`)];
    return { from: ceiling, after: behind, before: ceiling, next: behind };
  }
  const moment = scalar === 'timestamp' ? 'timestamp' : 'timestamptz';
  // A timestamp is compared with a timestamptz as one, which is another order where clocks are put back.
  const types =
    period === 'date' ? ['date'] : ['date', 'timestamp', ...(scalar === 'timestamp' ? [] : ['timestamptz'])];
  const known = `CASE WHEN pg_catalog.pg_typeof(${value}) IN (${types.map((type) => `'${type}'::regtype`).join(', ')}) THEN (${value})::${moment} END`;
  const unit = period === 'date' ? 'day' : period;
  const length = `interval '${LENGTHS[unit]}'`;
  // Within a day nothing is counted by the calendar: a period begins with its first moment, and all are of one length.
  if (WITHIN_DAYS.has(unit)) {
    return { from: known, after: known, before: `${known} + ${length}`, next: `${known} + ${length}` };
  }
  const from = (condition: string): string =>
    `(SELECT CASE WHEN ${condition} THEN b ELSE b + ${length} END FROM (SELECT c, pg_catalog.date_trunc('${unit}', c) FROM (SELECT ${known}) AS k (c)) AS p (c, b))`;
  return { from: from('b >= c'), after: from('b > c'), before: from('b >= c'), next: from('false') };
}

/**
 * Where clocks are put back over midnight a day has two beginnings, of which the engine takes the later one. The first is
 * earlier by as much as they are put back.
 */
function firstOfTwo(moment: string, period: Period): string {
  if (WITHIN_DAYS.has(period)) return moment;
  const offset = (at: string): string => `pg_catalog.date_part('timezone', ${at})`;
  const back = `pg_catalog.make_interval(secs => pg_catalog.abs(${offset('m')} - ${offset("m - interval '26 hours'")}))`;
  return `SELECT m - ${back} FROM (SELECT ${moment}) AS t (m)`;
}
