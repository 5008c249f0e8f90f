import { giveUp } from './untranslatable.js';

export type LexemeKind =
  | 'word' // a name or a keyword, not delimited
  | 'delimited' // [name] or "name"
  | 'string'
  | 'number'
  | 'parameter' // $1
  | 'symbol'
  | 'end';

/** One T-SQL token; comments and white space are left out. */
export interface Lexeme {
  readonly kind: LexemeKind;
  /** The name or the string's value without its delimiters; else the text as written. */
  readonly text: string;
  /** Upper case for words and symbols, so that keywords compare; empty for everything that cannot be one. */
  readonly upper: string;
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
}

const SPACE = /\s+|--[^\r\n]*/y;
const WORD = /[\p{L}_][\p{L}\p{N}_$@#]*/uy;
const BRACKETED = /\[([^\]]*(?:\]\][^\]]*)*)\]/y;
const QUOTED = /"([^"]*(?:""[^"]*)*)"/y;
const STRING = /'([^']*(?:''[^']*)*)'/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const PARAMETER = /\$\d+/y;
const SYMBOL = /<>|<=|>=|!=|!<|!>|\|\||[(),.;=<>+\-*/%&|]/y;

/** What may not follow a number or parameter directly: `1abc`, `$1.50` (money). */
const GLUED = /[\p{L}\p{N}_.$@#]/uy;

/** E'…', B'…' and X'…' are PostgreSQL's own literals, whose text reads by other rules. */
const POSTGRES_PREFIX = /^[ebx]$/i;

const SUBSCRIPT = /^[\d\s:]+$/;

/**
 * Takes a T-SQL text apart. Ends with an `end` lexeme.
 * @throws Untranslatable for everything that no query has: variables, temporary tables, binary literals, ODBC escapes,
 * PostgreSQL's own syntax (`::`, `$$`, `E'…'`, `a[1]`), unfinished strings and comments
 */
export function readLexemes(sql: string): Lexeme[] {
  const lexemes: Lexeme[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(sql);
  };
  const push = (kind: LexemeKind, text: string, length: number, upper = ''): void => {
    lexemes.push({ kind, text, upper, start: at, end: at + length });
    at += length;
  };
  const pushNumber = (kind: 'number' | 'parameter', text: string): void => {
    push(kind, text, text.length);
    if (match(GLUED)) giveUp(`number without an end at ${at}`);
  };
  for (;;) {
    const space = match(SPACE);
    if (space) {
      at += space[0].length;
      continue;
    }
    if (sql.startsWith('/*', at)) {
      at = commentEnd(sql, at);
      continue;
    }
    if (at >= sql.length) break;
    let found = match(WORD);
    if (found) {
      const [text] = found;
      const isNational = /^n$/i.test(text) && sql[at + 1] === "'";
      if (isNational) at++;
      else {
        if (POSTGRES_PREFIX.test(text) && sql[at + text.length] === "'") giveUp('prefixed literal');
        push('word', text, text.length, text.toUpperCase());
        continue;
      }
    }
    found = match(STRING);
    if (found) {
      // A backslash at the end of a line continues the line in T-SQL.
      if (/\\\r?\n/.test(found[1]!)) giveUp('line continuation');
      push('string', found[1]!.replaceAll("''", "'"), found[0].length);
      continue;
    }
    found = match(BRACKETED);
    if (found) {
      if (SUBSCRIPT.test(found[1]!) && followsName(lexemes.at(-1), at)) giveUp('array subscript');
      push('delimited', found[1]!.replaceAll(']]', ']'), found[0].length);
      continue;
    }
    found = match(QUOTED);
    if (found) {
      push('delimited', found[1]!.replaceAll('""', '"'), found[0].length);
      continue;
    }
    found = match(NUMBER);
    if (found) {
      pushNumber('number', found[0]);
      continue;
    }
    found = match(PARAMETER);
    if (found) {
      pushNumber('parameter', found[0]);
      continue;
    }
    found = match(SYMBOL);
    if (!found) giveUp(`unexpected character at ${at}`);
    push('symbol', found[0], found[0].length, found[0]);
  }
  push('end', '', 0);
  return lexemes;
}

/** Whether text at `at` touches a name or a closing parenthesis: `a[1]` is PostgreSQL, `a [1]` is an alias. */
function followsName(last: Lexeme | undefined, at: number): boolean {
  return (
    last !== undefined && last.end === at && (last.kind === 'word' || last.kind === 'delimited' || last.text === ')')
  );
}

/** Comments nest, in T-SQL as in PostgreSQL. */
function commentEnd(sql: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  for (let found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return giveUp('comment without an end');
}
