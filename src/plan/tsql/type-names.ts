import type { Kind } from './expression.js';
import type { Reader } from './reader.js';
import { giveUp } from './untranslatable.js';

/** A T-SQL type as the target of a cast. */
export interface CastType {
  /** PostgreSQL's name for it. */
  readonly sql: string;
  readonly kind: Kind;
  /** Characters that a string type holds; null: no limit, or not a string. */
  readonly maxLength: number | null;
}

/** Characters of `CAST(x AS varchar)`. https://learn.microsoft.com/sql/t-sql/data-types/char-and-varchar-transact-sql */
const DEFAULT_LENGTH = 30;
const MAX_FRACTION_DIGITS = 6;
const FLOAT_REAL_BITS = 24;

const INTEGERS: Readonly<Record<string, string>> = {
  TINYINT: 'smallint',
  SMALLINT: 'smallint',
  INT: 'integer',
  INTEGER: 'integer',
  BIGINT: 'bigint',
};

/** Types without arguments. `datetime` counts in 1/300 s and prints three digits. */
const PLAIN: Readonly<Record<string, readonly [sql: string, kind: Kind]>> = {
  BIT: ['boolean', 'unknown'],
  MONEY: ['numeric(19,4)', 'decimal'],
  SMALLMONEY: ['numeric(10,4)', 'decimal'],
  REAL: ['real', 'decimal'],
  DATE: ['date', 'date'],
  DATETIME: ['timestamp(3)', 'datetime'],
  TEXT: ['text', 'string'],
  NTEXT: ['text', 'string'],
  SYSNAME: ['varchar(128)', 'string'],
  UNIQUEIDENTIFIER: ['uuid', 'unknown'],
};

/**
 * Reads a type name with its arguments.
 * @throws Untranslatable for types that PostgreSQL has no equal for: smalldatetime rounds to minutes, datetimeoffset
 * keeps its offset; and binary, xml, sql_variant and CLR types
 */
export function readCastType(reader: Reader): CastType {
  const lexeme = reader.next();
  if (lexeme.kind !== 'word' && lexeme.kind !== 'delimited') giveUp('expected a type');
  const name = lexeme.text.toUpperCase();
  if (name === 'DOUBLE' && reader.takes('PRECISION'))
    return { sql: 'double precision', kind: 'decimal', maxLength: null };
  const sizes = reader.sees('(') ? readSizes(reader) : [];
  const [first = null, second = null] = sizes;
  const integer = INTEGERS[name];
  const plain = PLAIN[name];
  if (integer !== undefined || plain !== undefined) {
    if (sizes.length > 0) giveUp('a size where there is none');
    return integer === undefined
      ? { sql: plain![0], kind: plain![1], maxLength: null }
      : { sql: integer, kind: 'integer', maxLength: null };
  }
  if (second !== null && !['DECIMAL', 'DEC', 'NUMERIC'].includes(name)) giveUp('two sizes');
  if (first === 'max' && !['VARCHAR', 'NVARCHAR'].includes(name)) giveUp('max');
  switch (name) {
    case 'DECIMAL':
    case 'DEC':
    case 'NUMERIC':
      return { sql: `numeric(${first ?? 18},${second ?? 0})`, kind: 'decimal', maxLength: null };
    case 'FLOAT':
      return {
        sql: typeof first === 'number' && first <= FLOAT_REAL_BITS ? 'real' : 'double precision',
        kind: 'decimal',
        maxLength: null,
      };
    case 'VARCHAR':
    case 'NVARCHAR':
      if (first === 'max') return { sql: 'text', kind: 'string', maxLength: null };
      return { sql: `varchar(${first ?? DEFAULT_LENGTH})`, kind: 'string', maxLength: first ?? DEFAULT_LENGTH };
    case 'CHAR':
    case 'NCHAR':
    case 'CHARACTER':
      return {
        sql: `char(${first ?? DEFAULT_LENGTH})`,
        kind: 'padded',
        maxLength: (first as number) ?? DEFAULT_LENGTH,
      };
    case 'DATETIME2':
    case 'TIME': {
      const digits = Math.min((first as number | null) ?? MAX_FRACTION_DIGITS, MAX_FRACTION_DIGITS);
      const kind = name === 'TIME' ? 'unknown' : 'datetime';
      return { sql: `${name === 'TIME' ? 'time' : 'timestamp'}(${digits})`, kind, maxLength: null };
    }
    default:
      return giveUp(`type ${name}`);
  }
}

function readSizes(reader: Reader): (number | 'max')[] {
  return reader.inParentheses(() =>
    reader.list(() => {
      const lexeme = reader.next();
      if (lexeme.upper === 'MAX') return 'max';
      return /^\d{1,5}$/.test(lexeme.text) ? Number(lexeme.text) : giveUp('a size');
    }),
  );
}
