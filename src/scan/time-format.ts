import { type Instant, parseInstant, roundMicros, zoneOffsetMicros } from './instant.js';
import { formatPattern, patternUnit } from './time-pattern.js';

const SECOND = 1_000_000n;
const MILLISECOND = 1_000n;
const DAY = 86_400n * SECOND;

export interface TimeFormat {
  /** `rfc3339`, `unix`, `unix_ms`, `date`, `rfc2822`, a pattern; null: ISO 8601 as the type has it. */
  readonly format: string | null;
  /** Zone of what is written without one. */
  readonly timezone: string;
  /** True for an upper bound: what a coarse format cuts off must not make the bound lower. */
  readonly roundsUp: boolean;
}

/** A canonical date, timestamp or timestamptz as an API expects it; null when the format cannot say it. */
export function formatTime(
  canonical: string,
  scalar: 'date' | 'timestamp' | 'timestamptz',
  how: TimeFormat,
): string | null {
  const instant = parseInstant(canonical);
  if (instant === null) return null;
  switch (how.format) {
    case null:
    case 'iso':
    case 'iso8601':
      if (scalar === 'date') return isoText(instant.micros).slice(0, 10);
      return `${isoText(instant.micros)}${scalar === 'timestamptz' ? 'Z' : ''}`;
    case 'rfc3339':
      return `${isoText(moment(instant, how))}Z`;
    case 'unix':
      return epoch(moment(instant, how), SECOND, how.roundsUp);
    case 'unix_ms':
      return epoch(moment(instant, how), MILLISECOND, how.roundsUp);
    case 'date':
      return isoText(roundMicros(local(instant, how), DAY, how.roundsUp)).slice(0, 10);
    case 'rfc2822': {
      const micros = roundMicros(moment(instant, how), SECOND, how.roundsUp);
      return new Date(Number(micros / 1000n)).toUTCString().replace('GMT', '+0000');
    }
    default: {
      const micros = roundMicros(local(instant, how), patternUnit(how.format), how.roundsUp);
      return formatPattern(micros, how.format, micros - moment({ micros, hasZone: false }, how));
    }
  }
}

/** As UTC: a text without a zone is in the format's zone. */
function moment(instant: Instant, how: TimeFormat): bigint {
  if (instant.hasZone) return instant.micros;
  const guess = instant.micros - zoneOffsetMicros(instant.micros, how.timezone);
  return instant.micros - zoneOffsetMicros(guess, how.timezone);
}

/** As clocks in the format's zone show it. */
function local(instant: Instant, how: TimeFormat): bigint {
  return instant.hasZone ? instant.micros + zoneOffsetMicros(instant.micros, how.timezone) : instant.micros;
}

function isoText(micros: bigint): string {
  const whole = roundMicros(micros, SECOND, false);
  const fraction = String(micros - whole)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const text = new Date(Number(whole / 1000n)).toISOString().slice(0, 19);
  return fraction === '' ? text : `${text}.${fraction}`;
}

function epoch(micros: bigint, unit: bigint, roundsUp: boolean): string {
  return String(roundMicros(micros, unit, roundsUp) / unit);
}
