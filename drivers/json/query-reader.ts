import type { RowBatch } from '../../src/core/row-batch.js';
import type { Page, PageOutcome, ReaderOptions, RecordReader } from '../driver.js';
import { readUtf8 } from '../encoding.js';
import { describePage } from '../page-error.js';
import { RowWriter } from '../row-writer.js';
import { Window } from '../window.js';
import { type TreeNode, TreeParser } from './document-tree.js';
import { parseField, parseSelector, type Step } from './json-path.js';
import { isNamedLines } from './named-lines.js';
import { findPlainRecords, kindOf, type PlainRecords, startOf } from './plain-records.js';
import { runQuery } from './query.js';
import { isQueryPath, parseQueryPath, type QueryPath, type QueryStep } from './query-path.js';
import { parseRecordsQuery, queryRecords, rawText } from './query-records.js';
import { notRecordsError, recordsMissingError } from './records-error.js';
import { emptyPageError, notJsonError, syntaxError } from './syntax-error.js';
import { Kind } from './tokens.js';
import { captureText, writeValueCell } from './value-cell.js';

interface FieldPath extends QueryPath {
  /** Whether the path can lead to several values. */
  readonly isQuery: boolean;
}

/** Whether a table's records, or one of the wanted fields, can only be found in a page that is held as a whole. */
export function needsQuery({ table, columns }: Pick<ReaderOptions, 'table' | 'columns'>): boolean {
  if (table.records !== null && isQueryPath(table.records)) return true;
  return columns.some(({ from, field }) => from === 'record' && isQueryPath(field));
}

/**
 * Reads pages whose records or fields are found by JSONPath with filters, slices, wildcards or `..`. It holds a page as a whole,
 * up to a bound, unlike `JsonReader`.
 */
export class QueryReader implements RecordReader {
  readonly #options: ReaderOptions;
  readonly #writer: RowWriter;
  /** Null where the path of the records is a plain one. */
  readonly #records: QueryPath | null;
  readonly #wayToRecords: QueryPath;
  readonly #plainRecords: PlainRecords;
  readonly #fields: readonly (FieldPath | null)[];
  readonly #captures: readonly { readonly text: string; readonly path: QueryPath }[];
  readonly #window = new Window();
  /** Only what begins with an object can be lines, unless it is declared. */
  #mayHaveLines = false;

