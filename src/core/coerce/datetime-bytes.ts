import { daysInMonth, packedDate, SECONDS_PER_DAY } from './calendar.js';
import type { ByteWriter } from './contract.js';
import { dayOfUnixSeconds, secondsOf } from './unix-time.js';

const ZERO = 0x30;
const DASH = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
const PLUS = 0x2b;

/** Two digits as a number, or -1. */
function two(source: Uint8Array, i: number): number {
  const tens = source[i]! - ZERO;
  const ones = source[i + 1]! - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

function putTwo(target: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  target[at] = ZERO + tens;
  target[at + 1] = ZERO + value - tens * 10;
}

/** Whether `YYYY-MM-DD` stands at `i` and is a date of the years 1 to 9999. */
function isDate(source: Uint8Array, i: number): boolean {
  const century = two(source, i);
  const years = two(source, i + 2);
  const month = two(source, i + 5);
  const day = two(source, i + 8);
  if (century < 0 || years < 0 || source[i + 4] !== DASH || source[i + 7] !== DASH) return false;
  if (month < 1 || month > 12 || day < 1) return false;
  const year = century * 100 + years;
  return year > 0 && (day <= 28 || day <= daysInMonth(year, month));
}

/** Seconds of the day of `HH:MM:SS` at `i`, or -1; 24:00:00 and leap seconds are left to the complete path. */
function secondsOfDay(source: Uint8Array, i: number): number {
  const hour = two(source, i);
  const minute = two(source, i + 3);
  const second = two(source, i + 6);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return -1;
  if (source[i + 2] !== COLON || source[i + 5] !== COLON) return -1;
  return hour * 3600 + minute * 60 + second;
}

/** The end of the digits from `i` on. */
function digitsEnd(source: Uint8Array, i: number, end: number): number {
  let at = i;
  while (at < end && source[at]! >= ZERO && source[at]! <= 0x39) at++;
  return at;
}

/** Writes `.ffffff` without zeros at its end, and returns how many bytes that took. */
function putFraction(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let last = end;
  while (last > start && source[last - 1] === ZERO) last--;
  if (last === start) return 0;
  target[at] = POINT;
  for (let i = start; i < last; i++) target[at + 1 + i - start] = source[i]!;
  return last - start + 1;
}

/** `YYYY-MM-DD`, nothing else. */
export const dateWriter: ByteWriter = (source, start, end, target, at) => {
  if (end - start !== 10 || !isDate(source, start)) return -1;
  for (let i = 0; i < 10; i++) target[at + i] = source[start + i]!;
  return 10;
};

/** `HH:MM:SS` with up to six digits of fraction. */
export const timeWriter: ByteWriter = (source, start, end, target, at) => {
  if (end - start < 8 || secondsOfDay(source, start) < 0) return -1;
  let written = 8;
  if (end - start > 8) {
    if (source[start + 8] !== POINT || end - start > 15 || end - start === 9) return -1;
    if (digitsEnd(source, start + 9, end) !== end) return -1;
    written += putFraction(source, start + 9, end, target, at + 8);
  }
  for (let i = 0; i < 8; i++) target[at + i] = source[start + i]!;
  return written;
};

/**
 * RFC 3339: `YYYY-MM-DD`, then `T` or a space, `HH:MM:SS`, up to six digits of fraction, and `Z`, `±hh`, `±hhmm`, `±hh:mm` or
 * no zone. `isZoned`: for timestamptz; `isZoneUtc`: a text without a zone is in UTC.
 */
export function timestampWriter(isZoned: boolean, isZoneUtc: boolean): ByteWriter {
  return (source, start, end, target, at) => {
    const length = end - start;
    if (length < 10 || !isDate(source, start)) return -1;
    let out = at + 19;
    let seconds = 0;
    let offset = 0;
    if (length === 10) {
      if (isZoned && !isZoneUtc) return -1;
    } else {
      const separator = source[start + 10];
      if (length < 19 || (separator !== 0x54 && separator !== 0x20 && separator !== 0x74)) return -1;
      seconds = secondsOfDay(source, start + 11);
      if (seconds < 0) return -1;
      let i = start + 19;
      if (i < end && source[i] === POINT) {
        const last = digitsEnd(source, i + 1, end);
        if (last === i + 1 || last > i + 7) return -1;
        out += putFraction(source, i + 1, last, target, out);
        i = last;
      }
      if (i === end) {
        if (isZoned && !isZoneUtc) return -1;
      } else {
        const minutes = offsetMinutes(source, i, end);
        if (minutes === BAD_OFFSET) return -1;
        if (isZoned) offset = minutes;
      }
    }
    for (let i = 0; i < 10; i++) target[at + i] = source[start + i]!;
    seconds -= offset * 60;
    if (seconds < 0 || seconds >= SECONDS_PER_DAY) {
      if (!shiftDay(target, at, seconds < 0 ? -1 : 1)) return -1;
      seconds += seconds < 0 ? SECONDS_PER_DAY : -SECONDS_PER_DAY;
    }
    putTime(target, at + 10, seconds);
    if (isZoned) out = putUtc(target, out);
    return out - at;
  };
}

const BAD_OFFSET = 100_000;

/** Minutes east of UTC of the zone that fills `[i, end)`. */
function offsetMinutes(source: Uint8Array, i: number, end: number): number {
  const sign = source[i];
  const length = end - i;
  if (length === 1) return sign === 0x5a || sign === 0x7a ? 0 : BAD_OFFSET;
  if (sign !== PLUS && sign !== DASH) return BAD_OFFSET;
  const hours = two(source, i + 1);
  let minutes = 0;
  if (length === 6 && source[i + 3] === COLON) minutes = two(source, i + 4);
  else if (length === 5) minutes = two(source, i + 3);
  else if (length !== 3) return BAD_OFFSET;
  if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59) return BAD_OFFSET;
  return sign === DASH ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

/** Moves the date at `at` by one day; false at the ends of the years 1 to 9999. */
function shiftDay(target: Uint8Array, at: number, by: 1 | -1): boolean {
  let year = two(target, at) * 100 + two(target, at + 2);
  let month = two(target, at + 5);
  let day = two(target, at + 8) + by;
  if (day < 1) {
    if (--month < 1) {
      month = 12;
      year--;
    }
    day = daysInMonth(year, month);
  } else if (day > 28 && day > daysInMonth(year, month)) {
    day = 1;
    if (++month > 12) {
      month = 1;
      year++;
    }
  }
  if (year < 1 || year > 9999) return false;
  putDate(target, at, year, month, day);
  return true;
}

function putDate(target: Uint8Array, at: number, year: number, month: number, day: number): void {
  const century = (year / 100) | 0;
  putTwo(target, at, century);
  putTwo(target, at + 2, year - century * 100);
  target[at + 4] = DASH;
  putTwo(target, at + 5, month);
  target[at + 7] = DASH;
  putTwo(target, at + 8, day);
}

/** Writes ` HH:MM:SS`. */
function putTime(target: Uint8Array, at: number, seconds: number): void {
  const hour = (seconds / 3600) | 0;
  const minute = ((seconds - hour * 3600) / 60) | 0;
  target[at] = 0x20;
  putTwo(target, at + 1, hour);
  target[at + 3] = COLON;
  putTwo(target, at + 4, minute);
  target[at + 6] = COLON;
  putTwo(target, at + 7, seconds - hour * 3600 - minute * 60);
}

function putUtc(target: Uint8Array, at: number): number {
  target[at] = PLUS;
  target[at + 1] = ZERO;
  target[at + 2] = ZERO;
  return at + 3;
}

/** Whole seconds or milliseconds since 1970, in the years 1 to 9999. */
export function unixWriter(isMillis: boolean, isZoned: boolean): ByteWriter {
  return (source, start, end, target, at) => {
    let i = start;
    const isNegative = source[i] === DASH;
    if (isNegative) i++;
    if (end - i < 1 || end - i > 14) return -1;
    let value = 0;
    for (; i < end; i++) {
      const digit = source[i]! - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    if (isNegative) value = -value;
    const seconds = secondsOf(value, isMillis);
    const days = dayOfUnixSeconds(seconds);
    const packed = packedDate(days);
    const year = Math.floor(packed / 512);
    if (year < 1 || year > 9999) return -1;
    const rest = packed - year * 512;
    putDate(target, at, year, rest >> 5, rest & 31);
    putTime(target, at + 10, seconds - Math.floor(seconds / SECONDS_PER_DAY) * SECONDS_PER_DAY);
    let out = at + 19;
    const millis = isMillis ? value - seconds * 1000 : 0;
    if (millis > 0) {
      target[out] = POINT;
      target[out + 1] = ZERO + ((millis / 100) | 0);
      putTwo(target, out + 2, millis % 100);
      out += 4;
      while (target[out - 1] === ZERO) out--;
    }
    if (isZoned) out = putUtc(target, out);
    return out - at;
  };
}
