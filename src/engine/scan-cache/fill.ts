import { errors, GatewayError } from '../../core/errors.js';
import type { RowBatch } from '../../core/row-batch.js';
import type { ScanContext } from '../../scan/scan.js';
import { abortError } from '../connection-pool.js';
import type { CacheEntry, CacheLease } from './cache-entry.js';
import { RowTap } from './row-tap.js';
import { isSameScan, type ScanScope, serves } from './scan-scope.js';

interface Waiter {
  readonly context: ScanContext;
  readonly resolve: (lease: CacheLease) => void;
  readonly reject: (error: unknown) => void;
}

/** How a fill gets its rows and what becomes of them. */
export interface FillWork {
  /** Runs the scan; null when the API says that the rows of the entry that is over its time are still right. */
  readonly fetch: (context: ScanContext) => Promise<AsyncGenerator<RowBatch, void, void> | null>;
  /** Loads the rows into a table and keeps it; the entry comes with a lease that the fill gives back. */
  readonly load: (batches: AsyncGenerator<RowBatch, void, void>, fill: Fill) => Promise<CacheLease>;
  /** The entry that is over its time and still right, with a lease. */
  readonly renew: () => CacheLease;
}

/**
 * One scan on its way into a kept table, whoever waits for it. It goes on as long as one statement wants it, and stops when
 * none does.
 */
export class Fill {
  readonly notices: string[] = [];
  rows = 0;
  readonly #controller = new AbortController();
  readonly #waiters = new Set<Waiter>();
  #tap: RowTap | null = null;
  #isFetched = false;
  #isOver = false;

  constructor(
    readonly identity: string,
    readonly scope: ScanScope,
    readonly startedAt: number,
  ) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The API has given all rows; the engine has still to store some. */
  get isFetched(): boolean {
    return this.#isFetched && !this.#isOver;
  }

  /** Which rows there are, once all are fetched: a limit that they do not reach has left out none. */
  get filledScope(): ScanScope {
    const { spec } = this.scope;
    return spec.limit === null || this.rows >= spec.limit
      ? this.scope
      : { ...this.scope, spec: { ...spec, limit: null } };
  }

  get waiterCount(): number {
    return this.#waiters.size + (this.#tap === null ? 0 : 1);
  }

  /** Whether a statement may wait for this scan: an equal one, or when only the engine is at work, a narrower one. */
  fits(wanted: ScanScope): boolean {
    if (this.#isOver || this.signal.aborted) return false;
    if (this.#isFetched) return serves(this.filledScope, wanted, this.notices.length === 0);
    // Made for a key, it may fail where the statement would not.
    return isSameScan(this.scope, wanted) && this.scope.hasKey === wanted.hasKey;
  }

  /** The table when it is filled, or the fill's error, or the signal's. */
  wait(context: ScanContext): Promise<CacheLease> {
    const { signal } = context;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        this.#stopIfUnwanted();
        reject(abortError(signal));
        return;
      }
      const end = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.#waiters.delete(waiter);
      };
      const onAbort = (): void => {
        end();
        reject(abortError(signal));
        this.#stopIfUnwanted();
      };
      const waiter: Waiter = {
        context,
        resolve: (lease) => {
          end();
          resolve(lease);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
      for (const notice of this.notices) context.notice(notice);
    });
  }

  /** The rows as they come, for the statement that began the fill. */
  async *stream(
    context: ScanContext,
    readRest: (table: CacheLease, from: number) => AsyncGenerator<RowBatch, void, void>,
  ): AsyncGenerator<RowBatch, void, void> {
    const tap = new RowTap();
    const { signal } = context;
    const onAbort = (): void => tap.fail(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    this.#tap = tap;
    try {
      yield* tap.rows(readRest);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#tap = null;
      this.#stopIfUnwanted();
    }
  }

  /** Ends the fill with an error for all who wait. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Runs the scan with the context of the statement that began it; never throws. */
  async run(work: FillWork, first: ScanContext): Promise<void> {
    const notice = (message: string): void => {
      this.notices.push(message);
      for (const { context } of this.#waiters) context.notice(message);
      if (this.#tap !== null) first.notice(message);
    };
    try {
      const batches = await work.fetch({ ...first, signal: this.signal, notice, readsAhead: () => true });
      const lease = batches === null ? work.renew() : await work.load(this.#pass(batches), this);
      this.#deliver(lease.entry);
      await lease.drop();
    } catch (error) {
      this.#fail(error);
    }
  }

  async *#pass(batches: AsyncGenerator<RowBatch, void, void>): AsyncGenerator<RowBatch, void, void> {
    for await (const batch of batches) {
      this.rows += batch.rowCount;
      await this.#tap?.push(batch, () => this.#waiters.size > 0);
      yield batch;
    }
    this.#isFetched = true;
    this.#tap?.end();
  }

  #deliver(entry: CacheEntry): void {
    this.#isOver = true;
    for (const waiter of [...this.#waiters]) waiter.resolve(entry.lease());
    if (this.#tap?.isBehind === true) this.#tap.give(entry.lease());
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    for (const waiter of [...this.#waiters]) waiter.reject(ownCopy(error));
    this.#tap?.fail(error);
  }

  /** A scan with all the rows that will be used only has to be stored, which costs the API nothing. */
  #stopIfUnwanted(): void {
    const { limit } = this.scope.spec;
    const hasEnough = this.#isFetched || (limit !== null && this.rows >= limit);
    if (this.#isOver || this.waiterCount > 0 || hasEnough) return;
    this.abort(errors.canceled('nobody waits for the scan any more'));
  }
}

/** Each statement is given an error of its own. */
function ownCopy(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { sqlstate, message, detail, hint, position } = error;
  return new GatewayError(sqlstate, message, { detail, hint, position, cause: error });
}
