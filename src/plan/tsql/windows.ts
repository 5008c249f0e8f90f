import { atom, type Expression } from './expression.js';
import type { Reader } from './reader.js';
import { giveUp } from './untranslatable.js';

/**
 * Reads `ORDER BY a, b DESC`. NULL is the lowest value in T-SQL and the highest in PostgreSQL, so each item says where
 * its NULLs go: without that `TOP 10 … ORDER BY total DESC` would give ten rows without a total.
 * @returns null when there is no ORDER BY
 */
export function readOrderBy(reader: Reader): string | null {
  if (!reader.takes('ORDER', 'BY')) return null;
  const items = reader.list(() => {
    const { sql } = reader.readExpression();
    if (reader.takes('DESC')) return `${sql} DESC NULLS LAST`;
    reader.takes('ASC');
    return `${sql} NULLS FIRST`;
  });
  return `ORDER BY ${items.join(', ')}`;
}

/** Reads `OVER (PARTITION BY … ORDER BY … ROWS …)` behind a call, when there is one. */
export function readOver(reader: Reader, called: Expression): Expression {
  if (!reader.takes('OVER')) return called;
  const parts = reader.inParentheses(() => {
    const partition = reader.takes('PARTITION', 'BY')
      ? `PARTITION BY ${reader.list(() => reader.readExpression().sql).join(', ')}`
      : null;
    return [partition, readOrderBy(reader), readFrame(reader)].filter((part) => part !== null);
  });
  return atom(`${called.sql} OVER (${parts.join(' ')})`, called.kind);
}

/** Reads `STRING_AGG(x, ',') WITHIN GROUP (ORDER BY …)`, whose order PostgreSQL writes between the parentheses. */
export function readWithinGroup(reader: Reader, called: Expression): Expression {
  if (!reader.takes('WITHIN', 'GROUP')) return called;
  const order = reader.inParentheses(() => readOrderBy(reader)) ?? giveUp('WITHIN GROUP');
  return atom(`${called.sql.slice(0, -1)} ${order})`, called.kind);
}

function readFrame(reader: Reader): string | null {
  const unit = reader.peek().upper;
  if (unit !== 'ROWS' && unit !== 'RANGE') return null;
  reader.next();
  if (!reader.takes('BETWEEN')) return `${unit} ${readBound(reader)}`;
  const start = readBound(reader);
  reader.expect('AND');
  return `${unit} BETWEEN ${start} AND ${readBound(reader)}`;
}

function readBound(reader: Reader): string {
  if (reader.takes('CURRENT', 'ROW')) return 'CURRENT ROW';
  const size = reader.next();
  const isSize = size.upper === 'UNBOUNDED' || /^\d+$/.test(size.text);
  const direction = reader.next().upper;
  if (!isSize || (direction !== 'PRECEDING' && direction !== 'FOLLOWING')) giveUp('a window frame');
  return `${size.text} ${direction}`;
}
