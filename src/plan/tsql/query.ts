import { BINDING, wrap } from './expression.js';
import { readName, readNameList } from './names.js';
import type { Reader } from './reader.js';
import { readSelectList } from './select-list.js';
import { readFrom } from './table-references.js';
import { readTop, type Top, topClause } from './top.js';
import { giveUp } from './untranslatable.js';
import { readOrderBy } from './windows.js';

/** Reads a query: CTEs, SELECTs joined by UNION and its like, ORDER BY with OFFSET. */
export function readQuery(reader: Reader): string {
  return reader.nested(() => {
    const ctes = reader.takes('WITH') ? `${readCtes(reader)} ` : '';
    const terms = [readTerm(reader)];
    const operators: string[] = [];
    for (;;) {
      const operator = takeSetOperator(reader);
      if (operator === null) break;
      operators.push(operator);
      terms.push(readTerm(reader));
    }
    const order = readOrderBy(reader);
    const offset = order === null ? null : readOffset(reader);
    const tail = [order, offset].filter((part) => part !== null);
    if (operators.length === 0) {
      const { sql, top } = terms[0]!;
      if (top !== null && offset !== null) giveUp('TOP with OFFSET');
      return ctes + [sql, ...tail, ...(top === null ? [] : [topClause(top, order !== null)])].join(' ');
    }
    // The ORDER BY is the whole union's; each TOP is its own SELECT's.
    const united = terms.map(({ sql, top }, index) => {
      const term = top === null ? sql : `(${sql} ${topClause(top, false)})`;
      return index === 0 ? term : `${operators[index - 1]} ${term}`;
    });
    return ctes + [...united, ...tail].join(' ');
  });
}

/** `WITH a AS (…), b (x, y) AS (…)`; T-SQL has no word for a recursive one. */
function readCtes(reader: Reader): string {
  let isRecursive = false;
  const ctes = reader.list(() => {
    const named = reader.peek().text.toLowerCase();
    const name = readName(reader);
    const columns = reader.sees('(') ? readNameList(reader) : '';
    reader.expect('AS');
    const from = reader.at;
    const query = reader.inParentheses(() => reader.readQuery());
    isRecursive ||= readsFrom(reader, named, from, reader.at);
    return `${name}${columns} AS (${query})`;
  });
  return `WITH ${isRecursive ? 'RECURSIVE ' : ''}${ctes.join(', ')}`;
}

/** Whether a table of that bare name is read between two positions. */
function readsFrom(reader: Reader, name: string, from: number, to: number): boolean {
  return reader.lexemes.slice(from, to).some(({ kind, text }, index) => {
    if ((kind !== 'word' && kind !== 'delimited') || text.toLowerCase() !== name) return false;
    const before = reader.lexemes[from + index - 1]!.upper;
    return ['FROM', 'JOIN', ','].includes(before) && reader.lexemes[from + index + 1]!.upper !== '.';
  });
}

function takeSetOperator(reader: Reader): string | null {
  if (reader.takes('UNION', 'ALL')) return 'UNION ALL';
  return ['UNION', 'EXCEPT', 'INTERSECT'].find((word) => reader.takes(word)) ?? null;
}

interface Term {
  readonly sql: string;
  readonly top: Top | null;
}

function readTerm(reader: Reader): Term {
  if (reader.sees('(')) return { sql: `(${reader.inParentheses(() => reader.readQuery())})`, top: null };
  reader.expect('SELECT');
  const distinct = reader.takes('DISTINCT') ? 'DISTINCT ' : '';
  if (distinct === '') reader.takes('ALL');
  const top = readTop(reader);
  const parts = [`SELECT ${distinct}${readSelectList(reader)}`];
  if (reader.takes('FROM')) parts.push(`FROM ${readFrom(reader)}`);
  if (reader.takes('WHERE')) parts.push(`WHERE ${reader.readExpression().sql}`);
  if (reader.takes('GROUP', 'BY')) parts.push(`GROUP BY ${readGrouping(reader)}`);
  if (reader.takes('HAVING')) parts.push(`HAVING ${reader.readExpression().sql}`);
  return { sql: parts.join(' '), top: top === 'all' ? null : top };
}

function readGrouping(reader: Reader): string {
  const sql = reader
    .list(() =>
      reader.takes('GROUPING', 'SETS')
        ? `GROUPING SETS (${reader.inParentheses(() => reader.list(() => readGroupingSet(reader)).join(', '))})`
        : reader.readExpression().sql,
    )
    .join(', ');
  for (const word of ['ROLLUP', 'CUBE']) {
    if (reader.takes('WITH', word)) return `${word} (${sql})`;
  }
  return sql;
}

/** `(a, b)`, `()` or one expression. */
function readGroupingSet(reader: Reader): string {
  if (!reader.sees('(')) return reader.readExpression().sql;
  return `(${reader.inParentheses(() =>
    reader.sees(')') ? '' : reader.list(() => reader.readExpression().sql).join(', '),
  )})`;
}

/** `OFFSET n ROWS FETCH NEXT m ROWS ONLY`. */
function readOffset(reader: Reader): string | null {
  if (!reader.takes('OFFSET')) return null;
  const skipped = `OFFSET ${readCount(reader)} ROWS`;
  if (!reader.takes('FETCH')) return skipped;
  if (!reader.takes('FIRST')) reader.expect('NEXT');
  const fetched = `${skipped} FETCH NEXT ${readCount(reader)} ROWS`;
  reader.expect('ONLY');
  return `${fetched} ONLY`;
}

function readCount(reader: Reader): string {
  const count = reader.readExpression();
  if (!reader.takes('ROWS')) reader.expect('ROW');
  return wrap(count, BINDING.atom);
}
