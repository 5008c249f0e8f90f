import type { Page, PageOutcome } from '../../drivers/driver.js';
import { errors } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import type { BodyFailure } from '../http/response.js';
import { HandedRows, PageChanged } from './handed-rows.js';
import type { PageObserver } from './page-observer.js';
import type { PageOutlet } from './page-outlet.js';

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
  /** `table "shop.orders"`, for errors. */
  readonly subject: string;
  /** The page's number for the outlet. */
  readonly number: number;
  readonly captures: readonly string[];
  /** Opens the page, for each try afresh; null when the answer says that there is no page. */
  open(): Promise<OpenedPage | null>;
  /** After a body broke off: waits and returns when another try is worth it, else throws. */
  beforeRetry(failure: BodyFailure): Promise<void>;
  /** Told at a page's beginning and after each of its batches, with what was captured of it so far. */
  readonly onProgress?: (captured: ReadonlyMap<string, string | null>, hasRecords: boolean) => void;
  /** Told while the consumer rests. */
  readonly onStall?: () => void;
  /** Leaves the rows out that do not belong to this page's request. */
  readonly choose: ((batch: RowBatch) => RowBatch) | null;
}

/** How reading a page ended: with its outcome, without a page, or with all rows that the consumer will use. */
export type PageResult =
  | { readonly type: 'read'; readonly outcome: PageOutcome }
  | { readonly type: 'none' }
  | { readonly type: 'satisfied' };

const NOTHING_CAPTURED: ReadonlyMap<string, string | null> = new Map();

/** Reads a page into the outlet, again from the start when its body breaks off; never a row twice, none lost. */
export async function readPage(outlet: PageOutlet, source: PageSource): Promise<PageResult> {
  const handed = new HandedRows();
  for (let isAgain = false; ; isAgain = true) {
    const opened = await source.open();
    if (opened === null) return { type: 'none' };
    if (!isAgain) outlet.countOpened();
    try {
      if (!opened.hasContent) return { type: 'read', outcome: { recordCount: 0, captured: new Map() } };
      handed.begin();
      const outcome = await readBody(outlet, source, opened, handed, isAgain);
      return outcome === null ? { type: 'satisfied' } : { type: 'read', outcome };
    } catch (error) {
      outlet.signal.throwIfAborted();
      opened.observer.throwIfFailed();
      if (error instanceof PageChanged) throw pageChanged(source.subject, opened.page);
      const failure = opened.failure();
      if (failure === null) throw error;
      await source.beforeRetry(failure);
    } finally {
      opened.discard();
    }
  }
}

async function readBody(
  outlet: PageOutlet,
  source: PageSource,
  opened: OpenedPage,
  handed: HandedRows,
  isAgain: boolean,
): Promise<PageOutcome | null> {
  const reader = outlet.reader(source.captures, isAgain);
  const rows = reader.read(opened.page, outlet.signal);
  const onStall = (): void => {
    opened.releaseSlot();
    source.onStall?.();
  };
  let isEnded = false;
  let hasRecords = false;
  source.onProgress?.(NOTHING_CAPTURED, hasRecords);
  try {
    for (;;) {
      const result = await rows.next();
      if (result.done === true) {
        isEnded = true;
        handed.finish();
        return result.value;
      }
      hasRecords ||= result.value.rowCount > 0;
      source.onProgress?.(reader.captured ?? NOTHING_CAPTURED, hasRecords);
      const fresh = handed.pass(result.value);
      if (fresh === null) continue;
      const chosen = source.choose === null ? fresh : source.choose(fresh);
      if (chosen.rowCount === 0) continue;
      outlet.emit(chosen, source.number);
      if (outlet.isSatisfied) return null;
      if (outlet.isFull) await outlet.room(onStall);
    }
  } finally {
    if (!isEnded) await rows.return({ recordCount: 0, captured: new Map() });
  }
}

function pageChanged(subject: string, page: Page): Error {
  return errors.apiError(`page ${page.number} of ${subject} changed while it was read`, {
    detail: `${page.name} broke off, and when it was asked for again it had other rows.`,
    hint: 'Run the query again.',
  });
}
