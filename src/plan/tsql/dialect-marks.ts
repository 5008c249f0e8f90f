import type { Lexeme } from './lexer.js';

/** Functions of T-SQL that PostgreSQL does not have under that name. */
const TSQL_ONLY: ReadonlySet<string> = new Set(
  `CHARINDEX CONVERT COUNT_BIG DATEADD DATEDIFF DATEDIFF_BIG DATEFROMPARTS DATEPART DATETRUNC DAY EOMONTH GETDATE GETUTCDATE
  IIF ISNULL LEN MONTH NEWID REPLICATE SPACE SQUARE STDEV STDEVP SYSDATETIME SYSUTCDATETIME VAR VARP YEAR`.split(/\s+/),
);

/**
 * Whether a text that PostgreSQL's grammar accepts is T-SQL all the same: it calls a function that only T-SQL has, or
 * begins a list with `TOP (n)`, or reads `orders (NOLOCK)`, which both look like calls. Words in strings and comments do not count: a text of
 * PostgreSQL's keeps PostgreSQL's meaning.
 */
export function hasTsqlMark(lexemes: readonly Lexeme[]): boolean {
  return lexemes.some(({ upper }, index) => {
    const before = lexemes[index - 1]?.upper ?? '';
    if (upper === 'NOLOCK') return before === '(';
    if (lexemes[index + 1]?.upper !== '(') return false;
    if (upper === 'TOP') return ['SELECT', 'DISTINCT', 'ALL'].includes(before);
    return TSQL_ONLY.has(upper) && before !== '.';
  });
}
