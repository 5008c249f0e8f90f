import { packedDate, SECONDS_PER_DAY, UNIX_EPOCH_DAYS } from './calendar.js';
import type { DatetimeValue } from './datetime-value.js';
import { parseDecimal, printDecimal, roundDecimal } from './numeric.js';
import { trimSpaces } from './spaces.js';

/** Reads seconds (or milliseconds) since 1970 with any fraction, rounded to microseconds; null when it is no number. */
export function parseUnixTime(text: string, isMillis: boolean): DatetimeValue | null {
  const value = parseDecimal(trimSpaces(text));
  if (value === null) return null;
  // Beyond every timestamp: not worth computing, and the caller's range check refuses it.
  if (value.point > 20) return outOfRange(value.isNegative);
  const micros = BigInt(
    printDecimal(roundDecimal({ ...value, point: value.digits === '' ? 0 : value.point + (isMillis ? 3 : 6) }, 0)),
  );
  const perDay = 86_400_000_000n;
  let days = micros / perDay;
  if (micros < days * perDay) days -= 1n;
  const packed = packedDate(Number(days) - UNIX_EPOCH_DAYS);
  const year = Math.floor(packed / 512);
  const rest = packed - year * 512;
  return { date: { year, month: rest >> 5, day: rest & 31 }, micros: Number(micros - days * perDay), zone: 0 };
}

function outOfRange(isNegative: boolean): DatetimeValue {
  return { date: { year: isNegative ? -9_999_999 : 9_999_999, month: 1, day: 1 }, micros: 0, zone: 0 };
}

/** Unix seconds of a whole number of milliseconds or seconds. */
export function secondsOf(value: number, isMillis: boolean): number {
  return isMillis ? Math.floor(value / 1000) : value;
}

/** The day number (from 2000-01-01) of Unix seconds. */
export function dayOfUnixSeconds(seconds: number): number {
  return Math.floor(seconds / SECONDS_PER_DAY) - UNIX_EPOCH_DAYS;
}
