import { errors } from '../../src/core/errors.js';
import type { RowBatch } from '../../src/core/row-batch.js';
import type { Page, PageOutcome, ReaderOptions, RecordReader } from '../driver.js';
import { readUtf8 } from '../encoding.js';
import { Run } from '../kernel/kernel-rows.js';
import { describePage } from '../page-error.js';
import { RowWriter } from '../row-writer.js';
import { Window } from '../window.js';
import { DocumentWalker, type FoundValue, Walk } from './document-walker.js';
import { parseField, parseSelector } from './json-path.js';
import { type FixedCell, RecordKernel } from './kernel/record-kernel.js';
import { isNamedLines } from './named-lines.js';
import { makeOutline, type Outline } from './outline.js';
import { Between, RecordScanner, Scan } from './record-scanner.js';
import { RecordShape } from './record-shape.js';
import { RecordWriter } from './record-writer.js';
import { Kind } from './tokens.js';
import { captureText, valueText, writeValueCell } from './value-cell.js';

/** Rescanning an incomplete record at every chunk would take quadratic time once it is this large. */
const PATIENT_BYTES = 64 * 1024;

const NO_SLOTS: readonly { readonly slot: number; readonly path: string }[] = [];

/** Reads JSON documents and NDJSON (RFC 8259), of any size, in memory bounded by a record and a batch. */
export class JsonReader implements RecordReader {
  readonly #writer: RowWriter;
  readonly #encoding: string | null;
  readonly #outline: Outline;
  readonly #scanner: RecordScanner;
  readonly #walker: DocumentWalker;
  readonly #window = new Window();
  readonly #recordWriter: RecordWriter;
  /** Reads the usual records; null when everything takes the general path. */
  readonly #kernel: RecordKernel | null;
  /** How many records the general path reads before the kernel is tried again. */
  #detour = 1;
  #detourLeft = 0;
  /** By column: index of the value outside the record that it takes, -1 for none. */
  readonly #enclosing: Int32Array;
  /** Slots in the record that captures take, with the capture's path. */
  readonly #captureSlots: readonly { readonly slot: number; readonly path: string }[];
  /** By index of an outline's value. */
  readonly #found: (FoundValue | undefined)[] = [];
  readonly #valueUses: { readonly columns: number[]; readonly captures: string[] }[];
  #captured = new Map<string, string | null>();
  /** By value: `recordCount` when the object it belongs to began; rows since then were read without what follows. */
  readonly #scopeStart: number[] = [];
  #where = '';

  /** `isPlain`: without the kernel, for comparison. */
  constructor(options: ReaderOptions & { readonly isPlain?: boolean }) {
    const { table, columns, captures } = options;
    if (table.driver.type !== 'json') throw new Error('json reader: a table of another driver');
    this.#writer = new RowWriter(options, 'json');
    this.#encoding = table.driver.encoding;
    const selector = table.records === null ? [] : parseSelector(table.records, 'records');
    const fields = columns.map((column) =>
      column.from === 'record'
        ? parseField(column.field, column.field === column.name, `field of column "${column.name}":`)
        : null,
    );
    const climbing = fields.flatMap((path, c) => (path !== null && path.climb > 0 ? [{ path, c }] : []));
    this.#outline = makeOutline(
      selector,
      captures.map((text) => ({ text, steps: parseField(text, false, 'field').steps })),
      climbing.map(({ path, c }) => ({ path, text: columns[c]!.field, column: columns[c]!.name })),
    );

