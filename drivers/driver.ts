import type { ColumnModel, TableModel } from '../src/config/model.js';
import type { RowBatch } from '../src/core/row-batch.js';

/** One response body, or one file, on its way into a driver. */
export interface Page {
  /** Decompressed bytes; a driver reads them once, in order, and may stop early. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Content-Type as the source gave it, for its charset. */
  readonly contentType: string | null;
  /** 1-based, for error messages and `page_number`. */
  readonly number: number;
  /** Redacted URL or file name, for error messages. */
  readonly name: string;
  /**
   * Text of the columns whose value does not come from a record (`from: filter`, `header`, `page_url`, `page_number`),
   * by column name. It is coerced to the column's type like any other value.
   */
  readonly constants: ReadonlyMap<string, string | null>;
}

/** What a page said besides its rows, known once its body was read to the end. */
export interface PageOutcome {
  readonly recordCount: number;
  /**
   * The captured fields' texts by the path they were asked for: strings unescaped, numbers as written, `true`, `false`,
   * null for a JSON null, objects and arrays as they stand; a path that the page does not have is not in the map.
   */
  readonly captured: ReadonlyMap<string, string | null>;
}

export interface ReaderOptions {
  readonly table: TableModel;
  /** The wanted columns in the order of the batches' cells. May be empty (`count(*)`): then rows have no cells. */
  readonly columns: readonly ColumnModel[];
  /** Fields outside the records that the paginator needs: paths from the document's root, in the driver's language. */
  readonly captures: readonly string[];
}

/** Reads pages of one scan. It may learn from page to page (key order, widths), so it belongs to one scan at a time. */
export interface RecordReader {
  /**
   * Yields the page's rows as batches as they are parsed, without holding more than a record and a batch, and
   * returns the outcome. Throws a `GatewayError` that names table, column, page and record for a value that does not fit
   * its column, and the page for a body that is not well-formed or is cut off: never fewer rows without an error.
   */
  read(page: Page, signal: AbortSignal): AsyncGenerator<RowBatch, PageOutcome, void>;
  /** What was captured so far of the page that is being read: a guess until its outcome. A reader may have none. */
  readonly captured?: ReadonlyMap<string, string | null>;
}

export type ReaderFactory = (options: ReaderOptions) => RecordReader;
