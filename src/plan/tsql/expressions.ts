import { cast, convert } from './casts.js';
import { DATE_PART_FUNCTIONS, datePartCall } from './dates.js';
import {
  atom,
  BINDING,
  type Expression,
  integerValue,
  isNumber,
  operation,
  stringLiteral,
  wrap,
} from './expression.js';
import { aggregateName, commonKind, currentTimestamp, functionCall } from './functions.js';
import { likePattern } from './like-pattern.js';
import { isName, nameText } from './names.js';
import type { Reader } from './reader.js';
import { minus, numberKind, plus } from './string-plus.js';
import { readCastType } from './type-names.js';
import { giveUp } from './untranslatable.js';
import { readOver, readWithinGroup } from './windows.js';

/** Comparison operators, and what PostgreSQL calls them. */
const COMPARISONS: ReadonlyMap<string, string> = new Map([
  ['=', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['>', '>'],
  ['<=', '<='],
  ['>=', '>='],
  ['!<', '>='],
  ['!>', '<='],
]);

/** Reserved words that are function names all the same. */
const RESERVED_FUNCTIONS: ReadonlySet<string> = new Set(['LEFT', 'RIGHT', 'COALESCE', 'NULLIF']);

/** Reads an expression or a condition by T-SQL's operator precedence and gives it back by PostgreSQL's. */
export function readExpression(reader: Reader): Expression {
  return reader.nested(() => {
    let left = readConjunction(reader);
    while (reader.takes('OR')) left = logical(left, 'OR', readConjunction(reader), BINDING.or);
    return left;
  });
}

function readConjunction(reader: Reader): Expression {
  let left = readNegation(reader);
  while (reader.takes('AND')) left = logical(left, 'AND', readNegation(reader), BINDING.and);
  return left;
}

function logical(left: Expression, word: string, right: Expression, binding: number): Expression {
  return operation(`${wrap(left, binding)} ${word} ${wrap(right, binding + 1)}`, binding);
}

function readNegation(reader: Reader): Expression {
  if (!reader.takes('NOT')) return readPredicate(reader);
  const operand = reader.nested(() => readNegation(reader));
  return operation(`NOT ${wrap(operand, BINDING.not)}`, BINDING.not);
}

function readPredicate(reader: Reader): Expression {
  const left = readSum(reader);
  const operand = (): string => wrap(left, BINDING.other);
  const comparison = COMPARISONS.get(reader.peek().upper);
  if (comparison !== undefined) {
    reader.next();
    return operation(`${operand()} ${comparison} ${readCompared(reader)}`, BINDING.compare);
  }
  if (reader.takes('IS')) {
    const not = reader.takes('NOT') ? 'NOT ' : '';
    if (reader.takes('NULL')) return operation(`${operand()} IS ${not}NULL`, BINDING.is);
    reader.expect('DISTINCT', 'FROM');
    return operation(`${operand()} IS ${not}DISTINCT FROM ${wrap(readSum(reader), BINDING.other)}`, BINDING.is);
  }
  const not = reader.takes('NOT') ? 'NOT ' : '';
  if (reader.takes('IN')) return operation(`${operand()} ${not}IN (${readCandidates(reader)})`, BINDING.like);
  if (reader.takes('BETWEEN')) {
    const low = wrap(readSum(reader), BINDING.other);
    reader.expect('AND');
    return operation(`${operand()} ${not}BETWEEN ${low} AND ${wrap(readSum(reader), BINDING.other)}`, BINDING.like);
  }
  if (reader.takes('LIKE')) {
    const pattern = readSum(reader);
    const escapedBy = reader.takes('ESCAPE') ? readSum(reader) : null;
    return operation(`${operand()} ${not}LIKE ${likePattern(pattern, escapedBy)}`, BINDING.like);
  }
  return not === '' ? left : giveUp('NOT without a predicate');
}

function readCompared(reader: Reader): string {
  const { upper } = reader.peek();
  if (upper === 'ANY' || upper === 'SOME' || upper === 'ALL') {
    reader.next();
    return `${upper} (${reader.inParentheses(() => reader.readQuery(reader))})`;
  }
  return wrap(readSum(reader), BINDING.other);
}

function readCandidates(reader: Reader): string {
  return reader.inParentheses(() =>
    reader.seesQuery() ? reader.readQuery(reader) : reader.list(() => readExpression(reader).sql).join(', '),
  );
}

/** `+ - & |` are of one rank in T-SQL. */
function readSum(reader: Reader): Expression {
  let left = readProduct(reader);
  for (;;) {
    if (reader.takes('+')) left = plus(left, readProduct(reader));
    else if (reader.takes('-')) left = minus(left, readProduct(reader));
    else if (reader.takes('||')) left = binary(left, '||', readProduct(reader), BINDING.other);
    else if (reader.takes('&')) left = binary(left, '&', readProduct(reader), BINDING.other);
    else if (reader.takes('|')) left = binary(left, '|', readProduct(reader), BINDING.other);
    else return left;
  }
}

function readProduct(reader: Reader): Expression {
  let left = readSigned(reader);
  for (;;) {
    const { upper } = reader.peek();
    if (upper !== '*' && upper !== '/' && upper !== '%') return left;
    reader.next();
    left = binary(left, upper, readSigned(reader), BINDING.multiply);
  }
}

function binary(left: Expression, operator: string, right: Expression, binding: number): Expression {
  const kind =
    operator === '||' ? 'string' : isNumber(left) && isNumber(right) ? numberKind(left, right) : ('unknown' as const);
  return operation(`${wrap(left, binding)} ${operator} ${wrap(right, binding + 1)}`, binding, kind);
}

function readSigned(reader: Reader): Expression {
  const { upper } = reader.peek();
  if (upper !== '-' && upper !== '+') return readPrimary(reader);
  reader.next();
  const operand = reader.nested(() => readSigned(reader));
  if (upper === '+') return operand;
  const kind = isNumber(operand) ? operand.kind : 'unknown';
  return operation(`-${wrap(operand, BINDING.sign + 1)}`, BINDING.sign, kind);
}

function readPrimary(reader: Reader): Expression {
  const value = readValue(reader);
  if (reader.takes('COLLATE')) {
    // Only the database's own collation is one that both sides have.
    if (reader.next().upper !== 'DATABASE_DEFAULT') giveUp('COLLATE');
  }
  return value;
}

function readValue(reader: Reader): Expression {
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
  if (reader.seesQuery(1)) return atom(`(${reader.inParentheses(() => reader.readQuery(reader))})`);
  const inner = reader.inParentheses(() => readExpression(reader));
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
      return atom(`EXISTS (${reader.inParentheses(() => reader.readQuery(reader))})`);
    case 'CAST':
      if (reader.peek(1).upper !== '(') return null;
      reader.next();
      return reader.inParentheses(() => {
        const value = readExpression(reader);
        reader.expect('AS');
        return cast(value, readCastType(reader));
      });
    case 'CONVERT':
      reader.next();
      return reader.inParentheses(() => {
        const type = readCastType(reader);
        reader.expect(',');
        const value = readExpression(reader);
        const style = reader.takes(',') ? (integerValue(readExpression(reader)) ?? giveUp('a computed style')) : null;
        return convert(value, type, style);
      });
    default:
      return null;
  }
}

