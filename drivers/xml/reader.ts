import type { ColumnModel } from '../../src/config/model.js';
import { arrayLiteral } from '../../src/core/coerce/array-literal.js';
import { errors } from '../../src/core/errors.js';
import type { RowBatch } from '../../src/core/row-batch.js';
import type { Page, PageOutcome, ReaderOptions, RecordReader } from '../driver.js';
import { readUtf8 } from '../encoding.js';
import { describePage } from '../page-error.js';
import { RowWriter } from '../row-writer.js';
import { SlotRowWriter } from '../slot-row-writer.js';
import { Window } from '../window.js';
import { ElementWalker } from './element-walker.js';
import { descend, newPathNode, type PathNode, wantValue } from './path-tree.js';
import { RecordPlan } from './record-plan.js';
import { RecordScanner, type RecordTaker, Scan } from './record-scanner.js';
import { faultError, wantFault } from './soap-fault.js';
import { XmlTokenizer } from './tokenizer.js';
import { type ElementStep, parseFieldPath, parseRecordsPath } from './xml-path.js';

/** A token larger than this is only looked at again when half as much has been added. */
const PATIENT_BYTES = 64 * 1024;

/** Reads XML 1.0 documents, SOAP among them, in memory bounded by a record and a batch. */
export class XmlReader implements RecordReader {
  readonly #writer: RowWriter;
  readonly #encoding: string | null;
  readonly #recordsText: string;
  readonly #isMissingFine: boolean;
  readonly #captures: readonly string[];
  /** By value: its texts so far; undefined where there is none. Only arrays take more than the first. */
  readonly #texts: ((string | null)[] | undefined)[] = [];
  readonly #collects: boolean[];
  /** By value: whether it climbs out of the record, and `recordCount` when the element it belongs to began. */
  readonly #climbs: boolean[];
  readonly #scopeStart: number[] = [];
  readonly #faultValues: number[];
  readonly #walker: ElementWalker;
  readonly #tokenizer: XmlTokenizer;
  /** For records as nearly all are: null where the wanted values do not let them be read on their own. */
  readonly #records: RecordScanner | null = null;
  readonly #rows: SlotRowWriter | null = null;
  /** By value: its slot in the record scanner, -1 for none; by column: the slot that is written from. */
  readonly #slots: Int32Array = new Int32Array(0);
  readonly #places: Int32Array = new Int32Array(0);
  readonly #parent: PathNode;
  readonly #plan: RecordPlan | null = null;
  /** The element that records were read in last. */
  #level: object | null = null;
  /** The window's bytes while a record that was scanned is written. */
  #bytes: Buffer = Buffer.alloc(0);
  readonly #window = new Window();
  #where = '';

