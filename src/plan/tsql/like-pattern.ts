import { BINDING, type Expression, stringLiteral, wrap } from './expression.js';
import { giveUp } from './untranslatable.js';

/** `LIKE`'s right side: the pattern, and its ESCAPE where one is needed. */
export function likePattern(pattern: Expression, escapedBy: Expression | null): string {
  if (escapedBy !== null) return escapedPattern(pattern, escapedBy);
  if (pattern.literal !== null) return stringLiteral(plainPattern(pattern.literal)).sql;
  // Without ESCAPE a backslash is an ordinary character for T-SQL.
  return `${wrap(pattern, BINDING.other)} ESCAPE ''`;
}

/** A literal pattern in PostgreSQL's form, where a backslash escapes and brackets mean themselves. */
function plainPattern(pattern: string): string {
  return pattern.replace(/\\|\[([^\]])\]|\[/g, (found, single: string | undefined) => {
    if (found === '\\') return '\\\\';
    if (single === undefined) return giveUp('a set of characters in a LIKE pattern');
    return /[%_\\]/.test(single) ? `\\${single}` : single;
  });
}

function escapedPattern(pattern: Expression, escapedBy: Expression): string {
  if (escapedBy.literal === null || [...escapedBy.literal].length !== 1)
    giveUp('ESCAPE of something else than a character');
  if (pattern.literal === null) giveUp('ESCAPE of a pattern that is no literal');
  const characters = [...pattern.literal];
  for (let index = 0; index < characters.length; index++) {
    if (characters[index] === escapedBy.literal) index++;
    else if (characters[index] === '[') giveUp('a set of characters in a LIKE pattern');
    if (index >= characters.length) giveUp('an escape character at the end');
  }
  return `${pattern.sql} ESCAPE ${escapedBy.sql}`;
}
