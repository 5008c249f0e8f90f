import { TimeZone } from '../core/coerce/time-zone.js';

const MICROS_PER_SECOND = 1_000_000n;

/** A date or timestamp of a filter, as microseconds since 1970 in the zone that its text is in. */
export interface Instant {
  readonly micros: bigint;
  /** False for a timestamp without zone and for a date: they name no moment. */
  readonly hasZone: boolean;
}

const CANONICAL =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?|Z)?)?$/;

/** Reads PostgreSQL's ISO text; null for infinity, dates BC and years above 9999, which APIs cannot be asked for. */
export function parseInstant(text: string): Instant | null {
  const match = CANONICAL.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year!, month! - 1, day!);
  date.setUTCHours(hour!, minute!, second!, 0);
  const fraction = BigInt((match[7] ?? '').padEnd(6, '0'));
  const offsetSeconds = Number(match[9] ?? 0) * 3600 + Number(match[10] ?? 0) * 60 + Number(match[11] ?? 0);
  const sign = match[8] === '-' ? -1 : 1;
  const hasZone = match[8] !== undefined || text.endsWith('Z');
  return { micros: BigInt(date.getTime() - sign * offsetSeconds * 1000) * 1000n + fraction, hasZone };
}

/** The nearest multiple of `unit` that is not greater (or, rounding up, not less). */
export function roundMicros(micros: bigint, unit: bigint, roundsUp: boolean): bigint {
  const rest = ((micros % unit) + unit) % unit;
  if (rest === 0n) return micros;
  return micros - rest + (roundsUp ? unit : 0n);
}

/** What clocks in the zone show at that moment, less what they show in UTC. Throws a RangeError for an unknown zone. */
export function zoneOffsetMicros(micros: bigint, zone: string): bigint {
  if (zone === 'UTC') return 0n;
  const known = TimeZone.find(zone);
  if (known === null) throw new RangeError(`unknown time zone "${zone}"`);
  const seconds = roundMicros(micros, MICROS_PER_SECOND, false) / MICROS_PER_SECOND;
  return BigInt(known.offsetAt(Number(seconds))) * MICROS_PER_SECOND;
}
