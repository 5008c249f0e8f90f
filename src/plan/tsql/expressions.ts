import { BINDING, type Expression, isNumber, operation, wrap } from './expression.js';
import { likePattern } from './like-pattern.js';
import type { Reader } from './reader.js';
import { minus, numberKind, plus } from './string-plus.js';
import { giveUp } from './untranslatable.js';
import { readValue } from './values.js';

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
    return `${upper} (${reader.inParentheses(() => reader.readQuery())})`;
  }
  return wrap(readSum(reader), BINDING.other);
}

function readCandidates(reader: Reader): string {
  return reader.inParentheses(() =>
    reader.seesQuery() ? reader.readQuery() : reader.list(() => readExpression(reader).sql).join(', '),
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
