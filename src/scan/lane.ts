import type { RecordReader } from '../../drivers/driver.js';
import type { RowBatch } from '../core/row-batch.js';
import { BatchQueue } from './batch-queue.js';
import { type LinkedSignals, linkSignals } from './link-signals.js';
import type { PageOutlet } from './page-outlet.js';
import type { ReaderPool } from './reader-pool.js';

const MOST_BATCHES = 64;
const MOST_BYTES = 1024 * 1024;
/** Behind the lane in front it is normal to wait, and others can use the place among the requests meanwhile. */
const STALL_MS = 50;

export interface LaneOptions {
  readonly parent: PageOutlet;
  readonly readers: ReaderPool;
  /** True: its pages are those of a sequence of its own; false: it holds one page, which the parent's sequence counts. */
  readonly countsPages: boolean;
}

/**
 * Rows that are read at the same time as those of other lanes, and held, up to a bound, until their turn has come. The
 * work in it ends with its parent's signal, or when the lane is closed.
 */
export class Lane<T> implements PageOutlet {
  readonly queue = new BatchQueue({ mostBatches: MOST_BATCHES, mostBytes: MOST_BYTES, stallMs: STALL_MS });
  readonly signal: AbortSignal;
  readonly #options: LaneOptions;
  readonly #link: LinkedSignals;
  readonly #wanted: number | null;
  readonly #done: Promise<void>;
  #reader: RecordReader | null = null;
  #result: { readonly value: T } | null = null;
  #turn = 0;
  #rows = 0;

  constructor(options: LaneOptions, work: (lane: PageOutlet) => Promise<T>) {
    this.#options = options;
    this.#link = linkSignals([options.parent.signal]);
    this.signal = this.#link.controller.signal;
    this.#wanted = options.parent.rowsWanted;
    this.signal.addEventListener('abort', () => this.queue.fail(this.signal.reason, true), { once: true });
    this.#done = this.#work(work);
  }

  /** What the work came to; only after its rows were taken to their end. */
  get result(): T {
    return this.#result!.value;
  }

  get isSatisfied(): boolean {
    return this.#wanted !== null && this.#rows >= this.#wanted;
  }

  get rowsWanted(): number | null {
    return this.#wanted === null ? null : Math.max(0, this.#wanted - this.#rows);
  }

  get pagesLeft(): number {
    return this.#options.countsPages ? this.#options.parent.pagesLeft : Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.queue.isFull;
  }

  get isWaitedFor(): boolean {
    return this.queue.isWaitedFor && this.#options.parent.isWaitedFor;
  }

  isReadyForNext(turn: number): boolean {
    return this.queue.hasBegun(turn) || this.isWaitedFor;
  }

  async nextTurn(onStall: () => void): Promise<number> {
    await this.queue.caughtUp(() => true, onStall);
    this.signal.throwIfAborted();
    return ++this.#turn;
  }

  claimPage(): void {
    if (this.#options.countsPages) this.#options.parent.claimPage();
  }

  countOpened(): void {
    if (this.#options.countsPages) this.#options.parent.countOpened();
  }

  reader(captures: readonly string[], isAgain: boolean): RecordReader {
    if (this.#reader === null || isAgain) this.#reader = this.#options.readers.take(captures, isAgain);
    return this.#reader;
  }

  emit(batch: RowBatch, page: number): void {
    this.#rows += batch.rowCount;
    this.queue.push(batch, page);
  }

  room(onStall: () => void): Promise<void> {
    return this.queue.room(onStall);
  }

  /** Ends the work, if it still goes on, and waits until nothing of it is left. */
  async close(): Promise<void> {
    this.#link.controller.abort(new Error('the rows of this request are not needed'));
    this.queue.fail(this.signal.reason, true);
    await this.#done;
    this.#link.unlink();
  }

  async #work(work: (lane: PageOutlet) => Promise<T>): Promise<void> {
    try {
      this.#result = { value: await work(this) };
      // One that was left in the middle of a page is not fit for another.
      if (this.#reader !== null && !this.isSatisfied) this.#options.readers.giveBack(this.#reader);
      this.queue.end();
    } catch (error) {
      this.queue.fail(error, this.signal.aborted);
    }
  }
}

/** Passes a lane's rows on to the outlet; true when that has all rows that will be used. Throws what the work threw. */
export async function drainLane(lane: Lane<unknown>, outlet: PageOutlet): Promise<boolean> {
  let lanePage = 0;
  let page = 0;
  do {
    for (let next = lane.queue.firstPage; next !== null; next = lane.queue.firstPage) {
      // Taking the batch lets the lane fetch its next page, so it waits until the consumer has come to this one.
      if (next !== lanePage) page = await outlet.nextTurn(() => {});
      lanePage = next;
      const batch = lane.queue.take();
      if (batch === null) break;
      outlet.emit(batch, page);
      if (outlet.isSatisfied) return true;
      if (outlet.isFull) await outlet.room(() => {});
    }
  } while (await lane.queue.arrival());
  return false;
}
