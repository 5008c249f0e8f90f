import type { RequestLimits } from '../config/model.js';

/**
 * How much slower than the limit requests start: on their way two of them may come closer together, and the API counts when
 * they arrive.
 */
const SLACK = 1.025;

/** A token bucket together with a bound on concurrent requests. */
export class TokenBucket {
  readonly #perMs: number | null;
  readonly #capacity: number;
  readonly #concurrency: number;
  #tokens: number;
  #refilledAt: number;
  #running = 0;
  #pausedUntil = 0;

  /** `now`: in ms, from any beginning. */
  constructor(limits: RequestLimits, now: number) {
    this.#perMs = limits.requestsPerSecond === null ? null : limits.requestsPerSecond / 1000 / SLACK;
    this.#capacity = Math.max(1, limits.burst ?? 1);
    this.#concurrency = limits.concurrency ?? Number.POSITIVE_INFINITY;
    this.#tokens = this.#capacity;
    this.#refilledAt = now;
  }

  /** How long until a request can start, in ms; 0: now; infinite: not before one that runs is over. */
  waitMs(now: number): number {
    if (this.#running >= this.#concurrency) return Number.POSITIVE_INFINITY;
    if (now < this.#pausedUntil) return this.#pausedUntil - now;
    if (this.#perMs === null) return 0;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#refilledAt) * this.#perMs);
    this.#refilledAt = now;
    return this.#tokens < 1 ? (1 - this.#tokens) / this.#perMs : 0;
  }

  /** A request starts; only when `waitMs` has just said 0. */
  take(): void {
    this.#running++;
    if (this.#perMs !== null) this.#tokens -= 1;
  }

  /** A request is over. */
  release(): void {
    this.#running--;
  }

  /** No request starts before this time. */
  pauseUntil(time: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, time);
  }
}
