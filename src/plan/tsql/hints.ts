import type { Reader } from './reader.js';
import { giveUp } from './untranslatable.js';

/**
 * Table hints. They say how SQL Server locks and looks up its own rows, and change no answer here.
 * https://learn.microsoft.com/sql/t-sql/queries/hints-transact-sql-table
 */
const TABLE_HINTS: ReadonlySet<string> = new Set(
  `NOLOCK READUNCOMMITTED READCOMMITTED READCOMMITTEDLOCK REPEATABLEREAD SERIALIZABLE SNAPSHOT HOLDLOCK ROWLOCK PAGLOCK
  TABLOCK TABLOCKX UPDLOCK XLOCK READPAST NOWAIT NOEXPAND FORCESEEK FORCESCAN INDEX SPATIAL_WINDOW_MAX_CELLS`.split(
    /\s+/,
  ),
);

/** Whether `(hint, …)` comes `ahead` of here. */
function seesHintList(reader: Reader, ahead: number): boolean {
  if (reader.peek(ahead).upper !== '(') return false;
  return TABLE_HINTS.has(reader.peek(ahead + 1).upper) && [')', ',', '(', '='].includes(reader.peek(ahead + 2).upper);
}

/** Whether a table's name is followed by hints in the form without WITH: `orders (NOLOCK)`. */
export function seesBareHints(reader: Reader, ahead: number): boolean {
  return seesHintList(reader, ahead) && reader.peek(ahead + 1).upper !== 'INDEX';
}

/** Steps over `WITH (NOLOCK)` or `(NOLOCK)` when it comes next. */
export function takeHints(reader: Reader): boolean {
  if (reader.sees('WITH', '(')) {
    if (!seesHintList(reader, 1)) giveUp('unknown table hint');
    reader.next();
    reader.skipParentheses();
    return true;
  }
  if (!seesBareHints(reader, 0)) return false;
  reader.skipParentheses();
  return true;
}

/** Steps over `OPTION (RECOMPILE, …)` at the end of a statement: query hints, which change no answer either. */
export function takeOptions(reader: Reader): void {
  if (reader.takes('OPTION')) reader.skipParentheses();
}
