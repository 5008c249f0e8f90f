import { DATE_PART_FUNCTIONS, datePartCall } from './dates.js';
import { atom, type Expression } from './expression.js';
import { aggregateName, functionCall } from './functions.js';
import type { Reader } from './reader.js';
import { giveUp } from './untranslatable.js';
import { readOver, readWithinGroup } from './windows.js';

/** Reads a call from its opening parenthesis on, with WITHIN GROUP and OVER behind it. */
export function readCall(reader: Reader, name: string): Expression {
  return bounded(reader, readUnboundedCall(reader, name));
}

function readUnboundedCall(reader: Reader, name: string): Expression {
  const upper = name.toUpperCase();
  if (DATE_PART_FUNCTIONS.has(upper)) {
    return reader.inParentheses(() => {
      const part = reader.next();
      if (part.kind !== 'word') giveUp('a date part');
      reader.expect(',');
      return datePartCall(
        upper,
        part.text,
        reader.list(() => reader.readExpression()),
      );
    });
  }
  const { plain, special } = readArguments(reader);
  const called = special === null ? functionCall(name, plain) : aggregateCall(name, special);
  const ordered = upper === 'STRING_AGG' ? readWithinGroup(reader, called) : called;
  return readOver(reader, ordered);
}

/** A call's arguments; `special` when they are not plain: `*`, `DISTINCT x`, `ALL x`. */
function readArguments(reader: Reader): { plain: Expression[]; special: string | null } {
  return reader.inParentheses(() => {
    if (reader.sees(')')) return { plain: [], special: null };
    if (reader.takes('*')) return { plain: [], special: '*' };
    const quantifier = reader.takes('DISTINCT') ? 'DISTINCT ' : reader.takes('ALL') ? 'ALL ' : null;
    const plain = reader.list(() => reader.readExpression());
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
