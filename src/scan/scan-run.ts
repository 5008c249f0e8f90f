import type { ReaderFactory, RecordReader } from '../../drivers/driver.js';
import type { ColumnModel, GatewayLimits, TableModel } from '../config/model.js';
import { errors, type GatewayError } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import type { RequestLog } from '../http/request-log.js';
import type { LogRequest } from '../http/send.js';
import { BatchQueue } from './batch-queue.js';
import { PageMemory } from './page-memory.js';
import type { PageOutlet } from './page-outlet.js';
import { ReaderPool } from './reader-pool.js';
import type { RequestShape } from './requested-shape.js';
import type { ScanContext, ScanSpec } from './scan.js';
import { WorkClock } from './work-clock.js';

/** The limits that a single scan has to keep. */
export type ScanLimits = Pick<GatewayLimits, 'rowsPerScan' | 'bytesPerScan' | 'pagesPerScan' | 'secondsPerScan'>;

export interface ScanRunOptions extends RequestShape {
  readonly spec: ScanSpec;
  readonly context: ScanContext;
  /** The context's, or an abort because the consumer has had enough. */
  readonly signal: AbortSignal;
  /** Ends the scan with this error. */
  readonly abort: (reason: Error) => void;
  readonly limits: ScanLimits;
  readonly createReader: ReaderFactory;
  readonly log: LogRequest;
  readonly requestLog: RequestLog;
  /** How many sequences of pages there are. */
  readonly requestCount: number;
}

/** One scan under way: its queue, its reader, what it has counted and what it must not exceed. */
export class ScanRun implements PageOutlet {
  readonly queue = new BatchQueue();
  readonly readers: ReaderPool;
  readonly columns: readonly ColumnModel[];
  /** Null where nothing is to be remembered of the pages. */
  readonly memory: PageMemory | null;
  readonly options: ScanRunOptions;
  readonly #clock: WorkClock;
  #reader: RecordReader | null = null;
  #turn = 0;
  #pages = 0;
  #bytes = 0;
  #rows = 0;

  constructor(options: ScanRunOptions) {
    this.options = options;
    const byName = new Map(options.spec.table.columns.map((column) => [column.name, column]));
    this.columns = options.spec.columns.map((name) => {
      const column = byName.get(name);
      if (column === undefined) throw new Error(`scan of ${this.subject}: no column "${name}"`);
      return column;
    });
    const { secondsPerScan } = options.limits;
    this.#clock = new WorkClock(secondsPerScan, () =>
      options.abort(this.#overLimit('seconds_per_scan', `${secondsPerScan} s`)),
    );
    const { revalidation } = options.context;
    this.memory =
      revalidation === undefined ? null : new PageMemory(revalidation, this.table, this.columns, options.requestCount);
    this.readers = new ReaderPool((captures) =>
      options.createReader({ table: this.table, columns: this.columns, captures }),
    );
  }

  get table(): TableModel {
    return this.options.spec.table;
  }

  get signal(): AbortSignal {
    return this.options.signal;
  }

  /** `table "shop.orders"`, for messages. */
  get subject(): string {
    return `table "${this.table.dsn}.${this.table.name}"`;
  }

  /** True when the consumer has all rows that it will use. */
  get isSatisfied(): boolean {
    return this.options.rowLimit !== null && this.#rows >= this.options.rowLimit;
  }

  get rowsWanted(): number | null {
    const { rowLimit } = this.options;
    return rowLimit === null ? null : Math.max(0, rowLimit - this.#rows);
  }

  get pagesLeft(): number {
    return (this.options.limits.pagesPerScan ?? Number.POSITIVE_INFINITY) - this.#pages;
  }

  get isFull(): boolean {
    return this.queue.isFull;
  }

  /** False while no page may be asked for before the consumer wants a row of it. */
  get readsAhead(): boolean {
    return this.options.context.readsAhead?.() ?? true;
  }

  reader(captures: readonly string[], isAgain: boolean): RecordReader {
    if (this.#reader === null || isAgain) this.#reader = this.readers.take(captures, isAgain);
    return this.#reader;
  }

  get isWaitedFor(): boolean {
    return this.queue.isWaitedFor;
  }

  isReadyForNext(turn: number): boolean {
    return this.readsAhead && (this.queue.hasBegun(turn) || this.isWaitedFor);
  }

  async nextTurn(onStall: () => void): Promise<number> {
    await this.#clock.paused(() => this.queue.caughtUp(() => this.readsAhead, onStall));
    this.signal.throwIfAborted();
    return ++this.#turn;
  }

  claimPage(): void {
    if (this.pagesLeft <= 0) throw this.#overLimit('pages_per_scan', `${this.options.limits.pagesPerScan} pages`);
    this.#pages++;
  }

  countOpened(): void {
    this.options.context.statistics.pages++;
  }

  room(onStall: () => void): Promise<void> {
    return this.#clock.paused(() => this.queue.room(onStall));
  }

  countBytes(bytes: number): void {
    this.options.context.statistics.bytes += bytes;
    this.#bytes += bytes;
    const { bytesPerScan } = this.options.limits;
    if (bytesPerScan !== null && this.#bytes > bytesPerScan) {
      throw this.#overLimit('bytes_per_scan', `${bytesPerScan} bytes`);
    }
  }

  /** The scan's work is over. */
  stopClock(): void {
    this.#clock.stop();
  }

  /** Hands rows to the consumer. */
  emit(batch: RowBatch, page: number): void {
    this.#rows += batch.rowCount;
    const { rowsPerScan } = this.options.limits;
    if (rowsPerScan !== null && this.#rows > rowsPerScan) throw this.#overLimit('rows_per_scan', `${rowsPerScan} rows`);
    this.options.context.statistics.rows += batch.rowCount;
    this.queue.push(batch, page);
  }

  #overLimit(name: string, amount: string): GatewayError {
    return errors.limitExceeded(`scan of ${this.subject} exceeds limits.${name} (${amount})`, {
      hint: `Ask for less with a filter or LIMIT, or raise limits.${name} in the gateway's settings.`,
    });
  }
}
