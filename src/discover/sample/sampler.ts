import type { Page, PageOutcome, ReaderOptions, RecordReader } from '../../../drivers/driver.js';
import { readUtf8 } from '../../../drivers/encoding.js';
import type { ColumnModel, TableModel } from '../../config/model.js';
import { plainColumn } from '../../config/plain-model.js';
import { errors } from '../../core/errors.js';
import { type RowBatch, RowBatchBuilder } from '../../core/row-batch.js';
import type { TokenStore } from '../../oauth/store/token-store.js';
import { newScanStatistics, type Scanner } from '../../scan/scan.js';
import { createScanner } from '../../scan/scanner.js';

/** The first page of a table, as text. */
export interface Sample {
  readonly text: string;
  /** The page went on. */
  readonly isTruncated: boolean;
  readonly contentType: string | null;
  /** Method and redacted URL, or the file. */
  readonly name: string;
  /** Those that tell of further pages, by name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Headers that APIs describe their pages with. */
const HEADERS = [
  'link',
  'x-next-page',
  'x-total',
  'x-total-count',
  'x-total-pages',
  'x-page',
  'x-per-page',
  'x-next-cursor',
];
/** What a sample reads at most: thousands of records, and no endless body. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** Fetches samples: a table's first page, by the same client, authentication and rules as any scan. */
export class Sampler {
  readonly #scanner: Scanner;
  readonly #samples = new Map<TableModel, Sample>();

  /** `tokens`: where tokens are kept, in memory by default; closed with the sampler. */
  constructor(tokens: TokenStore | null, maxCharacters = MAX_CHARACTERS) {
    const limits = {
      connections: 1,
      rowsPerScan: null,
      bytesPerScan: null,
      secondsPerScan: null,
      cacheBytes: 0,
      pagesPerScan: null,
      statementTimeoutMs: null,
    };
    this.#scanner = createScanner(
      { limits },
      {
        ...(tokens === null ? {} : { tokens }),
        createReader: (options) =>
          new SampleReader(options, maxCharacters, (sample) => this.#samples.set(options.table, sample)),
        log: () => {},
      },
    );
  }

  /** Throws what a scan would throw, and HV000 for an answer without a page. */
  async take(declared: TableModel, values: ReadonlyMap<string, string>, signal: AbortSignal): Promise<Sample> {
    const table = forSample(declared);
    const filters = [...values].map(([column, value]) => ({
      column,
      operator: operatorOf(table, column),
      values: [value],
    }));
    const columns = HEADERS.map((name) => `header:${name}`);
    const context = { signal, statistics: newScanStatistics(), notice: () => {} };
    const rows = this.#scanner.open({ table, columns, filters, limit: null }, context);
    try {
      await rows.next();
    } finally {
      await rows.return();
    }
    const sample = this.#samples.get(table);
    this.#samples.delete(table);
    if (sample !== undefined) return sample;
    throw errors.apiError(`the sample of table "${table.dsn}.${table.name}" has no page`, {
      hint: 'The answer was empty: declare "columns", or give "sample" other values.',
    });
  }

  async close(): Promise<void> {
    await this.#scanner.close();
  }
}

function operatorOf(table: TableModel, column: string): '=' | 'in' {
  const filter = table.filters.find((candidate) => candidate.column === column);
  return filter?.operators.includes('=') === false ? 'in' : '=';
}

/** The table with text columns for its filters and for the headers, asked for whole: no lookup, which would be another endpoint, and no choice of fields. */
function forSample(table: TableModel): TableModel {
  const column = (name: string, from: ColumnModel['from'], field: string): ColumnModel =>
    plainColumn(name, 'text', { from, field });
  const filtered = [...new Set(table.filters.map((filter) => filter.column))];
  const headers = HEADERS.map((name) => column(`header:${name}`, 'header', name));
  return {
    ...table,
    columns: [...filtered.map((name) => column(name, 'filter', name)), ...headers],
    lookup: null,
    select: null,
  };
}

/** Keeps the beginning of the first page, and then waits for the scan to be ended. */
class SampleReader implements RecordReader {
  readonly #options: ReaderOptions;
  readonly #maxCharacters: number;
  readonly #keep: (sample: Sample) => void;

  constructor(options: ReaderOptions, maxCharacters: number, keep: (sample: Sample) => void) {
    this.#options = options;
    this.#maxCharacters = maxCharacters;
    this.#keep = keep;
  }

  async *read(page: Page, signal: AbortSignal): AsyncGenerator<RowBatch, PageOutcome, void> {
    const { driver } = this.#options.table;
    const pieces: string[] = [];
    let length = 0;
    let isTruncated = false;
    for await (const piece of readUtf8(page, { option: driver.encoding, declared: declaredEncoding }, signal)) {
      const text = piece.toString('utf8');
      pieces.push(text);
      length += text.length;
      isTruncated = length >= this.#maxCharacters;
      if (isTruncated) break;
    }
    const headers = new Map<string, string>();
    for (const name of HEADERS) {
      const value = page.constants.get(`header:${name}`);
      if (value !== null && value !== undefined) headers.set(name, value);
    }
    this.#keep({ text: pieces.join(''), isTruncated, contentType: page.contentType, name: page.name, headers });
    const builder = new RowBatchBuilder(this.#options.columns.length);
    builder.beginRow();
    for (const _ of this.#options.columns) builder.writeNull();
    builder.endRow();
    yield builder.finish();
    // Ending here would have the next page asked for.
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    throw signal.reason;
  }
}

/** Only XML declares its encoding; in other formats the text would be data. */
function declaredEncoding(head: Buffer): string | null {
  return /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([^"']+)["']/.exec(head.toString('latin1'))?.[1] ?? null;
}
