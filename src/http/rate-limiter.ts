import type { RequestLimits, TableModel } from '../config/model.js';

/** Gives the place among the concurrent requests back; further calls do nothing. */
export type Release = () => void;

interface Waiter {
  readonly resolve: (release: Release) => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/**
 * How much slower than the limit requests start: on their way two of them may come closer together, and the API counts when
 * they arrive.
 */
const SLACK = 1.025;

/**
 * A token bucket together with a bound on concurrent requests, shared by all scans of a source. Sessions take turns: however
 * many requests one of them has waiting, each other one gets its share. A waiter that is aborted leaves the queue at once.
 */
export class RateLimiter {
  readonly #perMs: number | null;
  readonly #capacity: number;
  readonly #concurrency: number;
  readonly #now: () => number;
  #tokens: number;
  #refilledAt: number;
  #running = 0;
  /** By owner, the one whose turn is next in front; an owner without waiters is not in it. */
  readonly #waiting = new Map<object, Waiter[]>();
  #timer: NodeJS.Timeout | null = null;
  #pausedUntil = 0;

  constructor(limits: Omit<RequestLimits, 'scope'>, now: () => number = () => performance.now()) {
    this.#perMs = limits.requestsPerSecond === null ? null : limits.requestsPerSecond / 1000 / SLACK;
    this.#capacity = Math.max(1, limits.burst ?? 1);
    this.#concurrency = limits.concurrency ?? Number.POSITIVE_INFINITY;
    this.#now = now;
    this.#tokens = this.#capacity;
    this.#refilledAt = now();
  }

  /** Waits for its turn among the requests of the same owner, and the owner's among the others. Rejects with the signal's reason. */
  acquire(signal: AbortSignal, owner: object = this): Promise<Release> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        this.#leave(owner, waiter);
        reject(signal.reason);
        this.#serve();
      };
      const waiter: Waiter = { resolve, signal, onAbort };
      signal.addEventListener('abort', onAbort, { once: true });
      const queue = this.#waiting.get(owner);
      if (queue === undefined) this.#waiting.set(owner, [waiter]);
      else queue.push(waiter);
      this.#serve();
    });
  }

  /** Lets nobody start for so long: the API said that it has had enough, and that holds for every scan. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#now() + ms);
  }

  #leave(owner: object, waiter: Waiter): void {
    const rest = (this.#waiting.get(owner) ?? []).filter((item) => item !== waiter);
    if (rest.length === 0) this.#waiting.delete(owner);
    else this.#waiting.set(owner, rest);
  }

  #serve(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#waiting.size > 0 && this.#running < this.#concurrency) {
      const waitMs = this.#takeToken();
      if (waitMs > 0) {
        // Timers may fire a little early, so the wait is computed afresh when this one does.
        this.#timer = setTimeout(() => this.#serve(), Math.ceil(waitMs));
        return;
      }
      const waiter = this.#takeWaiter();
      waiter.signal.removeEventListener('abort', waiter.onAbort);
      this.#running++;
      waiter.resolve(this.#releaser());
    }
  }

  /** The first waiter of the owner whose turn it is, who then goes to the end. */
  #takeWaiter(): Waiter {
    const [[owner, queue]] = this.#waiting as unknown as [[object, Waiter[]]];
    const waiter = queue.shift()!;
    this.#waiting.delete(owner);
    if (queue.length > 0) this.#waiting.set(owner, queue);
    return waiter;
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

/** The limiters of one gateway: one per data source, and one per table with limits of its own. */
export class RateLimiters {
  readonly #limiters = new Map<string, RateLimiter>();

  for({ dsn, name }: Pick<TableModel, 'dsn' | 'name'>, limits: RequestLimits): RateLimiter {
    const { scope, requestsPerSecond, burst, concurrency } = limits;
    const key = JSON.stringify([dsn, scope === 'table' ? name : null, requestsPerSecond, burst, concurrency]);
    let limiter = this.#limiters.get(key);
    if (limiter === undefined) {
      limiter = new RateLimiter(limits);
      this.#limiters.set(key, limiter);
    }
    return limiter;
  }
}
