import type { Page, PageOutcome } from '../../drivers/driver.js';
import { errors } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import type { BodyFailure } from '../http/response.js';
import { HandedRows, PageChanged } from './handed-rows.js';
import type { PageObserver } from './page-observer.js';
import type { ScanRun } from './scan-run.js';

/** A page whose bytes can be read. */
export interface OpenedPage {
  readonly page: Page;
  readonly observer: PageObserver;
  /** False for an answer that has no body by its nature: a page without records. */
  readonly hasContent: boolean;
  failure(): BodyFailure | null;
  discard(): void;
  releaseSlot(): void;
}

export interface PageSource {
  /** The page's number over the whole scan. */
  readonly number: number;
  readonly captures: readonly string[];
  /** Opens the page, for each try afresh; null when the answer says that there is no page. */
  open(): Promise<OpenedPage | null>;
  /** After a body broke off: waits and returns when another try is worth it, else throws. */
  beforeRetry(failure: BodyFailure): Promise<void>;
  /** Leaves the rows out that do not belong to this page's request. */
  readonly choose: ((batch: RowBatch) => RowBatch) | null;
}

/** How reading a page ended: with its outcome, without a page, or with all rows that the consumer will use. */
export type PageResult =
  | { readonly type: 'read'; readonly outcome: PageOutcome }
  | { readonly type: 'none' }
  | { readonly type: 'satisfied' };

/** Reads a page into the run's queue, again from the start when its body breaks off; never a row twice, none lost. */
export async function readPage(run: ScanRun, source: PageSource): Promise<PageResult> {
  const handed = new HandedRows();
  for (let isAgain = false; ; isAgain = true) {
    const opened = await source.open();
    if (opened === null) return { type: 'none' };
    if (!isAgain) run.options.context.statistics.pages++;
    try {
      if (!opened.hasContent) return { type: 'read', outcome: { recordCount: 0, captured: new Map() } };
      handed.begin();
      const outcome = await readBody(run, source, opened, handed, isAgain);
      return outcome === null ? { type: 'satisfied' } : { type: 'read', outcome };
    } catch (error) {
      run.signal.throwIfAborted();
      opened.observer.throwIfFailed();
      if (error instanceof PageChanged) throw pageChanged(run, opened.page);
      const failure = opened.failure();
      if (failure === null) throw error;
      await source.beforeRetry(failure);
    } finally {
      opened.discard();
    }
  }
}

async function readBody(
  run: ScanRun,
  source: PageSource,
  opened: OpenedPage,
  handed: HandedRows,
  isAgain: boolean,
): Promise<PageOutcome | null> {
  const rows = run.reader(source.captures, isAgain).read(opened.page, run.signal);
  let isEnded = false;
  try {
    for (;;) {
      const result = await rows.next();
      if (result.done === true) {
        isEnded = true;
        handed.finish();
        return result.value;
      }
      const fresh = handed.pass(result.value);
      if (fresh === null) continue;
      const chosen = source.choose === null ? fresh : source.choose(fresh);
      if (chosen.rowCount === 0) continue;
      run.emit(chosen, source.number);
      if (run.isSatisfied) return null;
      if (run.queue.isFull) await run.queue.room(opened.releaseSlot);
    }
  } finally {
    if (!isEnded) await rows.return({ recordCount: 0, captured: new Map() });
  }
}

function pageChanged(run: ScanRun, page: Page): Error {
  return errors.apiError(`page ${page.number} of ${run.subject} changed while it was read`, {
    detail: `${page.name} broke off, and when it was asked for again it had other rows.`,
    hint: 'Run the query again.',
  });
}
