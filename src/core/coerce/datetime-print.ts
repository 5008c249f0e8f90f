import { MICROS_PER_DAY, packedDate } from './calendar.js';

/** `YYYY-MM-DD` of a day number, without the BC mark, and whether the year is one BC. */
function printDay(days: number): { readonly text: string; readonly isBc: boolean } {
  const packed = packedDate(days);
  const year = Math.floor(packed / 512);
  const rest = packed - year * 512;
  const isBc = year <= 0;
  const shown = String(isBc ? 1 - year : year).padStart(4, '0');
  return { text: `${shown}-${two(rest >> 5)}-${two(rest & 31)}`, isBc };
}

/** A date as `date_out` prints it. */
export function printDate(days: number): string {
  const { text, isBc } = printDay(days);
  return isBc ? `${text} BC` : text;
}

/** Microseconds of a day (24:00:00 included) as `time_out` prints them. */
export function printTime(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = micros - seconds * 1_000_000;
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return fraction === 0 ? text : `${text}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
}

/** A timestamp as `timestamp_out` (`zone` empty) and `timestamptz_out` (`+00`) print it. */
export function printTimestamp(days: number, micros: number, zone: '' | '+00'): string {
  const shift = Math.floor(micros / MICROS_PER_DAY);
  const { text, isBc } = printDay(days + shift);
  return `${text} ${printTime(micros - shift * MICROS_PER_DAY)}${zone}${isBc ? ' BC' : ''}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
