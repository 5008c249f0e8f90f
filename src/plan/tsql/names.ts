import { scanSync } from 'libpg-query';
import type { Lexeme } from './lexer.js';
import type { Reader } from './reader.js';
import { isReserved } from './reserved-words.js';
import { giveUp } from './untranslatable.js';

const PLAIN = /^[\p{L}_][\p{L}\p{N}_$]*$/u;

/** keywordKind of libpg-query's scanner: words of this kind and below are names everywhere. */
const UNRESERVED_KEYWORD = 1;

/**
 * A name as PostgreSQL text. A delimited name (`[Id]`, `"Id"`) keeps its case as written, because linked servers send
 * catalogue names exactly; a bare one folds as PostgreSQL folds it (`Id` is `id`), also where it is a keyword there
 * and has to be quoted (`Limit` becomes `"limit"`).
 */
export function nameText(lexeme: Lexeme): string {
  if (lexeme.kind === 'word') return isPlain(lexeme.text) ? lexeme.text : quote(fold(lexeme.text));
  if (lexeme.text === '' || lexeme.text.includes('\0')) giveUp('empty name');
  return quote(lexeme.text);
}

/** A name between double quotes. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** PostgreSQL folds ASCII letters only. */
function fold(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function isPlain(name: string): boolean {
  return PLAIN.test(name) && (scanSync(name).tokens[0]?.keywordKind ?? 0) <= UNRESERVED_KEYWORD;
}

/** Whether the lexeme can be a table's, column's or alias's name. */
export function isName(lexeme: Lexeme): boolean {
  return lexeme.kind === 'delimited' || (lexeme.kind === 'word' && !isReserved(lexeme.upper));
}

/** Reads one name. */
export function readName(reader: Reader): string {
  return isName(reader.peek()) ? nameText(reader.next()) : giveUp(`expected a name at ${reader.peek().start}`);
}

/**
 * Reads `table`, `schema.table` or `database.schema.table`. The catalogue schema is lower case in PostgreSQL, and
 * `[INFORMATION_SCHEMA].[TABLES]` is how SQL Server's own tools write it.
 */
export function readTableName(reader: Reader): string {
  const parts: Lexeme[] = [];
  do {
    if (!isName(reader.peek())) giveUp(`expected a table at ${reader.peek().start}`);
    parts.push(reader.next());
  } while (reader.takes('.'));
  if (parts.length > 3) giveUp('a server name');
  const isCatalogue = parts.at(-2)?.text.toLowerCase() === 'information_schema';
  return parts
    .map((part, index) => (isCatalogue && index >= parts.length - 2 ? quote(fold(part.text)) : nameText(part)))
    .join('.');
}

/** Reads `(a, b)`: the column names behind an alias. */
export function readNameList(reader: Reader): string {
  return `(${reader.inParentheses(() => reader.list(() => readName(reader))).join(', ')})`;
}
