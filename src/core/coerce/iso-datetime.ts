import { checkedDate, checkedHour, checkedTime, type ParsedDatetime, readZone } from './datetime-value.js';
import { datetimeFieldOutOfRange } from './failure.js';
import { trimSpaces } from './spaces.js';

const DATE =
  '(?:(\\d{3,7})-(\\d{1,2})-(\\d{1,2})|(\\d{4})/(\\d{1,2})/(\\d{1,2})|(\\d{4})(\\d{2})(\\d{2})|([+-]\\d{6})-(\\d{2})-(\\d{2}))';
const TIME = '(?:(\\d{1,2}):(\\d{1,2})(?::(\\d{1,2})(?:[.,](\\d*))?)?|(\\d{2})(\\d{2})(?:(\\d{2})(?:[.,](\\d*))?)?)';
// What follows has to be apart, or PostgreSQL reads the whole as a zone (PM-15:59, America/New_York).
const MERIDIEM = '(?:\\s*([AaPp][Mm])(?=\\s|$))?';
const ZONE =
  '(?:\\s*([Zz]|[Uu][Tt][Cc]|[Gg][Mm][Tt]|[+-]\\d{1,2}(?::?\\d{2}(?::?\\d{2})?)?|[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+))?';
const ERA = '(?:\\s*(BC|AD|bc|ad))?';

const DATETIME = new RegExp(`^${DATE}(?:(?:\\s*[Tt]\\s*|\\s+)${TIME}${MERIDIEM})?${ZONE}${ERA}$`);
const TIME_ONLY = new RegExp(`^[Tt]?${TIME}${MERIDIEM}${ZONE}$`);

/**
 * Reads ISO 8601 and RFC 3339 dates and times, in extended and basic form, with the liberties PostgreSQL takes: a space for
 * the T, one-digit fields, `/` between year, month and day, AM and PM, BC, zone names, `infinity`, `epoch`. Null for text in
 * another form; throws 22008 for a field that is out of range.
 */
export function parseIsoDatetime(text: string, isTimeOnly: boolean): ParsedDatetime {
  const source = trimSpaces(text);
  const match = DATETIME.exec(source);
  if (match !== null) return fromMatch(match, text);
  if (isTimeOnly) {
    const time = TIME_ONLY.exec(source);
    return time === null ? null : { date: null, micros: timeOf(time, 1, text), zone: readZone(time[10], text) };
  }
  const word = source.toLowerCase();
  if (word === 'infinity' || word === '+infinity') return 'infinity';
  if (word === '-infinity') return word;
  return word === 'epoch' ? { date: { year: 1970, month: 1, day: 1 }, micros: 0, zone: 0 } : null;
}

function fromMatch(match: RegExpExecArray, text: string): ParsedDatetime {
  const era = match[23]?.toLowerCase();
  const expanded = match[10];
  const written = Number(match[1] ?? match[4] ?? match[7] ?? expanded);
  // Only the signed six-digit years of ISO 8601 count a year zero.
  if (expanded === undefined && written === 0) throw datetimeFieldOutOfRange(text);
  const year = era === 'bc' ? 1 - written : written;
  const month = Number(match[2] ?? match[5] ?? match[8] ?? match[11]);
  const day = Number(match[3] ?? match[6] ?? match[9] ?? match[12]);
  const hasTime = match[13] !== undefined || match[17] !== undefined;
  return {
    date: checkedDate(year, month, day, text),
    micros: hasTime ? timeOf(match, 13, text) : null,
    zone: readZone(match[22], text),
  };
}

/** Groups from `at` on: hour, minute, second, fraction, the same in basic form, AM or PM. */
function timeOf(match: RegExpExecArray, at: number, text: string): number {
  const hour = checkedHour(Number(match[at] ?? match[at + 4]), match[at + 8], text);
  const minute = Number(match[at + 1] ?? match[at + 5]);
  const second = Number(match[at + 2] ?? match[at + 6] ?? 0);
  return checkedTime(hour, minute, second, match[at + 3] ?? match[at + 7] ?? '', text);
}
