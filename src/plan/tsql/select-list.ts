import { isName, nameText, quote } from './names.js';
import type { Reader } from './reader.js';
import { giveUp } from './untranslatable.js';

/** Reads what a SELECT gives: `*`, `t.*`, `x`, `x AS a`, `x a`, `x AS 'a'`, `a = x`. */
export function readSelectList(reader: Reader): string {
  return reader.list(() => readItem(reader)).join(', ');
}

function readItem(reader: Reader): string {
  if (reader.takes('*')) return '*';
  const star = readStar(reader);
  if (star !== null) return star;
  const first = reader.peek();
  if ((isName(first) || first.kind === 'string') && reader.peek(1).upper === '=') {
    // T-SQL's `a = x` names the column; PostgreSQL would compare.
    const alias = readAlias(reader);
    reader.expect('=');
    return `${reader.readExpression().sql} AS ${alias}`;
  }
  const { sql } = reader.readExpression();
  const isExplicit = reader.takes('AS');
  const next = reader.peek();
  if (isExplicit || isName(next) || next.kind === 'string') return `${sql} AS ${readAlias(reader)}`;
  return sql;
}

/** `t.*`, `s.t.*`; null when the item is something else. */
function readStar(reader: Reader): string | null {
  let ahead = 0;
  while (isName(reader.peek(ahead)) && reader.peek(ahead + 1).upper === '.') ahead += 2;
  if (ahead === 0 || reader.peek(ahead).upper !== '*') return null;
  let sql = '';
  for (; ahead > 0; ahead -= 2) {
    sql += `${nameText(reader.next())}.`;
    reader.next();
  }
  reader.next();
  return `${sql}*`;
}

function readAlias(reader: Reader): string {
  const lexeme = reader.next();
  if (lexeme.kind === 'string') return lexeme.text === '' ? giveUp('an empty alias') : quote(lexeme.text);
  return isName(lexeme) ? nameText(lexeme) : giveUp(`expected an alias at ${lexeme.start}`);
}
