/** Days are counted from 2000-01-01 as PostgreSQL does; years are astronomical (0 is 1 BC); the calendar is Gregorian throughout. */

/** Days from 1970-01-01 to 2000-01-01. */
export const UNIX_EPOCH_DAYS = 10957;
export const SECONDS_PER_DAY = 86400;
export const MICROS_PER_DAY = 86_400_000_000;

/** Days from 0000-03-01 to 2000-01-01. */
const EPOCH_OFFSET = 730425;
const DAYS_PER_400_YEARS = 146097;

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days in a month, 1-based. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return MONTH_DAYS[month - 1]!;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** The day number of a valid date. */
export function dayNumber(year: number, month: number, day: number): number {
  // Years start in March here, so that the leap day is a year's last.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_400_YEARS + dayOfEra - EPOCH_OFFSET;
}

/** The date of a day number, packed so that no object is needed: `year * 512 + month * 32 + day`. */
export function packedDate(days: number): number {
  const z = days + EPOCH_OFFSET;
  const era = Math.floor(z / DAYS_PER_400_YEARS);
  const doe = z - era * DAYS_PER_400_YEARS;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const day = doy - Math.floor((153 * mp + 2) / 5) + 1;
  const month = mp < 10 ? mp + 3 : mp - 9;
  return (yoe + era * 400 + (month <= 2 ? 1 : 0)) * 512 + month * 32 + day;
}

/** Day numbers of the first and last days a date and a timestamp can hold. */
export const FIRST_DAY = dayNumber(-4713, 11, 24);
export const LAST_DATE = dayNumber(5874897, 12, 31);
export const LAST_TIMESTAMP_DAY = dayNumber(294276, 12, 31);