  constructor(options: ReaderOptions) {
    const { table, columns, captures } = options;
    if (table.driver.type !== 'json') throw new Error('json reader: a table of another driver');
    this.#options = options;
    this.#writer = new RowWriter(options, 'json');
    this.#records = parseRecordsQuery(table.records);
    // Where plain steps lead is there in every page; what filters find may well be nothing.
    const steps = this.#records?.steps ?? [];
    const plain = steps.findIndex(({ type }) => type !== 'key' && type !== 'index');
    this.#wayToRecords = { climb: 0, steps: steps.slice(0, plain < 0 ? undefined : plain) };
    const text = table.records ?? '$';
    this.#plainRecords = {
      steps: this.#records === null && table.records !== null ? parseSelector(table.records, 'records') : [],
      text,
      recordsMissing: table.recordsMissing,
      takesScalars: table.columns.some((column) => column.from === 'record' && column.field === '$'),
    };
    this.#fields = columns.map((column) => {
      if (column.from !== 'record') return null;
      const what = `field of column "${column.name}":`;
      if (isQueryPath(column.field)) return { ...parseQueryPath(column.field, what), isQuery: true };
      const { climb, steps } = parseField(column.field, column.field === column.name, what);
      return { climb, steps: steps.map(toQueryStep), isQuery: false };
    });
    this.#captures = captures.map((text) => ({
      text,
      path: isQueryPath(text)
        ? parseQueryPath(text, 'field')
        : { climb: 0, steps: parseField(text, false, 'field').steps.map(toQueryStep) },
    }));
  }

  async *read(page: Page, signal: AbortSignal): AsyncGenerator<RowBatch, PageOutcome, void> {
    const { table } = this.#options;
    const { driver } = table;
    const encoding = driver.type === 'json' ? driver.encoding : null;
    const writer = this.#writer;
    const window = this.#window;
    const where = describePage(page);
    window.reset();
    writer.startPage(page);
    for await (const piece of readUtf8(page, { option: encoding }, signal)) window.append(piece, where);
    window.finish(where);
    const captured = new Map<string, string | null>();
    let isFound = false;
    let isFirst = true;
    for (;;) {
      const root = this.#nextDocument(page, where, isFirst);
      if (root === null) break;
      const isLine = driver.type === 'json' && (driver.format === 'ndjson' || !isFirst);
      isFirst = false;
      const records = this.#recordsOf(root, isLine, where);
      isFound ||= this.#records === null || this.#isThere(root, where);
      for (const record of records) {
        this.#writeRow(window.bytes, record, root);
        if (writer.builder.isFull) yield writer.builder.finish();
      }
      this.#capture(window.bytes, root, captured);
    }
    if (!isFound && !isFirst && table.recordsMissing === 'error') {
      throw recordsMissingError(table.records ?? '$', where);
    }
    if (writer.builder.rowCount > 0) yield writer.builder.finish();
    return { recordCount: writer.recordCount, captured };
  }

  /** The page's document, or the next line's; null at its end. */
  #nextDocument(page: Page, where: string, isFirst: boolean): TreeNode | null {
    const window = this.#window;
    const { bytes } = window;
    const { driver } = this.#options.table;
    const format = driver.type === 'json' ? driver.format : 'auto';
    let hasLineBreak = false;
    let at = window.position;
    for (; at < window.end && isSpace(bytes[at]!); at++) hasLineBreak ||= bytes[at] === 0x0a;
    window.position = at;
    if (at >= window.end) {
      if (isFirst && format !== 'ndjson' && !(format === 'auto' && isNamedLines(page))) throw emptyPageError(where);
      return null;
    }
    if (isFirst && !/[[{"\-\dtfn]/.test(String.fromCharCode(bytes[at]!))) throw notJsonError(window, at, where);
    if (isFirst) this.#mayHaveLines = format === 'ndjson' || (format === 'auto' && bytes[at] === 0x7b);
    else if (!this.#mayHaveLines) throw syntaxError(window, at, 'the end of the page', where);
    if (!isFirst && !hasLineBreak) throw syntaxError(window, at, 'a line break', where);
    return new TreeParser(window, where).parse();
  }

  /** Whether the plain beginning of the records' path leads somewhere; what it leads to has to hold values. */
  #isThere(root: TreeNode, where: string): boolean {
    const [node] = runQuery(this.#wayToRecords, root, root);
    if (node === undefined) return false;
    const isEmpty = node.kind === Kind.null || node.items !== undefined || node.members !== undefined;
    if (!isEmpty) throw notRecordsError(this.#plainRecords.text, kindOf(node), true, where, startOf(node));
    return true;
  }

  /** `isLine`: the document is a line of NDJSON. */
  #recordsOf(root: TreeNode, isLine: boolean, where: string): readonly TreeNode[] {
    if (this.#records === null) {
      if (isLine && this.#plainRecords.steps.length === 0) return [root];
      return findPlainRecords(root, this.#plainRecords, where);
    }
    return queryRecords(root, this.#records);
  }

  #writeRow(bytes: Buffer, record: TreeNode, root: TreeNode): void {
    const writer = this.#writer;
    writer.builder.beginRow();
    for (const [c, field] of this.#fields.entries()) {
      if (field === null) {
        writer.writeConstant(c);
        continue;
      }
      const found = runQuery(field, record, root);
      const { type } = writer.columns[c]!;
      // Of several values, a column that can hold them takes all, and another the first.
      if (field.isQuery && (type.isArray || type.scalar === 'json' || type.scalar === 'jsonb')) {
        const texts = found.map((node) => rawText(bytes, node));
        writer.writeValue(c, 'fromJson', `[${texts.join(',')}]`);
        continue;
      }
      const [node] = found;
      if (node === undefined) writer.writeMissing(c);
      else writeValueCell(writer, c, node.kind, bytes, node.start, node.end);
    }
    writer.builder.endRow();
    writer.recordCount++;
  }

  #capture(bytes: Buffer, root: TreeNode, captured: Map<string, string | null>): void {
    for (const { text, path } of this.#captures) {
      const [node] = runQuery(path, root, root);
      if (node !== undefined) captured.set(text, captureText(node.kind, bytes, node.start, node.end));
      else captured.delete(text);
    }
  }
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const toQueryStep = (step: Step): QueryStep => (step.type === 'each' ? { type: 'children' } : step);
