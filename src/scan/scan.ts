import type { FilterOperator, TableModel } from '../config/model.js';
import type { RowBatch } from '../core/row-batch.js';
import type { RequestDraft } from '../http/request-draft.js';

/** A condition that the planner hands to the API: the DSN declares it for this column and operator. */
export interface PushedFilter {
  readonly column: string;
  readonly operator: FilterOperator;
  /** Canonical text: one value, any number for `in`, none for `is_null` and `is_not_null`. */
  readonly values: readonly string[];
}

/** One reading of one virtual table. */
export interface ScanSpec {
  readonly table: TableModel;
  /** Needed columns, in the order of the batches' cells. */
  readonly columns: readonly string[];
  readonly filters: readonly PushedFilter[];
  /** No more than so many rows will be used; null: all. */
  readonly limit: number | null;
  /** Which rows will do, where that is more than a number; left out: all are wanted. */
  readonly enough?: Enough;
  /** True for one of several scans whose rows go together: none may give rows that belong to another. */
  readonly isPart?: boolean;
}

/** A key of ORDER BY. */
export interface OrderKey {
  readonly column: string;
  readonly isDescending: boolean;
  readonly nullsFirst: boolean;
}

/** When a scan has the rows that will be used: the API may be asked to sort, and need not be read to the end. */
export interface Enough {
  readonly rows: number;
  /** Whether a row counts; null: every one does. */
  readonly counts: ((batch: RowBatch, row: number) => boolean) | null;
  /** The order in which the first rows are wanted; none: any will do. */
  readonly order: readonly OrderKey[];
  /** Whether the rows that are equal to the last one in these keys are wanted too. */
  readonly withTies: boolean;
  /** Whether most rows that the API sends will count, so that pages need be no larger than `rows`. */
  readonly sizesPages: boolean;
}

/** Counted while a scan runs. */
export interface ScanStatistics {
  requests: number;
  pages: number;
  rows: number;
  bytes: number;
  retries: number;
  waitMs: number;
  /** Scans that were answered from kept rows (`cache`) in the place of the API. */
  cacheHits: number;
}

export interface ScanContext {
  readonly signal: AbortSignal;
  readonly statistics: ScanStatistics;
  /** Called before each request is sent; throws when the statement may send no more. */
  readonly beforeRequest?: () => void;
  /** Something the client should see as a NOTICE, such as a scan ended by `max_pages`. */
  readonly notice: (message: string) => void;
  /** Stands for the session: where requests wait for their turn, sessions take turns. Left out: the context itself. */
  readonly session?: object;
  /**
   * False while the consumer may stop at any row, as a cursor between two FETCHes does: then no page is asked for before
   * a row of it is. Left out: true.
   */
  readonly readsAhead?: () => boolean;
  /** Asks the API whether pages read before have changed, and remembers how to ask for those read now. Left out: neither. */
  readonly revalidation?: Revalidation;
}

/** A page that the API can be asked about: whether it has changed since. */
export interface RememberedPage {
  readonly draft: RequestDraft;
  readonly etag: string | null;
  /** Left out (null) where the answer was too close to it to tell a later change from none. */
  readonly lastModified: string | null;
}

/** How a scan learns that there is nothing new, and what the next one needs for that. */
export interface Revalidation {
  /** The pages of the scan whose rows are at hand; null: there are none. */
  readonly known: readonly RememberedPage[] | null;
  /** Called at the end of a whole scan: null where its pages do not prove that its rows are still the same. */
  readonly remember: (pages: readonly RememberedPage[] | null) => void;
  /** Called in the place of any rows: every known page is what it was. */
  readonly unchanged: () => void;
}

/** Runs scans. One per gateway: it holds the HTTP pools, rate limits and tokens that all sessions share. */
export interface Scanner {
  /**
   * Streams the scan's rows in the API's order; the next page is fetched while the consumer works on this one, never
   * further ahead, or not before it is asked for (`readsAhead`). Returning early closes the response and its socket.
   */
  open(spec: ScanSpec, context: ScanContext): AsyncGenerator<RowBatch, void, void>;
  /** How many rows there are, where the table's API says so in one answer; null: it does not. */
  count(spec: ScanSpec, context: ScanContext): Promise<number | null>;
  /** The first request as EXPLAIN shows it: method and redacted URL, then one line per further fact. No I/O. */
  describe(spec: ScanSpec): readonly string[];
  close(): Promise<void>;
}

export function newScanStatistics(): ScanStatistics {
  return { requests: 0, pages: 0, rows: 0, bytes: 0, retries: 0, waitMs: 0, cacheHits: 0 };
}
