import { copyBytes, digitMask } from './cells';

// Dates and times in RFC 3339's form, as src/core/coerce/datetime-bytes.ts writes them.

const SECONDS_PER_DAY: i32 = 86400;
const BAD_OFFSET: i32 = 100000;

// @ts-ignore: decorator
@inline
function two(at: usize): i32 {
  return <i32>(load<u8>(at) - 0x30) * 10 + <i32>(load<u8>(at + 1) - 0x30);
}

// @ts-ignore: decorator
@inline
function isDigit(at: usize): bool {
  return <u32>(load<u8>(at) - 0x30) <= 9;
}

// @ts-ignore: decorator
@inline
function putTwo(at: usize, value: i32): void {
  store<u8>(at, 0x30 + value / 10);
  store<u8>(at + 1, 0x30 + (value % 10));
}

function daysInMonth(year: i32, month: i32): i32 {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/** Whether the digits of a date at `at`, which are digits, make one of the years 1 to 9999. */
// @ts-ignore: decorator
@inline
function isDate(at: usize): bool {
  const month = two(at + 5);
  const day = two(at + 8);
  if (month < 1 || month > 12 || day < 1) return false;
  const year = two(at) * 100 + two(at + 2);
  return year > 0 && (day <= 28 || day <= daysInMonth(year, month));
}

/** `YYYY-MM-DD`. */
export function writeDate(from: usize, size: i32, to: usize): i32 {
  if (size != 10) return -1;
  if ((digitMask(v128.load(from)) & 0x3ff) != 0x36f) return -1;
  if (load<u8>(from + 4) != 0x2d || load<u8>(from + 7) != 0x2d || !isDate(from)) return -1;
  copyBytes(to, from, 10);
  return 10;
}

/** Seconds of the day of `HH:MM:SS`, or -1. */
function secondsOfDay(at: usize): i32 {
  if ((digitMask(v128.load(at)) & 0xff) != 0xdb) return -1;
  if (load<u8>(at + 2) != 0x3a || load<u8>(at + 5) != 0x3a) return -1;
  const hour = two(at);
  const minute = two(at + 3);
  const second = two(at + 6);
  return hour > 23 || minute > 59 || second > 59 ? -1 : hour * 3600 + minute * 60 + second;
}

/** The fraction's digits at `from`, without the zeros at its end, behind a point; how many bytes that took. */
function putFraction(from: usize, count: i32, to: usize): i32 {
  let last = count;
  while (last > 0 && load<u8>(from + last - 1) == 0x30) last--;
  if (last == 0) return 0;
  store<u8>(to, 0x2e);
  for (let k = 0; k < last; k++) store<u8>(to + 1 + k, load<u8>(from + k));
  return last + 1;
}

/** `HH:MM:SS` with up to six digits of fraction. */
export function writeTime(from: usize, size: i32, to: usize): i32 {
  if (size < 8 || secondsOfDay(from) < 0) return -1;
  let fraction = 0;
  if (size > 8) {
    if (size == 9 || size > 15 || load<u8>(from + 8) != 0x2e) return -1;
    for (let k = 9; k < size; k++) if (!isDigit(from + k)) return -1;
    fraction = putFraction(from + 9, size - 9, to + 8);
  }
  store<u64>(to, load<u64>(from));
  return 8 + fraction;
}

/** Minutes east of UTC of the zone that fills `size` bytes. */
function offsetMinutes(at: usize, size: i32): i32 {
  const sign = load<u8>(at);
  if (size == 1) return sign == 0x5a || sign == 0x7a ? 0 : BAD_OFFSET;
  if ((sign != 0x2b && sign != 0x2d) || size < 3 || !isDigit(at + 1) || !isDigit(at + 2)) return BAD_OFFSET;
  const hours = two(at + 1);
  let minutes = 0;
  if (size == 6) {
    if (load<u8>(at + 3) != 0x3a || !isDigit(at + 4) || !isDigit(at + 5)) return BAD_OFFSET;
    minutes = two(at + 4);
  } else if (size == 5) {
    if (!isDigit(at + 3) || !isDigit(at + 4)) return BAD_OFFSET;
    minutes = two(at + 3);
  } else if (size != 3) return BAD_OFFSET;
  if (hours > 15 || minutes > 59) return BAD_OFFSET;
  return sign == 0x2d ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

/** Moves the date at `at` by one day; false at the ends of the years 1 to 9999. */
function shiftDay(at: usize, by: i32): bool {
  let year = two(at) * 100 + two(at + 2);
  let month = two(at + 5);
  let day = two(at + 8) + by;
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
  putTwo(at, year / 100);
  putTwo(at + 2, year % 100);
  putTwo(at + 5, month);
  putTwo(at + 8, day);
  return true;
}

/**
 * `YYYY-MM-DD`, then `T` or a space, a time with up to six digits of fraction, and a zone or none. `isZoned`: for
 * timestamptz; `isZoneUtc`: a text without a zone is in UTC.
 */
export function writeTimestamp(from: usize, size: i32, to: usize, isZoned: bool, isZoneUtc: bool): i32 {
  if (size < 10) return -1;
  if ((digitMask(v128.load(from)) & 0x3ff) != 0x36f) return -1;
  if (load<u8>(from + 4) != 0x2d || load<u8>(from + 7) != 0x2d || !isDate(from)) return -1;
  let out = to + 19;
  let seconds = 0;
  let offset = 0;
  if (size == 10) {
    if (isZoned && !isZoneUtc) return -1;
    copyBytes(to, from, 10);
    store<u8>(to + 10, 0x20);
    store<u64>(to + 11, 0x30303a30303a3030);
  } else {
    const separator = load<u8>(from + 10);
    if (size < 19 || (separator != 0x54 && separator != 0x20 && separator != 0x74)) return -1;
    seconds = secondsOfDay(from + 11);
    if (seconds < 0) return -1;
    let i = 19;
    if (i < size && load<u8>(from + i) == 0x2e) {
      let last = i + 1;
      while (last < size && isDigit(from + last)) last++;
      const count = last - i - 1;
      if (count == 0 || count > 6) return -1;
      out += putFraction(from + i + 1, count, out);
      i = last;
    }
    if (i == size) {
      if (isZoned && !isZoneUtc) return -1;
    } else {
      const minutes = offsetMinutes(from + i, size - i);
      if (minutes == BAD_OFFSET) return -1;
      if (isZoned) offset = minutes;
    }
    store<u64>(to, load<u64>(from));
    store<u16>(to + 8, load<u16>(from + 8));
    store<u8>(to + 10, 0x20);
    store<u64>(to + 11, load<u64>(from + 11));
  }
  if (offset != 0) {
    seconds -= offset * 60;
    if (seconds < 0 || seconds >= SECONDS_PER_DAY) {
      if (!shiftDay(to, seconds < 0 ? -1 : 1)) return -1;
      seconds += seconds < 0 ? SECONDS_PER_DAY : -SECONDS_PER_DAY;
    }
    putTwo(to + 11, seconds / 3600);
    putTwo(to + 14, (seconds / 60) % 60);
    putTwo(to + 17, seconds % 60);
  }
  if (isZoned) {
    store<u16>(out, 0x302b);
    store<u8>(out + 2, 0x30);
    out += 3;
  }
  return <i32>(out - to);
}
