import type { DriverOptions } from '../../src/config/model.js';
import { errors } from '../../src/core/errors.js';
import type { RowBatch } from '../../src/core/row-batch.js';
import type { Page, PageOutcome, ReaderOptions, RecordReader } from '../driver.js';
import { readUtf8 } from '../encoding.js';
import { describePage } from '../page-error.js';
import { RowWriter } from '../row-writer.js';
import { Window } from '../window.js';
import { makeDialect } from './dialect.js';
import { locateFields } from './header.js';
import { FieldKind, Row, RowScanner } from './row-scanner.js';

/** A row larger than this is only looked at again when half as much has been added. */
const PATIENT_BYTES = 64 * 1024;

/** Reads CSV (RFC 4180 and its dialects) with PostgreSQL's idea of NULL: an empty unquoted field. */
export class CsvReader implements RecordReader {
  readonly #options: Extract<DriverOptions, { type: 'csv' }>;
  readonly #writer: RowWriter;
  readonly #scanner: RowScanner;
  readonly #window = new Window();
  #where = '';
  #linesToSkip = 0;
  /** Fields of each row; -1 until the header or the first row has been seen. */
  #width = -1;
  #places: Int32Array = new Int32Array(0);

  constructor(options: ReaderOptions) {
    const { driver } = options.table;
    if (driver.type !== 'csv') throw new Error('csv reader: a table of another driver');
    this.#options = driver;
    this.#writer = new RowWriter(options, 'text');
    this.#scanner = new RowScanner(makeDialect(driver));
    // A name that needs a header where there is none is found before anything is read.
    if (!driver.header) locateFields(options.columns, null, 0, true, '');
  }

  async *read(page: Page, signal: AbortSignal): AsyncGenerator<RowBatch, PageOutcome, void> {
    const writer = this.#writer;
    const { builder } = writer;
    const window = this.#window;
    this.#where = describePage(page);
    this.#width = -1;
    this.#linesToSkip = this.#options.skipLines;
    window.reset();
    writer.startPage(page);
    this.#scanner.reset();

    let isFirstBatch = true;
    let enough = 0;
    for await (const piece of readUtf8(page, { option: this.#options.encoding }, signal)) {
      window.append(piece, this.#where);
      if (window.pending < enough) continue;
      while (this.#advance(window)) {
        isFirstBatch = false;
        yield builder.finish();
      }
      enough = window.pending < PATIENT_BYTES ? 0 : window.pending + (window.pending >> 1);
      if (isFirstBatch && builder.rowCount > 0) {
        isFirstBatch = false;
        yield builder.finish();
      }
    }
    // The last line needs no line break of its own.
    if (window.pending > 0) {
      window.finish(this.#where);
      while (this.#advance(window)) yield builder.finish();
    }
    if (this.#width < 0 && this.#options.header) {
      throw errors.badCopyFormat('the page is empty where a CSV header was expected', {
        detail: this.#where,
        hint: 'If the source has no header, set header: false. If an empty body means no more rows, declare it under errors.',
      });
    }
    if (builder.rowCount > 0) yield builder.finish();
    return { recordCount: writer.recordCount, captured: new Map() };
  }

  /** Writes rows until the batch is full (true) or the window has no whole row any more (false). */
  #advance(window: Window): boolean {
    const scanner = this.#scanner;
    const { builder } = this.#writer;
    while (this.#linesToSkip > 0) {
      if (!scanner.skipLine(window)) return false;
      this.#linesToSkip--;
    }
    for (;;) {
      const result = scanner.next(window, this.#where);
      if (result === Row.needsMore) return false;
      if (result === Row.blank) {
        // Where rows have one field, an empty line is one that is NULL; a comment has no field at all.
        if (this.#width !== 1 || scanner.fieldCount !== 1) continue;
      }
      if (this.#width < 0) {
        const isHeader = this.#options.header;
        this.#start(window, isHeader);
        if (isHeader) continue;
      }
      this.#writeRow(window.bytes);
      if (builder.isFull) return true;
    }
  }

  #start(window: Window, isHeader: boolean): void {
    const scanner = this.#scanner;
    this.#width = scanner.fieldCount;
    const names = isHeader
      ? Array.from({ length: this.#width }, (_, index) => scanner.text(window.bytes, index))
      : null;
    const isPadded = this.#options.ragged === 'pad';
    this.#places = locateFields(this.#writer.columns, names, this.#width, isPadded, this.#where);
  }

  #writeRow(bytes: Buffer): void {
    const writer = this.#writer;
    const { builder } = writer;
    const { fieldCount, kinds, starts, ends } = this.#scanner;
    if (fieldCount !== this.#width && this.#options.ragged === 'error') throw this.#ragged(fieldCount);
    const places = this.#places;
    builder.beginRow();
    for (let c = 0; c < places.length; c++) {
      const place = places[c]!;
      if (place < 0) writer.writeConstant(c);
      else if (place >= fieldCount) writer.writeMissing(c);
      else {
        const kind = kinds[place]!;
        const start = starts[place]!;
        const end = ends[place]!;
        if (kind === FieldKind.escaped) writer.writeValue(c, 'fromString', this.#scanner.text(bytes, place));
        else if (kind === FieldKind.plain && start === end) writer.writeNull(c);
        else writer.writeBytes(c, bytes, start, end);
      }
    }
    builder.endRow();
    writer.recordCount++;
  }

  #ragged(fieldCount: number): Error {
    return errors.badCopyFormat(`a CSV row has ${fieldCount} fields where ${this.#width} are expected`, {
      detail: `${this.#where}, line ${this.#scanner.line}`,
      hint: 'Check the delimiter, or set ragged: pad to fill up short rows and ignore what is too much.',
    });
  }
}
