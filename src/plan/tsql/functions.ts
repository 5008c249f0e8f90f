import { datePart, endOfMonth } from './dates.js';
import { atom, BINDING, type Expression, integerValue, type Kind, operation } from './expression.js';
import { stringFunction } from './string-functions.js';
import { giveUp } from './untranslatable.js';

/** T-SQL functions with no equal in PostgreSQL, or with a name that means something else there. */
const UNTRANSLATABLE: ReadonlySet<string> = new Set(
  `APPROX_COUNT_DISTINCT ATN2 BINARY_CHECKSUM CHECKSUM CHECKSUM_AGG CHOOSE CONTAINS CONTAINSTABLE CURRENT_TIMEZONE
  DATALENGTH DATE_BUCKET DATENAME DATETIME2FROMPARTS DATETIMEFROMPARTS DATETIMEOFFSETFROMPARTS DECOMPRESS
  COMPRESS DIFFERENCE FORMAT FORMATMESSAGE FREETEXT FREETEXTTABLE GENERATE_SERIES GETANSINULL HASHBYTES ISDATE ISJSON
  ISNUMERIC JSON_ARRAY JSON_ARRAYAGG JSON_MODIFY JSON_OBJECT JSON_OBJECTAGG JSON_PATH_EXISTS JSON_QUERY JSON_VALUE
  NEWSEQUENTIALID OBJECT_ID OBJECT_NAME OPENDATASOURCE OPENJSON OPENQUERY OPENROWSET OPENXML PARSE PARSENAME PATINDEX
  PERCENTILE_CONT PERCENTILE_DISC POWER QUOTENAME RADIANS RAND DEGREES SMALLDATETIMEFROMPARTS SOUNDEX STR STRING_ESCAPE
  STRING_SPLIT STUFF SWITCHOFFSET SYSDATETIMEOFFSET TIMEFROMPARTS TODATETIMEOFFSET TRANSLATE TRY_CAST TRY_CONVERT
  TRY_PARSE EVENTDATA SERVERPROPERTY DATABASEPROPERTYEX CONNECTIONPROPERTY CONTEXT_INFO SESSION_CONTEXT
  SUSER_NAME SUSER_SNAME USER_NAME USER_ID DB_NAME DB_ID HOST_NAME APP_NAME SCOPE_IDENTITY IDENT_CURRENT ROWCOUNT_BIG
  LATERAL ROW ARRAY XMLELEMENT`.split(/\s+/),
);

/** Functions with the same arguments and meaning under another name. */
const RENAMED: Readonly<Record<string, readonly [name: string, kind: Kind]>> = {
  COUNT_BIG: ['count', 'integer'],
  STDEV: ['stddev_samp', 'decimal'],
  STDEVP: ['stddev_pop', 'decimal'],
  VAR: ['var_samp', 'decimal'],
  VARP: ['var_pop', 'decimal'],
  DATEFROMPARTS: ['make_date', 'date'],
  NEWID: ['gen_random_uuid', 'unknown'],
  GROUPING_ID: ['grouping', 'integer'],
};

/** What is known of the results of functions that both dialects have. */
const KINDS: Readonly<Record<string, Kind>> = {
  COUNT: 'integer',
  ROW_NUMBER: 'integer',
  RANK: 'integer',
  DENSE_RANK: 'integer',
  NTILE: 'integer',
  GROUPING: 'integer',
  SQRT: 'decimal',
  EXP: 'decimal',
  PI: 'decimal',
  LOG10: 'decimal',
};

/** Now, as the session's local time: per statement, as in T-SQL, and without a zone. */
const NOW = 'CAST(statement_timestamp() AS timestamp)';
const NOW_MS = 'CAST(statement_timestamp() AS timestamp(3))';
const UTC_NOW = "(statement_timestamp() AT TIME ZONE 'UTC')";

type Rewrite = (args: readonly Expression[]) => Expression | null;

