import type { DriverOptions } from '../../src/config/model.js';
import { errors } from '../../src/core/errors.js';
import type { RowBatch, RowBatchBuilder } from '../../src/core/row-batch.js';
import type { Page, PageOutcome, ReaderOptions, RecordReader } from '../driver.js';
import { readUtf8 } from '../encoding.js';
import { Run } from '../kernel/kernel-rows.js';
import { describePage } from '../page-error.js';
import { listsEmpty, RowWriter } from '../row-writer.js';
import { SlotRowWriter } from '../slot-row-writer.js';
import { SlotKind } from '../text-slots.js';
import { Window } from '../window.js';
import { type Dialect, makeDialect } from './dialect.js';
import { locateFields } from './header.js';
import { RowKernel } from './kernel/row-kernel.js';
import { RowScanner, type RowTaker, Scan } from './row-scanner.js';

/** A row larger than this is only looked at again when half as much has been added. */
const PATIENT_BYTES = 64 * 1024;

/** Reads CSV (RFC 4180 and its dialects) with PostgreSQL's idea of NULL: an empty unquoted field. */
export class CsvReader implements RecordReader {
  readonly #options: Extract<DriverOptions, { type: 'csv' }>;
  readonly #writer: RowWriter;
  readonly #builder: RowBatchBuilder;
  readonly #scanner: RowScanner;
  readonly #rows: SlotRowWriter;
  readonly #dialect: Dialect;
  readonly #isPlain: boolean;
  /** For rows as nearly all are; null before the first one, and where only the general path will do. */
  #kernel: RowKernel | null = null;
  /** Of the page before. */
  #lastKernel: RowKernel | null = null;
  /** How many rows the general path reads before the kernel is tried again. */
  #detour = 1;
  #detourLeft = 0;
  readonly #window = new Window();
  #where = '';
  #linesToSkip = 0;
  /** Fields of each row; -1 until the header or the first row has been seen. */
  #width = -1;
  #places: Int32Array = new Int32Array(0);
  /** Fields that the columns reach: more than the width where rows are padded. */
  #span = 0;

  /** `isPlain`: without the kernel, for comparison. */
  constructor(options: ReaderOptions & { readonly isPlain?: boolean }) {
    const { driver } = options.table;
    if (driver.type !== 'csv') throw new Error('csv reader: a table of another driver');
    this.#options = driver;
    this.#isPlain = options.isPlain === true;
    this.#writer = new RowWriter(options, 'text');
    this.#builder = this.#writer.builder;
    this.#dialect = makeDialect(driver);
    this.#scanner = new RowScanner(this.#dialect);
    this.#rows = new SlotRowWriter(this.#writer, this.#scanner, options.columns.map(listsEmpty), (c) =>
      this.#writer.writeConstant(c),
    );
    // A name that needs a header where there is none is found before anything is read.
    if (!driver.header) locateFields(options.columns, null, 0, true, '');
  }

  async *read(page: Page, signal: AbortSignal): AsyncGenerator<RowBatch, PageOutcome, void> {
    const writer = this.#writer;
    const builder = this.#builder;
    const window = this.#window;
    this.#where = describePage(page);
    this.#width = -1;
    this.#kernel = null;
    this.#lastKernel?.startPage();
    this.#detourLeft = 0;
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
    while (this.#linesToSkip > 0) {
      if (!this.#scanner.skipLine(window)) return false;
      this.#linesToSkip--;
    }
    for (;;) {
      // The kernel takes rows as long as they are usual; the scanner the one that it stopped at.
      if (this.#kernel !== null && this.#detourLeft === 0) {
        const rowsBefore = this.#writer.recordCount;
        const result = this.#kernel.run(window);
        this.#scanner.nextLine += this.#kernel.lines;
        if (this.#builder.isFull) return true;
        if (result === Run.needsMore && !window.isFinal) return false;
        this.#detour = this.#writer.recordCount - rowsBefore > 2 * this.#detour ? 1 : Math.min(2 * this.#detour, 1024);
        this.#detourLeft = this.#detour;
      }
      if (this.#scanner.scan(window, this.#where, this.#take) === Scan.needsMore) return false;
      if (this.#builder.isFull) return true;
    }
  }

  readonly #take: RowTaker = (bytes, view) => {
    const scanner = this.#scanner;
    const { fieldCount } = scanner;
    const width = this.#width;
    if (fieldCount !== width) {
      // Where rows have one field, an empty line is one that is NULL.
      if (fieldCount === 1 && scanner.kinds[0] === SlotKind.empty) return false;
      if (width < 0) {
        this.#start(bytes);
        if (this.#options.header) return this.#kernel !== null;
      } else if (this.#options.ragged === 'error') throw this.#ragged(fieldCount);
    }
    if (fieldCount < this.#span) scanner.kinds.fill(SlotKind.missing, fieldCount, this.#span);
    this.#rows.writeRow(bytes, view, this.#places);
    if (this.#detourLeft > 0 && --this.#detourLeft === 0) return true;
    return this.#builder.isFull;
  };

  #start(bytes: Buffer): void {
    const scanner = this.#scanner;
    const width = scanner.fieldCount;
    const names = this.#options.header ? Array.from({ length: width }, (_, index) => scanner.text(bytes, index)) : null;
    const isPadded = this.#options.ragged === 'pad';
    this.#places = locateFields(this.#writer.columns, names, width, isPadded, this.#where);
    this.#width = width;
    this.#span = this.#places.reduce((span, place) => Math.max(span, place + 1), width);
    scanner.reserve(this.#span);
    // Pages of one scan are nearly always alike.
    if (this.#isPlain) return;
    if (this.#lastKernel?.fits(this.#places, width) !== true)
      this.#lastKernel = RowKernel.create(this.#writer, this.#dialect, this.#places, width);
    this.#kernel = this.#lastKernel;
  }

  #ragged(fieldCount: number): Error {
    return errors.badCopyFormat(`a CSV row has ${fieldCount} fields where ${this.#width} are expected`, {
      detail: `${this.#where}, line ${this.#scanner.line}`,
      hint: 'Check the delimiter, or set ragged: pad to fill up short rows and ignore what is too much.',
    });
  }
}