    const paths = fields.flatMap((path, c) => (path !== null && path.climb === 0 ? [{ steps: path.steps, c }] : []));
    const inner = this.#outline.captures.flatMap((capture, index) =>
      'steps' in capture ? [{ steps: capture.steps, path: captures[index]! }] : [],
    );
    const shape = new RecordShape([...paths, ...inner].map(({ steps }) => steps));
    const slots = new Int32Array(columns.length).fill(-1);
    paths.forEach(({ c }, index) => {
      slots[c] = shape.slotOfPath[index]!;
    });
    this.#captureSlots = inner.map(({ path }, index) => ({ path, slot: shape.slotOfPath[paths.length + index]! }));
    this.#enclosing = new Int32Array(columns.length).fill(-1);
    this.#valueUses = Array.from({ length: this.#outline.valueCount }, () => ({ columns: [], captures: [] }));
    climbing.forEach(({ c }, index) => {
      const value = this.#outline.enclosing[index]!;
      this.#enclosing[c] = value;
      this.#valueUses[value]!.columns.push(c);
    });
    this.#outline.captures.forEach((capture, index) => {
      if ('value' in capture) this.#valueUses[capture.value]!.captures.push(captures[index]!);
    });

    this.#scanner = new RecordScanner(shape);
    this.#recordWriter = new RecordWriter(this.#writer, this.#scanner, slots, (c) => this.#writeOuterCell(c));
    const writer = this.#writer;
    this.#kernel =
      options.isPlain === true
        ? null
        : RecordKernel.create({
            writer,
            shape,
            slots,
            outerCell: (c) => this.#outerCell(c),
            writeOuterCell: (c) => this.#writeOuterCell(c),
          });
    this.#walker = new DocumentWalker(
      {
        root: this.#outline.root,
        selectorText: table.records ?? '$',
        format: table.driver.format,
        isRoot: selector.length === 0,
        recordsMissing: table.recordsMissing,
        takesScalars: table.columns.some((column) => column.from === 'record' && column.field === '$'),
      },
      {
        get recordCount() {
          return writer.recordCount;
        },
        startScope: (value) => {
          this.#scopeStart[value] = writer.recordCount;
          this.#setValue(value, undefined);
        },
        setValue: (value, found) => this.#setValue(value, found),
      },
    );
  }

  get captured(): ReadonlyMap<string, string | null> {
    return this.#captured;
  }

  async *read(page: Page, signal: AbortSignal): AsyncGenerator<RowBatch, PageOutcome, void> {
    const writer = this.#writer;
    const { builder } = writer;
    const window = this.#window;
    this.#where = describePage(page);
    window.reset();
    writer.startPage(page);
    this.#walker.startPage(this.#where);
    this.#captured = new Map();
    this.#found.fill(undefined);
    this.#scopeStart.fill(0);
    this.#isScanning = false;
    this.#kernel?.startPage();

    // Also says that the page's fields before the rows are known: the next page may be asked for.
    let isFirstBatch = true;
    let enough = 0;
    for await (const piece of readUtf8(page, { option: this.#encoding }, signal)) {
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
    window.finish(this.#where);
    while (this.#advance(window)) yield builder.finish();
    this.#walker.checkEnd(window, isNamedLines(page));
    if (builder.rowCount > 0) yield builder.finish();
    return { recordCount: writer.recordCount, captured: this.#captured };
  }

  #isScanning = false;

  /** Works on what the window holds; true when a batch is full, false when more bytes are needed. */
  #advance(window: Window): boolean {
    for (;;) {
      if (!this.#isScanning) {
        if (this.#walker.walk(window) !== Walk.records) return false;
        this.#scanner.between = this.#walker.between;
        this.#isScanning = true;
      }
      const result = this.#scan(window);
      if (result === Scan.needsMore) {
        this.#walker.between = this.#scanner.between >= Between.line ? this.#scanner.between : this.#walker.between;
        return false;
      }
      if (result === Scan.batchFull) return true;
      this.#isScanning = false;
      this.#walker.resume();
      if (this.#writer.builder.isFull) return true;
    }
  }

  /** Reads records, each by the kernel or, where that does not take it, by the general path. */
  #scan(window: Window): number {
    const scanner = this.#scanner;
    const kernel = this.#kernel;
    for (;;) {
      if (kernel !== null && this.#detourLeft === 0 && this.#isForKernel(scanner.between)) {
        const rowsBefore = this.#writer.recordCount;
        kernel.between = scanner.between;
        const result = kernel.run(window, this.#walker.depth);
        scanner.between = kernel.between;
        if (result === Run.full) return Scan.batchFull;
        if (result === Run.done) return Scan.done;
        if (result === Run.needsMore && !window.isFinal) return Scan.needsMore;
        this.#detour = this.#writer.recordCount - rowsBefore > 2 * this.#detour ? 1 : Math.min(2 * this.#detour, 1024);
        this.#detourLeft = this.#detour;
      }
      const result = scanner.scan(window, this.#walker.depth, this.#where, this.#takeRecord);
      if (result !== Scan.batchFull || this.#writer.builder.isFull) return result;
    }
  }

  #isForKernel(between: number): boolean {
    return between !== Between.single && (between < Between.line || this.#captureSlots.length === 0);
  }

  readonly #takeRecord = (bytes: Buffer): boolean => {
    this.#recordWriter.writeRow(bytes);
    // In an array of records the path leads nowhere: it means the object that stands there instead of one.
    const isAlone = this.#scanner.between >= Between.single;
    for (const { slot, path } of isAlone ? this.#captureSlots : NO_SLOTS) {
      const { kinds, starts, ends } = this.#scanner;
      const kind = kinds[slot]!;
      if (kind !== Kind.missing) this.#captured.set(path, captureText(kind, bytes, starts[slot]!, ends[slot]!));
      else this.#captured.delete(path);
    }
    if (this.#detourLeft > 0 && --this.#detourLeft === 0) return true;
    return this.#writer.builder.isFull;
  };

  #outerCell(c: number): FixedCell {
    const value = this.#enclosing[c]!;
    if (value < 0) return this.#writer.constantCell(c);
    const found = this.#found[value];
    if (found === undefined) return this.#writer.defaultCell(c);
    try {
      const text = valueText(this.#writer.coercers[c]!, this.#writer.keepsJson[c]!, found.kind, found.bytes);
      return text === null ? null : Buffer.from(text, 'utf8');
    } catch {
      // It fails again with the record's place, if there is a record.
      return undefined;
    }
  }

  #writeOuterCell(c: number): void {
    const value = this.#enclosing[c]!;
    if (value < 0) this.#writer.writeConstant(c);
    else {
      const found = this.#found[value];
      if (found === undefined) this.#writer.writeMissing(c);
      else writeValueCell(this.#writer, c, found.kind, found.bytes, 0, found.bytes.length);
    }
  }

  #setValue(value: number, found: FoundValue | undefined): void {
    const { columns, captures } = this.#valueUses[value]!;
    const [c] = columns;
    if (c !== undefined && this.#writer.recordCount > this.#scopeStart[value]!) throw this.#lateValue(c);
    this.#found[value] = found;
    if (c !== undefined) this.#kernel?.outerChanged();
    for (const path of captures) {
      if (found === undefined) this.#captured.delete(path);
      else this.#captured.set(path, captureText(found.kind, found.bytes, 0, found.bytes.length));
    }
  }

  #lateValue(c: number): Error {
    const column = this.#writer.columns[c]!;
    return errors.apiError(`the enclosing field "${column.field}" comes after the records in the page`, {
      detail: `column "${column.name}", ${this.#where}`,
      hint: 'An enclosing value can only be read where it stands before the records, unless records is a query path, which holds the page: write [0:] for one of its [*].',
    });
  }
}