  constructor(options: ReaderOptions) {
    const { table, columns, captures } = options;
    if (table.driver.type !== 'xml') throw new Error('xml reader: a table of another driver');
    const { namespaces } = table.driver;
    this.#writer = new RowWriter(options, 'text');
    this.#encoding = table.driver.encoding;
    this.#recordsText = table.records ?? '/*';
    this.#isMissingFine = table.recordsMissing === 'empty';
    this.#captures = captures;

    // Values are numbered: one per column (unused for constants), then the captures, then what a SOAP fault says.
    const root = newPathNode();
    const steps = table.records === null ? ANY_ROOT : parseRecordsPath(table.records, namespaces);
    const way = layPath(root, steps);
    columns.forEach((column, c) => {
      if (column.from === 'record') this.#wantColumn(column, c, way, namespaces);
    });
    captures.forEach((text, index) => {
      const path = parseFieldPath(text.replace(/^\//, ''), 'field', namespaces);
      if (path.climb > 0)
        throw errors.configuration(`field "${text}" climbs above the document`, { hint: 'Leave out the ^.' });
      wantValue(root, path, columns.length + index);
    });
    const firstFault = columns.length + captures.length;
    const faultCount = wantFault(root, firstFault, steps);
    this.#faultValues = Array.from({ length: faultCount }, (_, index) => firstFault + index);
    this.#collects = columns.map((column) => column.type.isArray && !/^[\^/]*@[^/]*$/.test(column.field));
    this.#climbs = columns.map((column) => column.from === 'record' && column.field.startsWith('^'));

    this.#walker = new ElementWalker(root, {
      startScope: (value) => {
        this.#texts[value] = undefined;
        this.#scopeStart[value] = this.#writer.recordCount;
      },
      addValue: (value, text) => this.#addValue(value, text),
      endRecord: () => this.#writeRow(),
      endFault: () => {
        throw faultError(
          this.#faultValues.map((value) => this.#texts[value]?.[0] ?? null),
          this.#where,
        );
      },
    });
    this.#tokenizer = new XmlTokenizer(this.#walker);
    this.#parent = way.at(-2)!;
    const isOwn = (value: number): boolean => columns[value]?.from === 'record' && this.#climbs[value] === false;
    const plan = RecordPlan.make(
      this.#parent,
      way.at(-1)!,
      firstFault + faultCount,
      isOwn,
      this.#walker.scope,
      namespaces.size > 0,
    );
    if (plan === null) return;
    this.#plan = plan;
    this.#slots = plan.slotOf;
    const collects = new Uint8Array(plan.slotCount);
    this.#collects.forEach((isCollected, c) => {
      if (isCollected && plan.slotOf[c]! >= 0) collects[plan.slotOf[c]!] = 1;
    });
    this.#records = new RecordScanner(plan, collects);
    this.#rows = new SlotRowWriter(this.#writer, this.#records.slots, this.#writer.readsEmpty, (c) =>
      this.#writeOuterCell(c),
    );
    this.#places = plan.slotOf.slice(0, columns.length).map((slot, c) => (this.#collects[c] === true ? -1 : slot));
  }

  #wantColumn(column: ColumnModel, c: number, way: readonly PathNode[], namespaces: ReadonlyMap<string, string>): void {
    const path = parseFieldPath(column.field, `field of column "${column.name}":`, namespaces);
    const from = way[way.length - 1 - path.climb];
    if (from === undefined) {
      throw errors.configuration(`column "${column.name}": field "${column.field}" climbs above the document's root`, {
        hint: `The records lie in ${way.length - 1} elements: use fewer ^.`,
      });
    }
    wantValue(from, path, c);
  }

  async *read(page: Page, signal: AbortSignal): AsyncGenerator<RowBatch, PageOutcome, void> {
    const writer = this.#writer;
    const { builder } = writer;
    const window = this.#window;
    const tokenizer = this.#tokenizer;
    this.#where = describePage(page);
    this.#texts.fill(undefined);
    window.reset();
    writer.startPage(page);
    this.#walker.startPage(this.#where);
    tokenizer.startPage(this.#where);
    this.#records?.startPage();
    this.#level = null;

    let isFirstBatch = true;
    let enough = 0;
    for await (const piece of readUtf8(page, { option: this.#encoding, declared: declaredEncoding }, signal)) {
      window.append(piece, this.#where);
      if (window.pending < enough) continue;
      while (this.#advance(window, false)) {
        isFirstBatch = false;
        yield builder.finish();
      }
      enough = window.pending < PATIENT_BYTES ? 0 : window.pending + (window.pending >> 1);
      if (isFirstBatch && builder.rowCount > 0) {
        isFirstBatch = false;
        yield builder.finish();
      }
    }
    while (this.#advance(window, true)) yield builder.finish();
    tokenizer.checkEnd(window);
    if (!this.#walker.isPathFound && !this.#isMissingFine) throw this.#missing();
    if (builder.rowCount > 0) yield builder.finish();
    return { recordCount: writer.recordCount, captured: this.captured };
  }

  /** Reads until the batch is full (true) or the window holds no whole token any more (false). */
  #advance(window: Window, isLast: boolean): boolean {
    const records = this.#records;
    for (;;) {
      const level = records === null ? null : this.#walker.levelAt(this.#parent);
      if (records !== null && level !== null) {
        if (level !== this.#level && this.#plan!.dependsOnScope) records.forgetNames();
        this.#level = level;
        const result = records.scan(window, this.#tokenizer.depthLeft, this.#take);
        if (result === Scan.stopped) return true;
        // A large record is read token by token rather than again and again.
        if (result === Scan.needsMore && !isLast && window.pending < PATIENT_BYTES) return false;
      }
      if (!this.#tokenizer.next(window)) return false;
      if (this.#writer.builder.isFull) return true;
    }
  }

  readonly #take: RecordTaker = (bytes, view) => {
    this.#bytes = bytes;
    this.#rows!.writeRow(bytes, view, this.#places);
    return this.#writer.builder.isFull;
  };

  get captured(): ReadonlyMap<string, string | null> {
    const captured = new Map<string, string | null>();
    this.#captures.forEach((path, index) => {
      const texts = this.#texts[this.#writer.columns.length + index];
      if (texts !== undefined) captured.set(path, texts[0]!);
    });
    return captured;
  }

  #addValue(value: number, text: string | null): void {
    const texts = this.#texts[value];
    if (texts === undefined) {
      if (this.#climbs[value] === true && this.#writer.recordCount > this.#scopeStart[value]!)
        throw this.#lateValue(value);
      this.#texts[value] = [text];
    } else if (this.#collects[value] === true) texts.push(text);
  }

  #writeRow(): void {
    const writer = this.#writer;
    const { builder, columns } = writer;
    builder.beginRow();
    for (let c = 0; c < columns.length; c++) this.#writeCell(c, this.#texts[c]);
    builder.endRow();
    writer.recordCount++;
  }

  /** Writes what the record scanner does not hold in a slot. */
  #writeOuterCell(c: number): void {
    const slot = this.#slots[c]!;
    if (this.#collects[c] !== true || slot < 0) {
      this.#writeCell(c, this.#texts[c]);
      return;
    }
    const texts = this.#records!.slots.texts(this.#bytes, slot);
    this.#writeCell(c, texts.length === 0 ? undefined : texts);
  }

  #writeCell(c: number, texts: readonly (string | null)[] | undefined): void {
    const writer = this.#writer;
    const column = writer.columns[c]!;
    if (column.from !== 'record') writer.writeConstant(c);
    else if (texts === undefined) writer.writeMissing(c);
    else if (this.#collects[c] === true) this.#writeArray(c, texts);
    else {
      const text = texts[0]!;
      if (text === null || (text === '' && writer.readsEmpty[c] === false)) writer.writeNull(c);
      else writer.writeValue(c, 'fromString', text);
    }
  }

  /** Repeated elements are the elements of an array; a single one that is nil makes the array NULL. */
  #writeArray(c: number, texts: readonly (string | null)[]): void {
    if (texts.length === 1 && texts[0] === null) {
      this.#writer.writeNull(c);
      return;
    }
    const items = texts.map((text) => (text === '' && this.#writer.readsEmpty[c] === false ? null : text));
    const { scalar } = this.#writer.columns[c]!.type;
    // As in a column of one value, the text is a JSON document there, not a string.
    if (scalar === 'json' || scalar === 'jsonb') this.#writer.writeValue(c, 'fromString', arrayLiteral(items));
    else this.#writer.writeValue(c, 'fromJson', JSON.stringify(items));
  }

  #lateValue(c: number): Error {
    const column = this.#writer.columns[c]!;
    return errors.apiError(`the enclosing field "${column.field}" comes after the records in the page`, {
      detail: `column "${column.name}", ${this.#where}`,
      hint: 'An enclosing value can only be read where it stands before the records: drop the column, or ask the API for another order.',
    });
  }

  #missing(): Error {
    return errors.apiError(`the page has no records at "${this.#recordsText}"`, {
      detail: this.#where,
      hint: 'Correct records, or set records_missing: empty if pages without it are to have no rows.',
    });
  }
}

const ANY_ROOT: readonly ElementStep[] = [{ local: '*', namespace: null }];

/** Lays the way to the records into the tree; returns its nodes from the document to the record. */
function layPath(root: PathNode, steps: readonly ElementStep[]): PathNode[] {
  const way = [root];
  for (const step of steps) way.push(descend(way.at(-1)!, step));
  way.at(-1)!.isRecord = true;
  // A list without elements is there all the same; the document itself always is, and says nothing.
  if (way.length > 2) way.at(-2)!.holdsRecords = true;
  return way;
}

/** The encoding that the XML declaration names, or that its first character's bytes tell (XML 1.0, appendix F). */
function declaredEncoding(head: Buffer): string | null {
  if (head[0] === 0x3c && head[1] === 0) return 'utf-16le';
  if (head[0] === 0 && head[1] === 0x3c) return 'utf-16be';
  const match = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/.exec(head.toString('latin1'));
  const label = match?.[1] ?? null;
  // Read byte by byte it cannot be UTF-16: the text was converted, and its declaration was not.
  return label !== null && /^(?:utf-16|ucs-2|iso-10646-ucs)/i.test(label) ? null : label;
}
