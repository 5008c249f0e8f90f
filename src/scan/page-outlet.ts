import type { RecordReader } from '../../drivers/driver.js';
import type { RowBatch } from '../core/row-batch.js';

/** Where the rows of a sequence of pages go: to the scan's consumer, or into a lane that waits for its turn. */
export interface PageOutlet {
  readonly signal: AbortSignal;
  /** True when no further row will be used. */
  readonly isSatisfied: boolean;
  /** Rows that will still be used; null: all. */
  readonly rowsWanted: number | null;
  /** Pages that may still be claimed; infinite without a limit. */
  readonly pagesLeft: number;
  /** True when the rows handed over have to be taken before more may come. */
  readonly isFull: boolean;
  /** True when the scan's consumer waits for rows of this outlet. */
  readonly isWaitedFor: boolean;
  /** True when a page may be asked for before the consumer wants a row of it, and it has come to this page. */
  isReadyForNext(turn: number): boolean;
  /**
   * Waits until the rows of the page before are being worked on; the number of the next page for `emit`. `onStall` tells
   * that this may take long.
   */
  nextTurn(onStall: () => void): Promise<number>;
  /** Counts a page of the scan. Throws 54000 when it is one too many. */
  claimPage(): void;
  /** Counts a page that was answered. */
  countOpened(): void;
  /** The reader to read the next page with; a page that is read again gets a new one. */
  reader(captures: readonly string[], isAgain: boolean): RecordReader;
  emit(batch: RowBatch, page: number): void;
  /** Waits while the outlet is full; `onStall` tells that this may take long. */
  room(onStall: () => void): Promise<void>;
}
