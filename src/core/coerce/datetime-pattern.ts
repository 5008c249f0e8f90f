import { errors } from '../errors.js';
import { checkedDate, checkedHour, checkedTime, type DatetimeValue, readZone } from './datetime-value.js';
import { DAYS, MONTHS, monthNumber } from './month-names.js';

type Field =
  | 'year'
  | 'shortYear'
  | 'month'
  | 'monthName'
  | 'day'
  | 'hour'
  | 'hour12'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'meridiem'
  | 'zone';

/** A pattern letter run: the field it fills (null: read and forgotten) and what it matches. */
interface Token {
  readonly field: Field | null;
  readonly match: string;
}

const two = (field: Field): Token => ({ field, match: '\\d{2}' });
const oneOrTwo = (field: Field): Token => ({ field, match: '\\d{1,2}' });
const names = (words: readonly string[], length: number): string =>
  words.map((word) => word.slice(0, length)).join('|');
const SHORT_DAY: Token = { field: null, match: names(DAYS, 3) };

const TOKENS: Readonly<Record<string, Token>> = {
  yyyy: { field: 'year', match: '\\d{4}' },
  yy: { field: 'shortYear', match: '\\d{2}' },
  y: { field: 'year', match: '\\d{1,6}' },
  M: oneOrTwo('month'),
  MM: two('month'),
  MMM: { field: 'monthName', match: names(MONTHS, 3) },
  MMMM: { field: 'monthName', match: MONTHS.join('|') },
  d: oneOrTwo('day'),
  dd: two('day'),
  H: oneOrTwo('hour'),
  HH: two('hour'),
  h: oneOrTwo('hour12'),
  hh: two('hour12'),
  m: oneOrTwo('minute'),
  mm: two('minute'),
  s: oneOrTwo('second'),
  ss: two('second'),
  a: { field: 'meridiem', match: '[ap]\\.?m\\.?' },
  E: SHORT_DAY,
  EE: SHORT_DAY,
  EEE: SHORT_DAY,
  EEEE: { field: null, match: DAYS.join('|') },
  z: { field: 'zone', match: 'z|utc?|gmt|[+-]\\d{1,2}(?::?\\d{2})?|[a-z_]+(?:/[a-z0-9_+-]+)+' },
  Z: { field: 'zone', match: 'z|[+-]\\d{2}:?\\d{2}' },
  X: { field: 'zone', match: 'z|[+-]\\d{2}(?:\\d{2})?' },
  XX: { field: 'zone', match: 'z|[+-]\\d{4}' },
  XXX: { field: 'zone', match: 'z|[+-]\\d{2}:\\d{2}' },
};

const PIECE = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']/gy;

/** What a column needs of its pattern. */
export type PatternNeed = 'date' | 'time';

/**
 * Compiles a date pattern in the letters of Unicode's date field symbols (`dd/MM/yyyy HH:mm`, quoted literals). The
 * returned function gives null for text in another form and throws 22008 for fields out of range. A pattern
 * that cannot be used throws F0000. Month and day names are English.
 */
export function compilePattern(pattern: string, need: PatternNeed): (text: string) => DatetimeValue | null {
  const fields: (Field | null)[] = [];
  let source = '';
  let end = 0;
  for (const piece of pattern.matchAll(PIECE)) {
    end = piece.index + piece[0].length;
    if (piece[1] !== undefined) source += escaped(piece[1] === '' ? "'" : piece[1].replaceAll("''", "'"));
    else if (piece[2] === undefined) source += escaped(piece[0]);
    else {
      const token = /^S+$/.test(piece[0]) ? fractionToken(piece[0]) : TOKENS[piece[0]];
      if (token === undefined) throw unusable(pattern, `it has "${piece[0]}"`);
      if (token.field !== null && fields.includes(token.field)) throw unusable(pattern, `it has "${piece[0]}" twice`);
      fields.push(token.field);
      source += `(${token.match})`;
    }
  }
  if (end !== pattern.length) throw unusable(pattern, 'a quote is not closed');
  const has = (...wanted: Field[]): boolean => wanted.some((field) => fields.includes(field));
  if (need === 'date' && !has('year', 'shortYear')) throw unusable(pattern, 'it has no year');
  if (need === 'time' && !has('hour', 'hour12')) throw unusable(pattern, 'it has no hour');
  if (has('hour12') && !has('meridiem')) throw unusable(pattern, '"h" needs "a"');
  const expression = new RegExp(`^${source}$`, 'i');
  return (text) => {
    const match = expression.exec(text);
    if (match === null) return null;
    const values: Partial<Record<Field, string>> = {};
    fields.forEach((field, index) => {
      if (field !== null) values[field] = match[index + 1]!;
    });
    return assemble(values, text);
  };
}

/** `SSS` reads as many digits as it has letters. */
function fractionToken(letters: string): Token {
  return { field: 'fraction', match: `\\d{${letters.length}}` };
}

function assemble(values: Partial<Record<Field, string>>, text: string): DatetimeValue {
  const year = values.year !== undefined ? Number(values.year) : shortYear(values.shortYear);
  const month = values.monthName === undefined ? Number(values.month ?? 1) : monthNumber(values.monthName.slice(0, 3));
  const hour = checkedHour(Number(values.hour12 ?? values.hour ?? 0), values.hour12 && values.meridiem, text);
  const hasTime = values.hour !== undefined || values.hour12 !== undefined;
  const { minute = 0, second = 0, fraction = '' } = values;
  return {
    date: year === null ? null : checkedDate(year, month, Number(values.day ?? 1), text),
    micros: hasTime ? checkedTime(hour, Number(minute), Number(second), fraction, text) : null,
    zone: readZone(values.zone, text),
  };
}

/** As PostgreSQL: 00 to 69 are this century. */
function shortYear(digits: string | undefined): number | null {
  if (digits === undefined) return null;
  const year = Number(digits);
  return year < 70 ? 2000 + year : 1900 + year;
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function unusable(pattern: string, why: string): Error {
  return errors.configuration(`"${pattern}" is not a date format: ${why}`, {
    hint: "Use rfc3339, unix, unix_ms, rfc2822, or letters out of yyyy yy MM M MMM MMMM dd d HH H hh h mm m ss s SSS a z Z XXX EEE, with other words in '…'.",
  });
}
