import type { RowBatch } from '../core/row-batch.js';

export interface QueueBounds {
  readonly mostBatches: number;
  readonly mostBytes: number;
  /** A consumer that takes nothing for so long rests, and may rest for hours. */
  readonly stallMs: number;
}

/** For a scan's own consumer, which may be a cursor between two FETCHes. */
const CONSUMER_BOUNDS: QueueBounds = { mostBatches: 4, mostBytes: 512 * 1024, stallMs: 1_000 };

interface Gate {
  readonly promise: Promise<void>;
  readonly open: () => void;
}

/**
 * Batches between the producer, which reads pages, and the scan's consumer: a few batches deep, so that fetching and
 * parsing overlap with the consumer's work, and stop when it is slow.
 */
export class BatchQueue {
  readonly #bounds: QueueBounds;
  #batches: RowBatch[] = [];
  #pages: number[] = [];
  #bytes = 0;
  #pushedPage = 0;
  #takenPage = 0;
  #isEnded = false;
  #error: { readonly reason: unknown } | null = null;
  #consumerGate: Gate | null = null;
  #producerGate: Gate | null = null;

  constructor(bounds: QueueBounds = CONSUMER_BOUNDS) {
    this.#bounds = bounds;
  }

  get isFull(): boolean {
    return this.#batches.length >= this.#bounds.mostBatches || this.#bytes >= this.#bounds.mostBytes;
  }

  /** The page of the batch that `take` would give; null when there is none now. */
  get firstPage(): number | null {
    return this.#pages[0] ?? null;
  }

  push(batch: RowBatch, page: number): void {
    this.#batches.push(batch);
    this.#pages.push(page);
    this.#bytes += batch.bytes.length;
    this.#pushedPage = page;
    this.#wakeConsumer();
  }

  /** The next batch; null when there is none now: then `arrival` waits for one, or for the end. */
  take(): RowBatch | null {
    if (this.#error !== null) throw this.#error.reason;
    const batch = this.#batches.shift();
    if (batch === undefined) return null;
    this.#takenPage = this.#pages.shift()!;
    this.#bytes -= batch.bytes.length;
    this.#wakeProducer();
    return batch;
  }

  /** False when no more batches will come. */
  async arrival(): Promise<boolean> {
    while (this.#batches.length === 0 && !this.#isEnded && this.#error === null) {
      if (this.#consumerGate === null) {
        this.#consumerGate = newGate();
        this.#wakeProducer();
      }
      await this.#consumerGate.promise;
    }
    if (this.#error !== null) throw this.#error.reason;
    return this.#batches.length > 0;
  }

  /** Waits until there is room for another batch; `onStall` tells that the consumer seems to rest. */
  async room(onStall: () => void): Promise<void> {
    if (!this.isFull || this.#error !== null) return this.#throwIfFailed();
    await this.#whileConsumerRests(() => this.isFull, onStall);
  }

  /**
   * Waits until the consumer has begun to work on the last page that had rows: so one page is read ahead, not more. A
   * consumer that does not read ahead is waited for until it asks for a row that no page so far has.
   */
  async caughtUp(readsAhead: () => boolean, onStall: () => void): Promise<void> {
    const isAhead = (): boolean => (readsAhead() ? this.#takenPage < this.#pushedPage : this.#consumerGate === null);
    if (isAhead()) await this.#whileConsumerRests(isAhead, onStall);
  }

  /** True when the consumer has begun to work on this page. */
  hasBegun(page: number): boolean {
    return this.#takenPage >= page;
  }

  /** True when the consumer waits for a batch. */
  get isWaitedFor(): boolean {
    return this.#consumerGate !== null;
  }

  /** No more batches; those in the queue can still be taken. */
  end(): void {
    this.#isEnded = true;
    this.#wakeConsumer();
  }

  /** The consumer gets this error; after what is in the queue when it came from the producer, at once otherwise. */
  fail(reason: unknown, isImmediate: boolean): void {
    if (this.#isEnded || this.#error !== null) return;
    if (!isImmediate && this.#batches.length > 0) {
      void this.#failLater(reason);
      return;
    }
    this.#error = { reason };
    this.#batches = [];
    this.#pages = [];
    this.#wakeConsumer();
    this.#wakeProducer();
  }

  async #failLater(reason: unknown): Promise<void> {
    while (this.#batches.length > 0 && this.#error === null) {
      this.#producerGate ??= newGate();
      await this.#producerGate.promise;
    }
    this.fail(reason, true);
  }

  async #whileConsumerRests(holds: () => boolean, onStall: () => void): Promise<void> {
    const timer = setTimeout(onStall, this.#bounds.stallMs);
    try {
      while (holds()) await this.#producerTurn();
    } finally {
      clearTimeout(timer);
    }
  }

  async #producerTurn(): Promise<void> {
    this.#throwIfFailed();
    this.#producerGate ??= newGate();
    await this.#producerGate.promise;
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    if (this.#error !== null) throw this.#error.reason;
  }

  #wakeConsumer(): void {
    this.#consumerGate?.open();
    this.#consumerGate = null;
  }

  #wakeProducer(): void {
    this.#producerGate?.open();
    this.#producerGate = null;
  }
}

function newGate(): Gate {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}
