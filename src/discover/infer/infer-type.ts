import { isList, isMap, SampleNumber, type SampleValue } from '../sample/sample-value.js';
import { parseIsoDatetime } from './iso-text.js';

/** What single values of a column were seen to be. */
type Kind =
  | 'boolean'
  | 'integer'
  | 'decimal'
  | 'exponent'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'uuid'
  | 'text'
  | 'structure';

const MOST_BIGINT = 9_223_372_036_854_775_807n;
const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)\.\d+$/;
const EXPONENT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?[eE][+-]?\d+$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What texts of a format can be: in CSV and XML everything is text, in JSON numbers and truth values are not. */
export type TextMeaning = 'any' | 'no-numbers';

/** The type of a column with these values, as DSN files write it: the narrowest that takes all of them; text if all are null. */
export function inferType(values: Iterable<SampleValue | undefined>, meaning: TextMeaning): string {
  const kinds = new Set<Kind>();
  let isBig = false;
  let isExact = false;
  for (const value of values) {
    if (value === null || value === undefined) continue;
    const kind = kindOf(value, meaning);
    kinds.add(kind);
    isBig ||= kind === 'integer' && isBeyondBigint(value);
    isExact ||= isBeyondDouble(kind, value);
  }
  return typeOf(kinds, isBig, isExact);
}

function typeOf(kinds: ReadonlySet<Kind>, isBig: boolean, isExact: boolean): string {
  if (kinds.size === 0) return 'text';
  if (kinds.has('structure')) return 'json';
  if (isWithin(kinds, ['integer'])) return isBig ? 'numeric' : 'bigint';
  if (isWithin(kinds, ['integer', 'decimal'])) return 'numeric';
  if (isWithin(kinds, ['integer', 'decimal', 'exponent'])) return isExact ? 'numeric' : 'double precision';
  if (isWithin(kinds, ['date', 'timestamp'])) return kinds.has('timestamp') ? 'timestamp' : 'date';
  if (isWithin(kinds, ['date', 'timestamptz'])) return 'timestamptz';
  const [only] = kinds;
  return kinds.size === 1 ? only! : 'text';
}

function isWithin(kinds: ReadonlySet<Kind>, allowed: readonly Kind[]): boolean {
  return [...kinds].every((kind) => allowed.includes(kind));
}

function kindOf(value: Exclude<SampleValue, null>, meaning: TextMeaning): Kind {
  if (typeof value === 'boolean') return 'boolean';
  if (value instanceof SampleNumber) return numberKind(value.text)!;
  if (isList(value) || isMap(value)) return 'structure';
  if (meaning === 'any') {
    const number = numberKind(value);
    if (number !== null) return number;
    if (value === 'true' || value === 'false') return 'boolean';
  }
  if (UUID.test(value)) return 'uuid';
  return parseIsoDatetime(value) ?? 'text';
}

/** Null for a text that only looks like a number: leading zeros and signs mean that it is an identifier. */
function numberKind(text: string): Kind | null {
  if (INTEGER.test(text)) return 'integer';
  if (DECIMAL.test(text)) return 'decimal';
  return EXPONENT.test(text) ? 'exponent' : null;
}

/** Whether double precision would lose the value's size, or digits that somebody wrote out. */
function isBeyondDouble(kind: Kind, value: SampleValue): boolean {
  if (kind !== 'integer' && kind !== 'decimal' && kind !== 'exponent') return false;
  const text = value instanceof SampleNumber ? value.text : String(value);
  const digits = /^-?([\d.]*)/.exec(text)![1]!.replace('.', '').replace(/^0+/, '');
  if (kind !== 'exponent') return digits.length > 17;
  const number = Number(text);
  return !Number.isFinite(number) || (number === 0 && digits !== '');
}

function isBeyondBigint(value: SampleValue): boolean {
  const text = value instanceof SampleNumber ? value.text : String(value);
  if (text.length < 19) return false;
  const number = BigInt(text);
  return number > MOST_BIGINT || number < -MOST_BIGINT - 1n;
}
