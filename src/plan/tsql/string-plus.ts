import { BINDING, type Expression, isNumber, operation, wrap } from './expression.js';
import { giveUp } from './untranslatable.js';

/**
 * T-SQL's `+`, which also joins strings. It becomes `||` where an operand is evidently a string and the other can be
 * one; where both are unknown it stays, so that PostgreSQL reports two text columns instead of guessing.
 * @throws Untranslatable where T-SQL would convert a string to a number or a date
 */
export function plus(left: Expression, right: Expression): Expression {
  if (left.kind === 'padded' || right.kind === 'padded') giveUp('blanks of char(n)');
  if (left.kind === 'string' && right.kind === 'string') return concatenation(left, right);
  if (left.kind === 'string' || right.kind === 'string') {
    const [string, other] = left.kind === 'string' ? [left, right] : [right, left];
    if (string.literal !== null && looksConvertible(string.literal)) {
      // `total + '5'` adds when total is a number; PostgreSQL reads the literal in the column's type too.
      return addition(left, right, 'unknown');
    }
    if (other.kind !== 'unknown') giveUp('a string converted to a number or a date');
    return concatenation(left, right);
  }
  if (isDate(left) || isDate(right)) {
    const [date, days] = isDate(left) ? [left, right] : [right, left];
    return shiftDays(date, '+', days);
  }
  const kind = isNumber(left) && isNumber(right) ? numberKind(left, right) : 'unknown';
  const added = addition(left, right, kind);
  if (isNumber(left) || isNumber(right)) return added;
  return { ...added, concatenation: concatenation(left, right).sql };
}

/** T-SQL's `-`: numbers, and whole days taken from a datetime (`GETDATE() - 7`). */
export function minus(left: Expression, right: Expression): Expression {
  if (isDate(left) || isDate(right)) {
    return isDate(left) ? shiftDays(left, '-', right) : giveUp('a date taken from something');
  }
  const kind = isNumber(left) && isNumber(right) ? numberKind(left, right) : 'unknown';
  return operation(`${wrap(left, BINDING.add)} - ${wrap(right, BINDING.add + 1)}`, BINDING.add, kind);
}

/** What an arithmetic operator makes of two numbers. */
export function numberKind(left: Expression, right: Expression): 'integer' | 'decimal' {
  return left.kind === 'integer' && right.kind === 'integer' ? 'integer' : 'decimal';
}

function addition(left: Expression, right: Expression, kind: Expression['kind']): Expression {
  return operation(`${wrap(left, BINDING.add)} + ${wrap(right, BINDING.add + 1)}`, BINDING.add, kind);
}

function concatenation(left: Expression, right: Expression): Expression {
  const leftSql = left.concatenation ?? wrap(left, BINDING.other);
  const rightSql = right.concatenation === null ? wrap(right, BINDING.other + 1) : `(${right.concatenation})`;
  return operation(`${leftSql} || ${rightSql}`, BINDING.other, 'string');
}

/** A datetime and a number of days; T-SQL refuses that for a `date`. */
function shiftDays(date: Expression, sign: '+' | '-', days: Expression): Expression {
  if (date.kind === 'date' || !isNumber(days)) giveUp('date arithmetic');
  const sql = `${wrap(date, BINDING.add)} ${sign} ${wrap(days, BINDING.multiply)} * interval '1 day'`;
  return operation(sql, BINDING.add, 'datetime');
}

function isDate(expression: Expression): boolean {
  return expression.kind === 'date' || expression.kind === 'datetime';
}

/** Text that T-SQL can read as a number, a date or a time: then the other operand's type decides. */
function looksConvertible(text: string): boolean {
  return /\d/.test(text) && /^[\s\d.,:+\-/TZe$]*$/i.test(text);
}
