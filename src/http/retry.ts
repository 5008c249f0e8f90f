import type { RetryModel } from '../config/model.js';
import type { ResponseHeaders } from './response.js';

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 30_000;
const CONSTANT_BACKOFF_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 5 * 60_000;

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);
/** With these the server says that it did not work on the request. */
const UNPROCESSED: ReadonlySet<number> = new Set([429, 503]);

/** True for methods that may be sent again whatever became of the first try (RFC 9110, section 9.2.2). */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** Whether a response with this status is worth another try. */
export function isRetryableStatus(isRepeatable: boolean, status: number, retry: RetryModel): boolean {
  return retry.statuses.includes(status) && (isRepeatable || UNPROCESSED.has(status));
}

/** How long no request should be sent after an answer that says that none is left, in ms; null when it does not say so. */
export function exhaustedMs(headers: ResponseHeaders, retry: RetryModel, now: number = Date.now()): number | null {
  if (retry.remainingHeader === null || retry.resetHeader === null) return null;
  const remaining = headers.get(retry.remainingHeader)?.trim() ?? '';
  if (!/^-?\d+(\.\d+)?$/.test(remaining) || Number(remaining) >= 1) return null;
  return resetMs(headers.get(retry.resetHeader), now);
}

/** The pause before try number `attempt + 1`: bounded, exponential, with full jitter unless the DSN wants it constant. */
export function backoffMs(attempt: number, backoff: RetryModel['backoff'], random: () => number = Math.random): number {
  if (backoff === 'constant') return CONSTANT_BACKOFF_MS;
  return Math.ceil(random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1)));
}

/** What `Retry-After` asks for in ms, seconds and dates alike (RFC 9110, section 10.2.3); null when it says nothing. */
export function retryAfterMs(header: string | null, now: number = Date.now()): number | null {
  if (header === null) return null;
  const text = header.trim();
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) || text === '' ? null : Math.min(Math.max(0, ms), LONGEST_RETRY_AFTER_MS);
}

/** How long an answer asks to wait, in ms: by `Retry-After` or by the headers that the DSN names; null when by none. */
export function askedWaitMs(headers: ResponseHeaders, retry: RetryModel, now: number = Date.now()): number | null {
  const waits = [
    retryAfterMs(headers.get('retry-after'), now),
    retry.waitHeader === null ? null : retryAfterMs(headers.get(retry.waitHeader), now),
    retry.resetHeader === null ? null : resetMs(headers.get(retry.resetHeader), now),
  ].filter((wait) => wait !== null);
  return waits.length === 0 ? null : Math.max(...waits);
}

/** APIs give the time of a reset as UNIX seconds or ms, as seconds from now, or as a date: its size tells which. */
function resetMs(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  if (!/^\d+(\.\d+)?$/.test(text)) return retryAfterMs(header, now);
  const value = Number(text);
  const wait = value > 1e11 ? value - now : value > 1e9 ? value * 1000 - now : value * 1000;
  return Math.min(Math.max(0, wait), LONGEST_RETRY_AFTER_MS);
}

/** Counts the tries of one page, over all of its failures: before the response, by status and within the body. */
export class Attempts {
  #used = 0;

  constructor(readonly allowed: number) {}

  get used(): number {
    return this.#used;
  }

  get isLast(): boolean {
    return this.#used >= this.allowed;
  }

  begin(): void {
    this.#used++;
  }

  /** `attempt 2 of 5`. */
  toString(): string {
    return `attempt ${this.#used} of ${this.allowed}`;
  }
}
