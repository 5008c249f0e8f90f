import type { RowBatch } from '../../core/row-batch.js';
import type { CacheLease } from './cache-entry.js';

const MOST_BYTES = 4 * 1024 * 1024;
/** How long filling a table waits in all for a reader that is slower; then the reader gets the rest from the table. */
const PATIENCE_MS = 3_000;
/** A reader that takes nothing for so long rests. */
const REST_MS = 500;

/**
 * Rows on their way into a kept table, for the one statement that is sent them at the same time. What a slow reader does not
 * take in time is not held here: it reads it from the table.
 */
export class RowTap {
  #batches: RowBatch[] = [];
  #bytes = 0;
  #patienceMs = PATIENCE_MS;
  /** Rows that went through here before the reader fell behind. */
  #rows = 0;
  #isBehind = false;
  #isEnded = false;
  #error: { readonly reason: unknown } | null = null;
  #lease: CacheLease | null = null;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  /** True when the reader will need the table. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Offers a batch. `isHurried`: others wait for the table, so the reader is not waited for. */
  async push(batch: RowBatch, isHurried: () => boolean): Promise<void> {
    if (this.#isBehind) return;
    if (this.#bytes >= MOST_BYTES) await this.#room(isHurried);
    if (this.#bytes >= MOST_BYTES || this.#isBehind) {
      this.#isBehind = true;
      return;
    }
    this.#batches.push(batch);
    this.#bytes += batch.bytes.length;
    this.#rows += batch.rowCount;
    this.#wakeReader();
  }

  /** All rows were offered. */
  end(): void {
    this.#isEnded = true;
    this.#wakeReader();
  }

  /** The table is there, for a reader that is behind. */
  give(lease: CacheLease): void {
    this.#lease = lease;
    this.#wakeReader();
  }

  fail(reason: unknown): void {
    this.#error ??= { reason };
    this.#wakeReader();
    this.#wakeWriter();
  }

  /** The rows in order; those that were missed come from `readRest`, which is given the table and the first row to read. */
  async *rows(
    readRest: (table: CacheLease, from: number) => AsyncGenerator<RowBatch, void, void>,
  ): AsyncGenerator<RowBatch, void, void> {
    try {
      for (;;) {
        const batch = this.#batches.shift();
        if (batch !== undefined) {
          this.#bytes -= batch.bytes.length;
          this.#wakeWriter();
          yield batch;
          continue;
        }
        if (this.#error !== null) throw this.#error.reason;
        if (this.#isBehind ? this.#lease !== null : this.#isEnded) break;
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
      if (this.#lease !== null) yield* readRest(this.#lease, this.#rows);
    } finally {
      this.#isBehind = true;
      this.#batches = [];
      this.#wakeWriter();
      void this.#lease?.drop();
    }
  }

  async #room(isHurried: () => boolean): Promise<void> {
    while (this.#bytes >= MOST_BYTES && !this.#isBehind && this.#error === null) {
      if (isHurried() || this.#patienceMs <= 0) return;
      const startedAt = performance.now();
      const timedOut = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), Math.min(REST_MS, this.#patienceMs));
        this.#wakeWriter = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      this.#patienceMs -= performance.now() - startedAt;
      if (timedOut) return;
    }
  }
}
