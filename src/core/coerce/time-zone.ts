import { dayNumber, SECONDS_PER_DAY, UNIX_EPOCH_DAYS } from './calendar.js';

/** Seconds of 400 Gregorian years, after which weekdays and so all daylight saving rules repeat. */
const CYCLE = 146097 * SECONDS_PER_DAY;

/**
 * No zone had a rule before 1800. From LATEST on a time is read as the same time 400 years earlier or more, which still has to
 * lie in the reign of today's rules. Unix seconds.
 */
const EARLIEST = (dayNumber(1800, 1, 1) + UNIX_EPOCH_DAYS) * SECONDS_PER_DAY;
const LATEST = (dayNumber(2600, 1, 1) + UNIX_EPOCH_DAYS) * SECONDS_PER_DAY;

/** All transitions fall on a multiple of this since zones keep standard time; before that, on the second. */
const BLOCK_SECONDS = 900;
const STANDARD_TIME_SINCE = (dayNumber(1980, 1, 1) + UNIX_EPOCH_DAYS) * SECONDS_PER_DAY;
const MAX_CACHED = 20_000;

const UTC_NAMES = /^(?:z|utc|gmt|etc\/(?:utc|gmt|uct|zulu|universal|greenwich)|uct|zulu|universal|greenwich)$/i;

/** Whether a zone name stands for UTC. */
export function isUtc(name: string): boolean {
  return UTC_NAMES.test(name);
}

/** The UTC offsets of an IANA zone, from Node's own time zone data. */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  private constructor(format: Intl.DateTimeFormat) {
    this.#format = format;
  }

  static readonly #known = new Map<string, TimeZone>();

  /** The zone of that name, or null when there is none. */
  static find(name: string): TimeZone | null {
    const known = TimeZone.#known.get(name);
    if (known !== undefined) return known;
    const zone = TimeZone.#open(name);
    // Names can come from data, so only those that exist are kept.
    if (zone !== null) TimeZone.#known.set(name, zone);
    return zone;
  }

  static #open(name: string): TimeZone | null {
    // Node takes offsets as zone names too; those are no IANA names.
    if (!/^[A-Za-z]/.test(name)) return null;
    try {
      return new TimeZone(
        new Intl.DateTimeFormat('en-US', {
          timeZone: name,
          hourCycle: 'h23',
          year: 'numeric',
          month: 'numeric',
          day: 'numeric',
          hour: 'numeric',
          minute: 'numeric',
          second: 'numeric',
        }),
      );
    } catch {
      return null;
    }
  }

  /**
   * Seconds east of UTC at a local time, given as Unix seconds as if it were UTC. A time that the clocks skip is read with
   * the offset before the change, a time that they show twice with the one after it, as PostgreSQL does.
   */
  offsetAtLocal(localSeconds: number): number {
    const before = this.offsetAt(localSeconds - SECONDS_PER_DAY);
    const after = this.offsetAt(localSeconds + SECONDS_PER_DAY);
    if (before === after) return before;
    if (this.offsetAt(localSeconds - after) === after) return after;
    return before;
  }

  /** Seconds east of UTC at a moment, in Unix seconds. */
  offsetAt(unixSeconds: number): number {
    let instant = Math.max(unixSeconds, EARLIEST);
    if (instant >= LATEST) instant -= Math.ceil((instant - LATEST + 1) / CYCLE) * CYCLE;
    if (instant >= STANDARD_TIME_SINCE) instant = Math.floor(instant / BLOCK_SECONDS) * BLOCK_SECONDS;
    let offset = this.#offsets.get(instant);
    if (offset === undefined) {
      offset = this.#compute(instant);
      if (this.#offsets.size >= MAX_CACHED) this.#offsets.clear();
      this.#offsets.set(instant, offset);
    }
    return offset;
  }

  #compute(unixSeconds: number): number {
    const fields: Record<string, number> = {};
    for (const part of this.#format.formatToParts(unixSeconds * 1000)) fields[part.type] = Number(part.value);
    const { year, month, day, hour, minute, second } = fields;
    const days = dayNumber(year!, month!, day!) + UNIX_EPOCH_DAYS;
    return days * SECONDS_PER_DAY + hour! * 3600 + minute! * 60 + second! - unixSeconds;
  }
}