function readCase(reader: Reader): Expression {
  const subject = reader.sees('WHEN') ? '' : ` ${readExpression(reader).sql}`;
  let sql = `CASE${subject}`;
  const results: Expression[] = [];
  const result = (word: string): void => {
    results.push(readExpression(reader));
    sql += ` ${word} ${results.at(-1)!.sql}`;
  };
  while (reader.takes('WHEN')) {
    sql += ` WHEN ${readExpression(reader).sql}`;
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
  if (isCall) return bounded(reader, readCall(reader, first.kind === 'word' ? first.text : nameText(first)));
  const parts = [nameText(first)];
  while (reader.takes('.')) {
    if (reader.takes('*')) giveUp('a star in an expression');
    if (!isName(reader.peek())) giveUp(`expected a name at ${reader.peek().start}`);
    parts.push(nameText(reader.next()));
  }
  if (parts.length > 4) giveUp('a name of too many parts');
  return reader.sees('(') ? readCall(reader, parts.join('.')) : atom(parts.join('.'));
}

function readCall(reader: Reader, name: string): Expression {
  const upper = name.toUpperCase();
  if (DATE_PART_FUNCTIONS.has(upper)) {
    return reader.inParentheses(() => {
      const part = reader.next();
      if (part.kind !== 'word') giveUp('a date part');
      reader.expect(',');
      return datePartCall(
        upper,
        part.text,
        reader.list(() => readExpression(reader)),
      );
    });
  }
  const { plain, special } = readArguments(reader);
  const called = special === null ? functionCall(name, plain) : aggregateCall(name, special);
  const ordered = upper === 'STRING_AGG' ? readWithinGroup(reader, called, readExpression) : called;
  return readOver(reader, ordered, readExpression);
}

/** A call's arguments; `special` when they are not plain: `*`, `DISTINCT x`, `ALL x`. */
function readArguments(reader: Reader): { plain: Expression[]; special: string | null } {
  return reader.inParentheses(() => {
    if (reader.sees(')')) return { plain: [], special: null };
    if (reader.takes('*')) return { plain: [], special: '*' };
    const quantifier = reader.takes('DISTINCT') ? 'DISTINCT ' : reader.takes('ALL') ? 'ALL ' : null;
    const plain = reader.list(() => readExpression(reader));
    return { plain, special: quantifier && quantifier + plain.map(({ sql }) => sql).join(', ') };
  });
}

function aggregateCall(name: string, argument: string): Expression {
  const [postgresName, kind] = aggregateName(name);
  return atom(`${postgresName}(${argument})`, kind);
}

/** Some calls repeat their operands, and nested ones would grow without bounds. */
function bounded(reader: Reader, expression: Expression): Expression {
  return expression.sql.length > reader.maxLength ? giveUp('translation too long') : expression;
}
