import type { ColumnModel, TableModel } from '../src/config/model.js';
import { type Coercer, defaultText, makeCoercer, PLAIN_VALUES, type StringOrigin } from '../src/core/coerce/coercer.js';
import { errors, type GatewayError } from '../src/core/errors.js';
import { RowBatchBuilder } from '../src/core/row-batch.js';
import type { Page, ReaderOptions } from './driver.js';
import { locateCellError } from './page-error.js';
import { droppedPart, keepingAll } from './sampled-times.js';

/**
 * Writes one scan's rows into batches, whatever the format: it coerces values, fills in defaults and what does not come from
 * records, enforces `not_null`, and says in every error where the value stood. `c` is an index into the wanted columns.
 */
export class RowWriter {
  readonly table: TableModel;
  readonly columns: readonly ColumnModel[];
  readonly coercers: readonly Coercer[];
  readonly builder: RowBatchBuilder;
  /** Columns of type json, which take well-formed objects and arrays byte for byte. */
  readonly keepsJson: readonly boolean[];
  /** Columns of type text without `null_values`, which take any UTF-8 without zero bytes as it is. */
  readonly keepsText: readonly boolean[];
  /** Columns in which a text without a character says something: text, varchar and boolean columns whose `values` list it. */
  readonly readsEmpty: readonly boolean[];
  readonly #defaults: readonly (Buffer | null)[];
  /** This page's cells of the columns that do not come from records: null for NULL. */
  readonly #fixed: (Buffer | null)[];
  readonly #textCoercers: readonly (Coercer | null)[];
  /** Cells of false and true, by column. */
  readonly #booleans: (Buffer | null | undefined)[] = [];
  #page: Page | null = null;
  /** Records of this page that are rows already, or being written: the number errors give is one more. */
  recordCount = 0;

  /** `origin`: what strings of this format are to json and jsonb columns. */
  constructor({ table, columns }: Pick<ReaderOptions, 'table' | 'columns'>, origin: StringOrigin) {
    this.table = table;
    this.columns = columns;
    this.coercers = columns.map((column) => {
      const coercer = makeCoercer(column, origin);
      const dropped = droppedPart(table, column);
      return dropped === null || column.type.isArray ? coercer : keepingAll(coercer, dropped);
    });
    this.#textCoercers = columns.map((column) => {
      if (column.from === 'record') return null;
      // A filter's value is the statement's own, whatever the API's way to write it.
      return makeCoercer(column.from === 'filter' ? { ...column, ...PLAIN_VALUES } : column, 'text');
    });
    this.builder = new RowBatchBuilder(columns.length);
    this.keepsJson = columns.map(
      ({ type, nullValues }) => type.scalar === 'json' && !type.isArray && (nullValues ?? []).length === 0,
    );
    this.keepsText = columns.map(
      ({ type, nullValues }) => type.scalar === 'text' && !type.isArray && (nullValues ?? []).length === 0,
    );
    this.readsEmpty = columns.map((column) => isText(column) || listsEmpty(column));
    this.#defaults = columns.map((column) => {
      const text = defaultText(column);
      return text === null ? null : Buffer.from(text, 'utf8');
    });
    this.#fixed = columns.map(() => null);
  }

  /** Starts a page: coerces its constants. */
  startPage(page: Page): void {
    this.#page = page;
    this.recordCount = 0;
    // What an abandoned earlier page left behind.
    if (this.builder.rowCount > 0) this.builder.finish();
    this.columns.forEach((column, c) => {
      if (column.from === 'record') return;
      const text = page.constants.get(column.name);
      this.#fixed[c] = text === undefined ? this.#defaults[c]! : this.#constant(c, text);
    });
  }

  #constant(c: number, text: string | null): Buffer | null {
    if (text === null) return null;
    try {
      const value = this.#textCoercers[c]!.fromString(text);
      return value === null ? null : Buffer.from(value, 'utf8');
    } catch (error) {
      throw this.located(error, c);
    }
  }

  /** The cell of a column whose field a record does not have; null for NULL. */
  defaultCell(c: number): Buffer | null {
    return this.#defaults[c]!;
  }

  /** This page's cell of a column that does not come from records; null for NULL. */
  constantCell(c: number): Buffer | null {
    return this.#fixed[c]!;
  }

  /** Writes the cell of a column that does not come from the record. */
  writeConstant(c: number): void {
    this.#put(c, this.#fixed[c]!);
  }

  /** Writes the cell of a column whose field the record does not have. */
  writeMissing(c: number): void {
    this.#put(c, this.#defaults[c]!);
  }

  /** Writes NULL, if the column may be NULL. */
  writeNull(c: number): void {
    this.#put(c, null);
  }

  #put(c: number, bytes: Buffer | null): void {
    if (bytes !== null) this.builder.writeBytes(bytes);
    else if (this.columns[c]!.notNull) throw this.#notNullViolation(c);
    else this.builder.writeNull();
  }

  /** Writes text through the complete path of the column's coercer. */
  writeValue(c: number, kind: 'fromString' | 'fromNumber' | 'fromJson', text: string): void {
    let value: string | null;
    try {
      value = this.coercers[c]![kind](text);
    } catch (error) {
      throw this.located(error, c);
    }
    if (value === null) this.writeNull(c);
    else this.builder.writeText(value);
  }

  /** Writes a boolean through the column's coercer, which gives the same text each time. */
  writeBoolean(c: number, value: boolean): void {
    const index = 2 * c + (value ? 1 : 0);
    let bytes = this.#booleans[index];
    if (bytes === undefined) {
      try {
        const text = this.coercers[c]!.fromBoolean(value);
        bytes = text === null ? null : Buffer.from(text, 'utf8');
      } catch (error) {
        throw this.located(error, c);
      }
      this.#booleans[index] = bytes;
    }
    this.#put(c, bytes);
  }

  /** Writes bytes `[start, end)` of `source`: text without escapes in valid UTF-8. */
  writeBytes(c: number, source: Buffer, start: number, end: number): void {
    const { builder } = this;
    const target = builder.reserve(2 * (end - start) + 64);
    const written = this.coercers[c]!.writeString(source, start, end, target, builder.cellStart);
    if (written >= 0) builder.closeCell(written);
    else this.writeValue(c, 'fromString', source.toString('utf8', start, end));
  }

  /** `error` with table, column, page and record in its detail. */
  located(error: unknown, c: number): unknown {
    if (this.#page === null) return error;
    return locateCellError(error, this.table, this.columns[c]!, this.#page, this.recordCount + 1);
  }

  #notNullViolation(c: number): unknown {
    const column = this.columns[c]!;
    const error: GatewayError = errors.notNullViolation(
      `null value in column "${column.name}" of relation "${this.table.name}" violates not-null constraint`,
      { hint: 'Take not_null off the column, or give it a default for records without the field.' },
    );
    return this.located(error, c);
  }
}

function isText({ type }: ColumnModel): boolean {
  return type.scalar === 'text' || type.scalar === 'varchar';
}

/** Whether the column's `values` say what an empty text means. */
export function listsEmpty({ values }: ColumnModel): boolean {
  return values !== null && (values.true.includes('') || values.false.includes(''));
}
