import { dayNumber, SECONDS_PER_DAY } from '../coerce/calendar.js';

const ZERO = 0x30;
const DASH = 0x2d;
const POINT = 0x2e;

/** What the readers answer for `infinity` and `-infinity`. */
const INFINITE = Number.POSITIVE_INFINITY;

function two(bytes: Uint8Array, i: number): number {
  return (bytes[i]! - ZERO) * 10 + bytes[i + 1]! - ZERO;
}

/** The end of the year's digits. */
function yearEnd(bytes: Uint8Array, start: number): number {
  let i = start + 4;
  while (bytes[i] !== DASH) i++;
  return i;
}

/** The day number of the canonical date that starts at `start`; ±Infinity for the infinities. `end` tells BC. */
export function readDays(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start]! > 0x39) return INFINITE;
  if (bytes[start] === DASH) return -INFINITE;
  const dash = yearEnd(bytes, start);
  let year = 0;
  for (let i = start; i < dash; i++) year = year * 10 + bytes[i]! - ZERO;
  if (bytes[end - 1] === 0x43) year = 1 - year;
  return dayNumber(year, two(bytes, dash + 1), two(bytes, dash + 4));
}

/** Whole seconds of the day of the canonical time at `start`. */
export function readSecondsOfDay(bytes: Uint8Array, start: number): number {
  return two(bytes, start) * 3600 + two(bytes, start + 3) * 60 + two(bytes, start + 6);
}

/** Microseconds of the fraction that may stand at `i`. */
export function readFraction(bytes: Uint8Array, i: number, end: number): number {
  if (i >= end || bytes[i] !== POINT) return 0;
  let micros = 0;
  let unit = 100_000;
  for (let at = i + 1; at < end && bytes[at]! >= ZERO && bytes[at]! <= 0x39; at++) {
    micros += (bytes[at]! - ZERO) * unit;
    unit /= 10;
  }
  return micros;
}

/** Whole seconds since 2000-01-01 of a canonical timestamp in UTC, rounded down; ±Infinity for the infinities. */
export function readTimestampSeconds(bytes: Uint8Array, start: number, end: number): number {
  const days = readDays(bytes, start, end);
  if (days === INFINITE || days === -INFINITE) return days;
  return days * SECONDS_PER_DAY + readSecondsOfDay(bytes, yearEnd(bytes, start) + 7);
}

/** The microseconds that a canonical, finite timestamp has beyond its whole seconds. */
export function readTimestampMicros(bytes: Uint8Array, start: number, end: number): number {
  return readFraction(bytes, yearEnd(bytes, start) + 15, end);
}
