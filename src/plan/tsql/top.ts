import type { Reader } from './reader.js';
import { giveUp } from './untranslatable.js';

/** `TOP n [WITH TIES]`. */
export interface Top {
  readonly count: string;
  readonly withTies: boolean;
}

/**
 * Reads `TOP 10`, `TOP (n)`, `TOP (n) WITH TIES` behind SELECT.
 * @returns null when there is none; `all` for `TOP 100 PERCENT`, which limits nothing
 * @throws Untranslatable for any other percentage, which needs the number of rows first
 */
export function readTop(reader: Reader): Top | 'all' | null {
  if (!reader.takes('TOP')) return null;
  const lexeme = reader.peek();
  let count: string;
  if (reader.sees('(')) {
    const inner = reader.inParentheses(() => reader.readExpression());
    if (inner.kind !== 'integer' && inner.kind !== 'unknown') giveUp('a count of rows');
    if (inner.sql === 'NULL') giveUp('a count of rows');
    count = /^(?:\d+|\$\d+)$/.test(inner.sql) ? inner.sql : `(${inner.sql})`;
  } else if (lexeme.kind === 'parameter' || /^\d+$/.test(lexeme.text)) count = reader.next().text;
  else count = giveUp('a count of rows');
  const isPercent = reader.takes('PERCENT');
  const withTies = reader.takes('WITH', 'TIES');
  if (isPercent) return count === '100' ? 'all' : giveUp('TOP n PERCENT');
  return { count, withTies };
}

/** The clause that limits the rows, for the end of the SELECT. */
export function topClause({ count, withTies }: Top, isOrdered: boolean): string {
  if (!withTies) return `LIMIT ${count}`;
  return isOrdered ? `FETCH FIRST ${count} ROWS WITH TIES` : giveUp('WITH TIES without ORDER BY');
}
