import { loadParser, type Node, parseStatements } from '../syntax.js';
import { hasTsqlMark } from './dialect-marks.js';
import { readExpression } from './expressions.js';
import { takeOptions } from './hints.js';
import { type Lexeme, readLexemes } from './lexer.js';
import { readQuery } from './query.js';
import { Reader } from './reader.js';
import { readTables } from './second-opinion.js';
import { giveUp, Untranslatable } from './untranslatable.js';

/** Longer texts are data rather than a query that someone typed. */
const MAX_LENGTH = 1_000_000;
const GROWTH_FACTOR = 4;
const GROWTH_BASE = 65_536;

/** Statements around a cursor's query that are the same in both dialects: psqlODBC sends them in one text. */
const RELAYED: ReadonlySet<string> = new Set([
  'BEGIN',
  'CLOSE',
  'COMMIT',
  'END',
  'FETCH',
  'RELEASE',
  'ROLLBACK',
  'SAVEPOINT',
]);

/**
 * Turns T-SQL queries, as users of SQL Server's linked servers type them, into PostgreSQL:
 * `SELECT TOP 10 [id] FROM [shop].[orders] WITH (NOLOCK)`.
 *
 * Only SELECT, with CTEs, set operations, subqueries and joins; several statements in one text may be given, and a
 * query may be that of `DECLARE … CURSOR FOR`. The answer means what the text means in T-SQL, or is null: nothing
 * is guessed. Names and strings:
 *
 * - a name in brackets or double quotes keeps its case as written, because linked servers send catalogue names exactly;
 *   a bare name folds to lower case as PostgreSQL folds it;
 * - strings compare as the engine compares them: by case, and with trailing blanks;
 * - `+` joins strings where an operand evidently is one; two columns of unknown type are added;
 * - NULLs sort first in ascending order, as in T-SQL;
 * - DATEADD of a column that is a date gives a timestamp, as its type is not known here;
 * - functions and operators that both dialects have mean what the engine makes of them.
 *
 * @param sql any query text; one that PostgreSQL's parser accepts is left alone unless it calls what only T-SQL has
 * @returns PostgreSQL's text, accepted by its parser; null when the text is no T-SQL query or cannot be translated
 */
export async function translateTsql(sql: string): Promise<string | null> {
  if (sql.length > MAX_LENGTH) return null;
  await loadParser();
  try {
    const lexemes = readLexemes(sql);
    if (!hasTsqlMark(lexemes) && parseStatements(sql) !== null) return null;
    const translated = translateTexts(sql, lexemes);
    const statements = parseStatements(translated) ?? giveUp('PostgreSQL rejects the translation');
    const tables = tablesOf(statements.map(({ tree }) => tree));
    if (readTables(sql).some((table) => !tables.has(table))) return null;
    return translated;
  } catch (error) {
    if (error instanceof Untranslatable) return null;
    throw error;
  }
}

function translateTexts(sql: string, lexemes: readonly Lexeme[]): string {
  const statements: string[] = [];
  let hasQuery = false;
  let start = 0;
  for (let index = 0; index < lexemes.length; index++) {
    const lexeme = lexemes[index]!;
    if (lexeme.upper !== ';' && lexeme.kind !== 'end') continue;
    const own = lexemes.slice(start, index);
    start = index + 1;
    if (own.length === 0) continue; // `;WITH …` is a T-SQL habit
    const relayed = RELAYED.has(own[0]!.upper) ? sql.slice(own[0]!.start, own.at(-1)!.end) : null;
    hasQuery ||= relayed === null;
    statements.push(relayed ?? translateStatement(sql, own));
  }
  return hasQuery ? statements.join('; ') : giveUp('no query');
}

function translateStatement(sql: string, lexemes: readonly Lexeme[]): string {
  const body = lexemes[0]!.upper === 'DECLARE' ? lexemes.findIndex(({ upper }) => upper === 'FOR') + 1 : 0;
  const prefix = body === 0 ? '' : `${sql.slice(lexemes[0]!.start, lexemes[body - 1]!.end)} `;
  const end: Lexeme = { kind: 'end', text: '', upper: '', start: sql.length, end: sql.length };
  const reader = new Reader(
    [...lexemes.slice(body), end],
    { readQuery, readExpression },
    sql.length * GROWTH_FACTOR + GROWTH_BASE,
  );
  const query = reader.readQuery();
  takeOptions(reader);
  if (reader.peek().kind !== 'end') giveUp(`unexpected ${reader.peek().text} at ${reader.peek().start}`);
  return prefix + query;
}

/** The names of all tables and CTEs that parse trees read, in lower case. */
function tablesOf(trees: readonly Node[]): Set<string> {
  const tables = new Set<string>();
  // Not recursive: a sum of some thousand terms is a tree as deep.
  const pending: unknown[] = [...trees];
  while (pending.length > 0) {
    const node = pending.pop();
    if (node === null || typeof node !== 'object') continue;
    const table = (node as Node).RangeVar as Node | undefined;
    if (table !== undefined) tables.add(String(table.relname).toLowerCase());
    for (const value of Object.values(node)) pending.push(value);
  }
  return tables;
}
