import { readCall } from './calls.js';
import { cast, convert } from './casts.js';
import { atom, BINDING, type Expression, integerValue, stringLiteral } from './expression.js';
import { commonKind, currentTimestamp } from './functions.js';
import { isName, nameText } from './names.js';
import type { Reader } from './reader.js';
import { readCastType } from './type-names.js';
import { giveUp } from './untranslatable.js';

/** Reserved words that are function names all the same. */
const RESERVED_FUNCTIONS: ReadonlySet<string> = new Set(['LEFT', 'RIGHT', 'COALESCE', 'NULLIF']);

/** Reads what stands between two operators: a literal, a name, a call, a parenthesis, CASE, CAST. */
export function readValue(reader: Reader): Expression {
  const lexeme = reader.peek();
  switch (lexeme.kind) {
    case 'string':
      return stringLiteral(reader.next().text);
    case 'number':
      return atom(reader.next().text, /^\d+$/.test(lexeme.text) ? 'integer' : 'decimal');
    case 'parameter':
      return atom(reader.next().text);
    case 'symbol':
      return lexeme.text === '(' ? readParentheses(reader) : giveUp(`unexpected ${lexeme.text} at ${lexeme.start}`);
    case 'end':
      return giveUp('unexpected end');
    case 'delimited':
      return readNameOrCall(reader);
    case 'word':
      return readKeyword(reader) ?? readNameOrCall(reader);
  }
}

function readParentheses(reader: Reader): Expression {
  if (reader.seesQuery(1)) return atom(`(${reader.inParentheses(() => reader.readQuery())})`);
  const inner = reader.inParentheses(() => reader.readExpression());
  const { concatenation } = inner;
  return {
    ...inner,
    sql: `(${inner.sql})`,
    binding: BINDING.atom,
    concatenation: concatenation && `(${concatenation})`,
  };
}

/** Values and calls that begin with a keyword; null for every other word. */
function readKeyword(reader: Reader): Expression | null {
  switch (reader.peek().upper) {
    case 'NULL':
      reader.next();
      return atom('NULL');
    case 'TRUE':
    case 'FALSE': // not T-SQL's, but what a boolean column is compared with
      return reader.sees('TRUE', '.') || reader.sees('FALSE', '.') ? null : atom(reader.next().text);
    case 'CURRENT_TIMESTAMP':
      reader.next();
      return currentTimestamp;
    case 'CASE':
      reader.next();
      return reader.nested(() => readCase(reader));
    case 'EXISTS':
      reader.next();
      return atom(`EXISTS (${reader.inParentheses(() => reader.readQuery())})`);
    case 'CAST':
      if (reader.peek(1).upper !== '(') return null;
      reader.next();
      return reader.inParentheses(() => {
        const value = reader.readExpression();
        reader.expect('AS');
        return cast(value, readCastType(reader));
      });
    case 'CONVERT':
      reader.next();
      return reader.inParentheses(() => {
        const type = readCastType(reader);
        reader.expect(',');
        const value = reader.readExpression();
        const style = reader.takes(',') ? (integerValue(reader.readExpression()) ?? giveUp('a computed style')) : null;
        return convert(value, type, style);
      });
    default:
      return null;
  }
}

function readCase(reader: Reader): Expression {
  const subject = reader.sees('WHEN') ? '' : ` ${reader.readExpression().sql}`;
  let sql = `CASE${subject}`;
  const results: Expression[] = [];
  const result = (word: string): void => {
    results.push(reader.readExpression());
    sql += ` ${word} ${results.at(-1)!.sql}`;
  };
  while (reader.takes('WHEN')) {
    sql += ` WHEN ${reader.readExpression().sql}`;
    reader.expect('THEN');
    result('THEN');
  }
  if (results.length === 0) giveUp('CASE without WHEN');
  if (reader.takes('ELSE')) result('ELSE');
  reader.expect('END');
  return atom(`${sql} END`, commonKind(results));
}

/** `column`, `table.column`, `f(…)`, `schema.f(…)`. */
function readNameOrCall(reader: Reader): Expression {
  const first = reader.next();
  const isCall = reader.sees('(');
  if (!isName(first) && !(isCall && RESERVED_FUNCTIONS.has(first.upper))) {
    giveUp(`unexpected ${first.text} at ${first.start}`);
  }
  if (isCall) return readCall(reader, first.kind === 'word' ? first.text : nameText(first));
  const parts = [nameText(first)];
  while (reader.takes('.')) {
    if (reader.takes('*')) giveUp('a star in an expression');
    if (!isName(reader.peek())) giveUp(`expected a name at ${reader.peek().start}`);
    parts.push(nameText(reader.next()));
  }
  if (parts.length > 4) giveUp('a name of too many parts');
  return reader.sees('(') ? readCall(reader, parts.join('.')) : atom(parts.join('.'));
}