const REWRITES: Readonly<Record<string, Rewrite>> = {
  ISNULL: (args) => (args.length === 2 ? coalesce(args) : null),
  COALESCE: (args) => (args.length >= 2 ? coalesce(args) : null),
  IIF: ([condition, yes, no, more]) =>
    condition && yes && no && !more
      ? atom(`CASE WHEN ${condition.sql} THEN ${yes.sql} ELSE ${no.sql} END`, commonKind([yes, no]))
      : null,
  NULLIF: ([a, b, more]) => (a && b && !more ? atom(`NULLIF(${a.sql}, ${b.sql})`, a.kind) : null),
  GETDATE: (args) => (args.length === 0 ? atom(NOW_MS, 'datetime') : null),
  SYSDATETIME: (args) => (args.length === 0 ? atom(NOW, 'datetime') : null),
  GETUTCDATE: (args) => (args.length === 0 ? atom(`CAST(${UTC_NOW} AS timestamp(3))`, 'datetime') : null),
  SYSUTCDATETIME: (args) => (args.length === 0 ? atom(UTC_NOW, 'datetime') : null),
  YEAR: ([x, more]) => (x && !more ? datePart('year', x) : null),
  MONTH: ([x, more]) => (x && !more ? datePart('month', x) : null),
  DAY: ([x, more]) => (x && !more ? datePart('day', x) : null),
  EOMONTH: ([x, months, more]) => (x && !more ? endOfMonth(x, months ?? null) : null),
  ROUND: round,
  LOG: ([x, base, more]) => {
    // PostgreSQL's log has base 10.
    if (!x || more) return null;
    const natural = (value: Expression): string => `ln(CAST(${value.sql} AS double precision))`;
    if (!base) return atom(natural(x), 'decimal');
    return operation(`${natural(x)} / ${natural(base)}`, BINDING.multiply, 'decimal');
  },
  SQUARE: ([x, more]) => (x && !more ? atom(`power(CAST(${x.sql} AS double precision), 2)`, 'decimal') : null),
  ABS: numeric('abs'),
  CEILING: numeric('ceiling'),
  FLOOR: numeric('floor'),
};

/**
 * A call of a function by its bare name. A function that T-SQL does not have is left as it is: the engine's own
 * functions can be called, and it reports what it has not. Functions that both have mean what the engine makes of them
 * (AVG of integers has a fraction).
 * @throws Untranslatable for T-SQL's functions that have no equal
 */
export function functionCall(name: string, args: readonly Expression[]): Expression {
  const upper = name.toUpperCase();
  if (UNTRANSLATABLE.has(upper)) giveUp(`function ${upper}`);
  const renamed = Object.hasOwn(RENAMED, upper) ? RENAMED[upper]! : null;
  if (renamed !== null) return call(renamed[0], args, renamed[1]);
  const rewrite = Object.hasOwn(REWRITES, upper) ? REWRITES[upper]! : null;
  if (rewrite !== null) return rewrite(args) ?? giveUp(`arguments of ${upper}`);
  return stringFunction(upper, args) ?? call(name, args, Object.hasOwn(KINDS, upper) ? KINDS[upper]! : 'unknown');
}

/** The name that a function goes by when its arguments are not plain: `COUNT(*)`, `STDEV(DISTINCT x)`. */
export function aggregateName(name: string): readonly [name: string, kind: Kind] {
  const upper = name.toUpperCase();
  if (UNTRANSLATABLE.has(upper) || Object.hasOwn(REWRITES, upper)) giveUp(`function ${upper}`);
  return Object.hasOwn(RENAMED, upper)
    ? RENAMED[upper]!
    : [name, Object.hasOwn(KINDS, upper) ? KINDS[upper]! : 'unknown'];
}

/** The current time as a keyword. */
export const currentTimestamp: Expression = atom(NOW_MS, 'datetime');

/** What several results of one CASE have in common. */
export function commonKind(values: readonly Expression[]): Kind {
  if (values.some((value) => value.kind === 'padded')) return 'padded';
  const known = values.filter((value) => value.sql !== 'NULL');
  const first = known[0]?.kind ?? 'unknown';
  return known.every((value) => value.kind === first) ? first : 'unknown';
}

function call(name: string, args: readonly Expression[], kind: Kind): Expression {
  return atom(`${name}(${args.map((arg) => arg.sql).join(', ')})`, kind);
}

/**
 * With a literal that is no number among them all are strings: PostgreSQL would not read it as anything else, so
 * `ISNULL(first, '') + ISNULL(last, '')` joins strings or fails.
 */
function coalesce(args: readonly Expression[]): Expression {
  const kind = commonKind(args);
  const hasText = args.some((arg) => arg.literal !== null && !/\d/.test(arg.literal));
  return call('COALESCE', args, hasText && kind !== 'padded' ? 'string' : kind);
}

function numeric(name: string): Rewrite {
  return ([x, more]) => (x && !more ? call(name, [x], x.kind) : null);
}

/** ROUND(x, digits, cut): PostgreSQL rounds to digits only numeric values. */
function round(args: readonly Expression[]): Expression | null {
  const [value, digits, cut, more] = args;
  if (!value || !digits || more) return null;
  const mode = cut === undefined ? 0 : integerValue(cut);
  if (mode === null) return null;
  const places = digits.kind === 'integer' ? digits.sql : `CAST(${digits.sql} AS integer)`;
  return atom(`${mode === 0 ? 'round' : 'trunc'}(CAST(${value.sql} AS numeric), ${places})`, 'decimal');
}
