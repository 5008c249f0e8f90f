import type { RequestLimits } from '../config/model.js';

/** Gives the place among the concurrent requests back; further calls do nothing. */
export type Release = () => void;

interface Waiter {
  readonly resolve: (release: Release) => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/**
 * A token bucket together with a bound on concurrent requests, shared by all scans of a source. First come, first
 * served; a waiter that is aborted leaves the queue at once.
 */
export class RateLimiter {
  readonly #perMs: number | null;
  readonly #capacity: number;
  readonly #concurrency: number;
  readonly #now: () => number;
  #tokens: number;
  #refilledAt: number;
  #running = 0;
  #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | null = null;
  #pausedUntil = 0;

  constructor(limits: RequestLimits, now: () => number = () => performance.now()) {
    this.#perMs = limits.requestsPerSecond === null ? null : limits.requestsPerSecond / 1000;
    this.#capacity = Math.max(1, limits.burst ?? 1);
    this.#concurrency = limits.concurrency ?? Number.POSITIVE_INFINITY;
    this.#now = now;
    this.#tokens = this.#capacity;
    this.#refilledAt = now();
  }

  /** Waits for its turn. Rejects with the signal's reason. */
  acquire(signal: AbortSignal): Promise<Release> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        this.#waiters = this.#waiters.filter((item) => item !== waiter);
        reject(signal.reason);
        this.#serve();
      };
      const waiter: Waiter = { resolve, signal, onAbort };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
      this.#serve();
    });
  }

  /** Lets nobody start for so long: the API said that it has had enough, and that holds for every scan. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#now() + ms);
  }

  #serve(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#waiters.length > 0 && this.#running < this.#concurrency) {
      const waitMs = this.#takeToken();
      if (waitMs > 0) {
        // Timers may fire a little early, so the wait is computed afresh when this one does.
        this.#timer = setTimeout(() => this.#serve(), Math.ceil(waitMs));
        return;
      }
      const waiter = this.#waiters.shift()!;
      waiter.signal.removeEventListener('abort', waiter.onAbort);
      this.#running++;
      waiter.resolve(this.#releaser());
    }
  }

  /** Takes a token and answers 0, or answers how long until there is one. */
  #takeToken(): number {
    const now = this.#now();
    if (now < this.#pausedUntil) return this.#pausedUntil - now;
    if (this.#perMs === null) return 0;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#refilledAt) * this.#perMs);
    this.#refilledAt = now;
    if (this.#tokens < 1) return (1 - this.#tokens) / this.#perMs;
    this.#tokens -= 1;
    return 0;
  }

  #releaser(): Release {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#running--;
      this.#serve();
    };
  }
}

/** The limiters of one gateway, one per data source and limits. */
export class RateLimiters {
  readonly #limiters = new Map<string, RateLimiter>();

  for(dsn: string, limits: RequestLimits): RateLimiter {
    const key = JSON.stringify([dsn, limits.requestsPerSecond, limits.burst, limits.concurrency]);
    let limiter = this.#limiters.get(key);
    if (limiter === undefined) {
      limiter = new RateLimiter(limits);
      this.#limiters.set(key, limiter);
    }
    return limiter;
  }
}
