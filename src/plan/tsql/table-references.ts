import { functionCall } from './functions.js';
import { seesBareHints, takeHints } from './hints.js';
import { isName, nameText, readName, readNameList, readTableName } from './names.js';
import type { Reader } from './reader.js';
import { giveUp } from './untranslatable.js';

/** Reads `FROM a, b JOIN c ON …` behind the word FROM. */
export function readFrom(reader: Reader): string {
  return reader.list(() => readJoined(reader)).join(', ');
}

function readJoined(reader: Reader): string {
  return reader.nested(() => {
    let sql = readPrimary(reader);
    for (;;) {
      const joined = readCross(reader) ?? readJoin(reader);
      if (joined === null) return sql;
      sql += ` ${joined}`;
    }
  });
}

/** `CROSS JOIN t`, `CROSS APPLY (…) a`, `OUTER APPLY (…) a`; the last keeps rows without a match. */
function readCross(reader: Reader): string | null {
  if (reader.takes('CROSS', 'JOIN')) return `CROSS JOIN ${readPrimary(reader)}`;
  if (reader.takes('CROSS', 'APPLY')) return `CROSS JOIN LATERAL ${readApplied(reader)}`;
  if (reader.takes('OUTER', 'APPLY')) return `LEFT JOIN LATERAL ${readApplied(reader)} ON true`;
  return null;
}

function readApplied(reader: Reader): string {
  return reader.sees('(') && seesDerived(reader) ? readDerived(reader) : giveUp('APPLY of something else than a query');
}

/** `[INNER | LEFT | RIGHT | FULL] [LOOP] JOIN t ON …`; T-SQL's join hints say how, not what, and are left out. */
function readJoin(reader: Reader): string | null {
  const side = ['INNER', 'LEFT', 'RIGHT', 'FULL'].find((word) => reader.sees(word));
  if (side === undefined && !reader.sees('JOIN')) return null;
  if (side !== undefined) {
    reader.next();
    if (side !== 'INNER') reader.takes('OUTER');
    if (['LOOP', 'HASH', 'MERGE', 'REMOTE'].includes(reader.peek().upper)) reader.next();
  }
  reader.expect('JOIN');
  const right = readJoined(reader);
  reader.expect('ON');
  return `${side === undefined ? '' : `${side} `}JOIN ${right} ON ${reader.readExpression().sql}`;
}

function readPrimary(reader: Reader): string {
  if (!reader.sees('(')) return readTable(reader);
  if (seesDerived(reader)) return readDerived(reader);
  return `(${reader.inParentheses(() => readJoined(reader))})`;
}

function seesDerived(reader: Reader): boolean {
  return reader.peek(1).upper === 'VALUES' || reader.seesQuery(1);
}

/** `(SELECT …) AS a`, `(VALUES (1), (2)) AS v(x)`: T-SQL wants the alias. */
function readDerived(reader: Reader): string {
  const query = reader.inParentheses(() => (reader.takes('VALUES') ? readValues(reader) : reader.readQuery()));
  return `(${query})${readAlias(reader) ?? giveUp('a derived table without a name')}`;
}

function readValues(reader: Reader): string {
  const row = (): string => reader.inParentheses(() => reader.list(() => reader.readExpression().sql).join(', '));
  return `VALUES (${reader.list(row).join('), (')})`;
}

/** A table with its hints, or a function that gives rows. */
function readTable(reader: Reader): string {
  const first = reader.peek();
  if (isName(first) && reader.peek(1).upper === '(' && !seesBareHints(reader, 1)) {
    reader.next();
    const args = reader.inParentheses(() => (reader.sees(')') ? [] : reader.list(() => reader.readExpression())));
    const name = first.kind === 'word' ? first.text : nameText(first);
    return `${functionCall(name, args).sql}${readAlias(reader) ?? ''}`;
  }
  const table = readTableName(reader);
  const hinted = takeHints(reader);
  const alias = readAlias(reader) ?? '';
  if (!hinted) takeHints(reader);
  return `${table}${alias}`;
}

/** Reads `[AS] name [(columns)]`; null when there is no alias. */
function readAlias(reader: Reader): string | null {
  const isExplicit = reader.takes('AS');
  if (!isExplicit && !isName(reader.peek())) return null;
  const name = readName(reader);
  // `orders o (NOLOCK)` has a hint there.
  const columns = reader.sees('(') && !takeHints(reader) ? readNameList(reader) : '';
  return ` AS ${name}${columns}`;
}
