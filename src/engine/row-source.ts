import { errors } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import { abortError } from './connection-pool.js';

/** The row batches of a scan, one at a time, for as long as a signal allows. */
export class RowSource {
  readonly #iterator: AsyncIterator<RowBatch>;
  readonly #columnCount: number;
  readonly #signal: AbortSignal;
  /** Rows and bytes of batches so far. */
  rows = 0;
  bytes = 0;

  constructor(batches: AsyncIterable<RowBatch>, columnCount: number, signal: AbortSignal) {
    this.#iterator = batches[Symbol.asyncIterator]();
    this.#columnCount = columnCount;
    this.#signal = signal;
  }

  /**
   * Null: there are no more.
   * @throws the scan's error, or the signal's as soon as it fires
   */
  async next(): Promise<RowBatch | null> {
    const next = await untilAborted(this.#iterator.next(), this.#signal);
    if (next.done === true) return null;
    const batch = next.value;
    if (batch.columnCount !== this.#columnCount) {
      throw errors.internal(`a row batch has ${batch.columnCount} columns where ${this.#columnCount} are loaded`);
    }
    this.rows += batch.rowCount;
    this.bytes += batch.bytes.length;
    return batch;
  }

  /** Ends the scan. Not waited for: a generator that ignores its signal would hold its caller up until its page is there. */
  close(): void {
    void Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
  }
}

/** The promise's outcome, or the signal's error as soon as it fires; the promise is then nobody's. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(abortError(signal));
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    const stop = () => signal.removeEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(stop);
  });
}
