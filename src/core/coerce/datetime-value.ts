import { daysInMonth, MICROS_PER_DAY } from './calendar.js';
import { datetimeFieldOutOfRange, zoneOutOfRange } from './failure.js';

/** What a text says about a date and time, checked field by field. */
export interface DatetimeValue {
  /** Astronomical; null: the text has no date. */
  readonly date: { readonly year: number; readonly month: number; readonly day: number } | null;
  /** Microseconds of the day, up to 24:00:00; null: the text has no time. */
  readonly micros: number | null;
  /** Seconds east of UTC, an IANA name, or null: the text has no zone. */
  readonly zone: number | string | null;
}

/** A parser's result: fields, one of the infinities, or null when the text is not in the parser's format. */
export type ParsedDatetime = DatetimeValue | 'infinity' | '-infinity' | null;

/** Checks a date; 22008 otherwise. */
export function checkedDate(year: number, month: number, day: number, text: string): DatetimeValue['date'] {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) throw datetimeFieldOutOfRange(text);
  return { year, month, day };
}

/**
 * Microseconds of a time of day; 24:00:00 and a leap second's :60 are taken as PostgreSQL takes them, anything else out of
 * range is 22008. `fraction`: the digits after the point.
 */
export function checkedTime(hour: number, minute: number, second: number, fraction: string, text: string): number {
  if (hour > 24 || minute > 59 || second > 60) throw datetimeFieldOutOfRange(text);
  const micros = (hour * 3600 + minute * 60 + second) * 1_000_000 + fractionMicros(fraction);
  if (micros > MICROS_PER_DAY) throw datetimeFieldOutOfRange(text);
  return micros;
}

/** Rounds as PostgreSQL: through a double, half to even. */
function fractionMicros(digits: string): number {
  if (digits === '') return 0;
  const micros = Number(`0.${digits}`) * 1_000_000;
  const floor = Math.floor(micros);
  const rest = micros - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Applies AM or PM; an hour that no twelve-hour clock shows is 22008. */
export function checkedHour(hour: number, meridiem: string | undefined, text: string): number {
  if (meridiem === undefined) return hour;
  if (hour > 12) throw datetimeFieldOutOfRange(text);
  return (hour % 12) + (/^p/i.test(meridiem) ? 12 : 0);
}

const OFFSET = /^([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?$/;

/** Seconds east of UTC of `Z`, `UTC`, `GMT`, `±hh`, `±hhmm`, `±hh:mm[:ss]`; a name as it stands. */
export function readZone(zone: string | undefined, text: string): number | string | null {
  if (zone === undefined) return null;
  if (/^(?:z|utc?|gmt)$/i.test(zone)) return 0;
  const match = OFFSET.exec(zone);
  if (match === null) return zone;
  const [hours, minutes, seconds] = [Number(match[2]), Number(match[3] ?? 0), Number(match[4] ?? 0)];
  if (hours > 15 || minutes > 59 || seconds > 59) throw zoneOutOfRange(text);
  const total = hours * 3600 + minutes * 60 + seconds;
  return match[1] === '-' ? -total : total;
}
