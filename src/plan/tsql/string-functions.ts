import { atom, BINDING, type Expression, integerValue, operation, stringLiteral, wrap } from './expression.js';
import { giveUp } from './untranslatable.js';

/** Functions that both dialects have, with a string as result. */
const SAME: Readonly<Record<string, readonly [fewest: number, most: number]>> = {
  LOWER: [1, 1],
  UPPER: [1, 1],
  LTRIM: [1, 2],
  RTRIM: [1, 2],
  REPLACE: [3, 3],
  REVERSE: [1, 1],
  SUBSTRING: [3, 3],
  LEFT: [2, 2],
  RIGHT: [2, 2],
  CONCAT: [2, 254],
  CONCAT_WS: [3, 254],
  STRING_AGG: [2, 2],
};

/** Code points that a literal CHAR(n) means whatever the code page is. */
const LAST_ASCII = 127;

/** A call of one of T-SQL's string functions; null when it is none. */
export function stringFunction(upper: string, args: readonly Expression[]): Expression | null {
  const range = Object.hasOwn(SAME, upper) ? SAME[upper]! : null;
  if (range !== null) {
    if (args.length < range[0] || args.length > range[1]) giveUp(`arguments of ${upper}`);
    return sameFunction(upper, args);
  }
  const [first, second, third] = args;
  switch (upper) {
    case 'LEN':
      // LEN does not count trailing blanks.
      if (!first || args.length > 1) giveUp('arguments of LEN');
      return atom(`length(rtrim(${first.sql}))`, 'integer');
    case 'TRIM':
      if (!first || args.length > 1) giveUp('arguments of TRIM');
      return atom(`btrim(${first.sql})`, 'string');
    case 'CHARINDEX':
      if (!first || !second || args.length > 3) giveUp('arguments of CHARINDEX');
      return charIndex(first, second, third ?? null);
    case 'REPLICATE':
      if (!first || !second || args.length > 2) giveUp('arguments of REPLICATE');
      return repeat(first, second);
    case 'SPACE':
      if (!first || args.length > 1) giveUp('arguments of SPACE');
      return repeat(stringLiteral(' '), first);
    case 'CHAR':
    case 'NCHAR': {
      const code = first && args.length === 1 ? integerValue(first) : null;
      if (code === null || code < 1 || code > LAST_ASCII) giveUp(`${upper} of something else than an ASCII code`);
      return atom(`chr(${code})`, 'string');
    }
    case 'ASCII':
    case 'UNICODE':
      if (!first || args.length > 1) giveUp(`arguments of ${upper}`);
      return atom(`NULLIF(ascii(${first.sql}), 0)`, 'integer');
    default:
      return null;
  }
}

function sameFunction(upper: string, args: readonly Expression[]): Expression {
  // PostgreSQL drops the blanks of char(n) before a text function sees them.
  if (args.some((arg) => arg.kind === 'padded')) giveUp('blanks of char(n)');
  const count = upper === 'LEFT' || upper === 'RIGHT' ? integerValue(args[1]!) : null;
  // A negative count is an error in T-SQL and counts from the other end in PostgreSQL.
  if (count !== null && count < 0) giveUp('negative length');
  return atom(`${upper.toLowerCase()}(${args.map((arg) => arg.sql).join(', ')})`, 'string');
}

/** CHARINDEX(wanted, text, start): 0 when there is none, and for an empty `wanted`. */
function charIndex(wanted: Expression, text: Expression, start: Expression | null): Expression {
  const guard = wanted.literal === null ? `least(length(${wanted.sql}), 1)` : wanted.literal === '' ? '0' : null;
  const found = `strpos(${text.sql}, ${wanted.sql})`;
  if (start !== null) {
    const from = integerValue(start);
    if (from === null || guard !== null) giveUp('CHARINDEX from a computed place');
    if (from > 1) {
      const behind = `NULLIF(strpos(substr(${text.sql}, ${from}), ${wanted.sql}), 0)`;
      // The second half is 0, or NULL when the text is.
      return atom(`COALESCE(${behind} + ${from - 1}, ${found} * 0)`, 'integer');
    }
  }
  return guard === null ? atom(found, 'integer') : operation(`${found} * ${guard}`, BINDING.multiply, 'integer');
}

/** REPLICATE gives NULL for a negative count, repeat an empty string. */
function repeat(text: Expression, count: Expression): Expression {
  const times = integerValue(count);
  if (times !== null) return atom(times < 0 ? 'CAST(NULL AS text)' : `repeat(${text.sql}, ${times})`, 'string');
  const condition = `${wrap(count, BINDING.other)} >= 0`;
  return atom(`CASE WHEN ${condition} THEN repeat(${text.sql}, ${count.sql}) END`, 'string');
}
