import type { ColumnModel } from '../../config/model.js';
import { errors } from '../errors.js';
import {
  dayNumber,
  FIRST_DAY,
  LAST_DATE,
  LAST_TIMESTAMP_DAY,
  MICROS_PER_DAY,
  SECONDS_PER_DAY,
  UNIX_EPOCH_DAYS,
} from './calendar.js';
import { type ByteWriter, type Coercer, writeNothing } from './contract.js';
import { dateWriter, timestampWriter, timeWriter, unixWriter } from './datetime-bytes.js';
import { compilePattern } from './datetime-pattern.js';
import { printDate, printTime, printTimestamp } from './datetime-print.js';
import type { DatetimeValue, ParsedDatetime } from './datetime-value.js';
import { datetimeOutOfRange, invalidDatetime } from './failure.js';
import { parseIsoDatetime } from './iso-datetime.js';
import { parseRfc2822 } from './rfc2822.js';
import { isUtc, TimeZone } from './time-zone.js';
import { parseUnixTime } from './unix-time.js';

/** The date and time types' names. */
export type DatetimeName = 'date' | 'time' | 'timestamp' | 'timestamptz';

/** How PostgreSQL's input errors name the types: not as `format_type` does. */
const INPUT_NAMES: Readonly<Record<DatetimeName, string>> = {
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamp with time zone',
};

/** What a date or time column's settings are. */
type DatetimeSettings = Pick<ColumnModel, 'format' | 'timezone'>;

/**
 * Coercer of date, time, timestamp and timestamptz. As in PostgreSQL, a date takes the date of a longer text, a time its time,
 * and all but timestamptz ignore a zone. Unix times are read as UTC.
 */
export function makeDatetimeCoercer(name: DatetimeName, { format, timezone }: DatetimeSettings): Coercer {
  const parse = parserOf(name, format);
  const print = PRINTERS[name](zoneResolver(name, timezone));
  const typeName = INPUT_NAMES[name];
  const fromString = (text: string): string => {
    const value = parse(text);
    if (value === null) throw invalidDatetime(typeName, text);
    return print(value, text);
  };
  return {
    fromString,
    fromNumber: fromString,
    fromBoolean: (value) => fromString(value ? 'true' : 'false'),
    fromJson: fromString,
    ...writersOf(name, format, isUtc(timezone)),
  };
}

function parserOf(name: DatetimeName, format: string | null): (text: string) => ParsedDatetime {
  switch (format) {
    case null:
    case 'rfc3339':
    case 'iso8601':
      return (text) => parseIsoDatetime(text, name === 'time');
    case 'unix':
    case 'unix_ms':
      return (text) => parseUnixTime(text, format === 'unix_ms');
    case 'rfc2822':
      return parseRfc2822;
    default:
      return compilePattern(format, name === 'time' ? 'time' : 'date');
  }
}

function writersOf(
  name: DatetimeName,
  format: string | null,
  isZoneUtc: boolean,
): { readonly writeString: ByteWriter; readonly writeNumber: ByteWriter } {
  if (format === null || format === 'rfc3339' || format === 'iso8601') {
    const isZoned = name === 'timestamptz';
    const writer = name === 'date' ? dateWriter : name === 'time' ? timeWriter : timestampWriter(isZoned, isZoneUtc);
    return { writeString: writer, writeNumber: writeNothing };
  }
  if ((format === 'unix' || format === 'unix_ms') && (name === 'timestamp' || name === 'timestamptz')) {
    const writer = unixWriter(format === 'unix_ms', name === 'timestamptz');
    return { writeString: writer, writeNumber: writer };
  }
  return { writeString: writeNothing, writeNumber: writeNothing };
}

/** Seconds east of UTC of a value's zone, or of the column's where it has none. */
type ZoneResolver = (value: DatetimeValue, days: number, text: string) => number;

function zoneResolver(name: DatetimeName, timezone: string): ZoneResolver {
  if (name !== 'timestamptz') return () => 0;
  const columnZone = isUtc(timezone) ? null : TimeZone.find(timezone);
  if (columnZone === null && !isUtc(timezone)) {
    throw errors.configuration(`time zone "${timezone}" not recognized`, {
      hint: "Set the column's timezone to an IANA name such as Europe/Berlin.",
    });
  }
  return ({ zone, micros }, days, text) => {
    if (typeof zone === 'number') return zone;
    const place = zone === null ? columnZone : TimeZone.find(zone);
    if (place === null) {
      if (zone === null || isUtc(zone)) return 0;
      throw invalidDatetime(INPUT_NAMES.timestamptz, text);
    }
    const seconds = Math.floor((micros ?? 0) / 1_000_000);
    return place.offsetAtLocal((days + UNIX_EPOCH_DAYS) * SECONDS_PER_DAY + seconds);
  };
}

type Printer = (value: Exclude<ParsedDatetime, null>, text: string) => string;

const PRINTERS: Readonly<Record<DatetimeName, (resolveZone: ZoneResolver) => Printer>> = {
  date: () => (value, text) => {
    if (typeof value === 'string') return value;
    if (value.date === null) throw invalidDatetime('date', text);
    const days = dayNumber(value.date.year, value.date.month, value.date.day);
    if (days < FIRST_DAY || days > LAST_DATE) throw datetimeOutOfRange('date', text);
    return printDate(days);
  },
  time: () => (value, text) => {
    if (typeof value === 'string' || value.micros === null) throw invalidDatetime('time', text);
    return printTime(value.micros);
  },
  timestamp: (resolveZone) => timestampPrinter('', resolveZone),
  timestamptz: (resolveZone) => timestampPrinter('+00', resolveZone),
};

function timestampPrinter(suffix: '' | '+00', resolveZone: ZoneResolver): Printer {
  const typeName = suffix === '' ? INPUT_NAMES.timestamp : INPUT_NAMES.timestamptz;
  return (value, text) => {
    if (typeof value === 'string') return value;
    if (value.date === null) throw invalidDatetime(typeName, text);
    const day = dayNumber(value.date.year, value.date.month, value.date.day);
    const local = value.micros ?? 0;
    const micros = local - resolveZone(value, day, text) * 1_000_000;
    const days = day + Math.floor(micros / MICROS_PER_DAY);
    if (days < FIRST_DAY || days > LAST_TIMESTAMP_DAY) throw datetimeOutOfRange('timestamp', text);
    return printTimestamp(day, micros, suffix);
  };
}
