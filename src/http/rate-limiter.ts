import type { HttpSource, RequestLimits, TableModel } from '../config/model.js';
import { TokenBucket } from './token-bucket.js';

/** Gives the place among the concurrent requests back; further calls do nothing. */
export type Release = () => void;

/** What requests wait for before they go out. */
export interface Limiter {
  /** Waits for its turn among the requests of the same owner, and the owner's among the others. Rejects with the signal's reason. */
  acquire(signal: AbortSignal, owner?: object): Promise<Release>;
  /** Lets nobody start for so long: the API said that it has had enough, and that holds for every scan. */
  pause(ms: number): void;
}

interface Waiter {
  readonly resolve: (release: Release) => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/** Requests that wait in order: those of one owner under the same limits. */
interface Queue {
  /** Limits besides the common ones. */
  readonly own: TokenBucket | null;
  readonly waiters: Waiter[];
}

/** Limits of a table's own, and who waits under them. */
interface OwnLimits {
  readonly bucket: TokenBucket;
  readonly queues: WeakMap<object, Queue>;
}

/**
 * Limits that all scans of a source share. Sessions take turns: however many requests one of them has waiting, each other one
 * gets its share. A request under limits besides starts when both let it, and holds up nobody who has only the common ones to wait for.
 * A waiter that is aborted leaves at once.
 */
export class RateLimiter implements Limiter {
  readonly #bucket: TokenBucket;
  readonly #now: () => number;
  readonly #queues = new WeakMap<object, Queue>();
  /** Those that somebody waits in, the one whose turn is next in front. */
  readonly #waiting = new Set<Queue>();
  #timer: NodeJS.Timeout | null = null;

  constructor(limits: RequestLimits, now: () => number = () => performance.now()) {
    this.#bucket = new TokenBucket(limits, now());
    this.#now = now;
  }

  acquire(signal: AbortSignal, owner: object = this, own: OwnLimits | null = null): Promise<Release> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const queue = this.#queueOf(owner, own);
      const onAbort = (): void => {
        queue.waiters.splice(queue.waiters.indexOf(waiter), 1);
        if (queue.waiters.length === 0) this.#waiting.delete(queue);
        reject(signal.reason);
        this.#serve();
      };
      const waiter: Waiter = { resolve, signal, onAbort };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.waiters.push(waiter);
      this.#waiting.add(queue);
      this.#serve();
    });
  }

  pause(ms: number): void {
    this.#bucket.pauseUntil(this.#now() + ms);
  }

  /** Both these limits and those. */
  with(limits: RequestLimits): Limiter {
    const own: OwnLimits = { bucket: new TokenBucket(limits, this.#now()), queues: new WeakMap() };
    return { acquire: (signal, owner) => this.acquire(signal, owner, own), pause: (ms) => this.pause(ms) };
  }

  #queueOf(owner: object, own: OwnLimits | null): Queue {
    const queues = own?.queues ?? this.#queues;
    let queue = queues.get(owner);
    if (queue === undefined) {
      queue = { own: own?.bucket ?? null, waiters: [] };
      queues.set(owner, queue);
    }
    return queue;
  }

  #serve(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    let soonestMs = Number.POSITIVE_INFINITY;
    // One that is served goes to the end, where the loop comes to it again.
    for (const queue of this.#waiting) {
      const now = this.#now();
      const commonMs = this.#bucket.waitMs(now);
      if (commonMs > 0) {
        soonestMs = commonMs;
        break;
      }
      const ownMs = queue.own?.waitMs(now) ?? 0;
      if (ownMs === 0) this.#start(queue);
      else soonestMs = Math.min(soonestMs, ownMs);
    }
    // Timers may fire a little early, so the wait is computed afresh when this one does.
    if (soonestMs < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#serve(), Math.ceil(soonestMs));
  }

  #start(queue: Queue): void {
    const { signal, onAbort, resolve } = queue.waiters.shift()!;
    this.#waiting.delete(queue);
    if (queue.waiters.length > 0) this.#waiting.add(queue);
    signal.removeEventListener('abort', onAbort);
    this.#bucket.take();
    queue.own?.take();
    let isReleased = false;
    resolve(() => {
      if (isReleased) return;
      isReleased = true;
      this.#bucket.release();
      queue.own?.release();
      this.#serve();
    });
  }
}

/** The limiters of one gateway: one per data source, with the limits of a table's own besides where it has some. */
export class RateLimiters {
  readonly #shared = new Map<string, RateLimiter>();
  readonly #own = new Map<string, Limiter>();

  for({ dsn, name }: Pick<TableModel, 'dsn' | 'name'>, source: Pick<HttpSource, 'limits' | 'tableLimits'>): Limiter {
    const { limits, tableLimits } = source;
    const shared = kept(this.#shared, keyOf([dsn], limits), () => new RateLimiter(limits));
    if (tableLimits === null) return shared;
    const key = `${keyOf([dsn], limits)} ${keyOf([name], tableLimits)}`;
    return kept(this.#own, key, () => shared.with(tableLimits));
  }
}

function keyOf(names: readonly string[], { requestsPerSecond, burst, concurrency }: RequestLimits): string {
  return JSON.stringify([...names, requestsPerSecond, burst, concurrency]);
}

function kept<T>(map: Map<string, T>, key: string, create: () => T): T {
  let item = map.get(key);
  if (item === undefined) {
    item = create();
    map.set(key, item);
  }
  return item;
}
