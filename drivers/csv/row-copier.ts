import type { ByteWriter } from '../../src/core/coerce/contract.js';
import { isJsonDocument } from '../../src/core/coerce/json-bytes.js';
import { DATA_ROW_HEADER_BYTES } from '../../src/core/row-batch.js';
import { listsEmpty, type RowWriter } from '../row-writer.js';
import { safeDecimals, safeDigits } from '../safe-digits.js';
import type { Window } from '../window.js';
import { FILL, HIGH_BITS, HIGH_NIBBLES, KEEP, LOW_BITS, ONES, repeated, ZEROS } from '../words.js';
import type { Dialect } from './dialect.js';
import { CR, fieldText, LF, LINE_BREAKS, unescapeField } from './field-text.js';

/** What is done with a field. */
const Way = { skip: 0, coerce: 1, copy: 2, json: 3, digits: 4, decimal: 5 } as const;

const POINT = 0x2e;
const POINTS = repeated(POINT);
const POINT_TO_ZERO = POINT ^ 0x30;

/** Room that a row surely finds in the batch at its start. */
const ROW_BYTES = 2048;

/**
 * Copies rows from the window into the batch in one pass: a field is copied while its end is looked for. It takes rows as
 * nearly all are. Before any other, and before one that is not there to its end, it stops: the general path has to decide.
 */
export class RowCopier {
  readonly #writer: RowWriter;
  readonly #dialect: Dialect;
  readonly #writeStrings: readonly ByteWriter[];
  /** By column: whether an empty field is NULL for certain. */
  readonly #mayBeNull: Uint8Array;
  readonly #width: number;
  readonly #places: Int32Array;
  /** By field: what is done with it, the column it is for, and most digits that need no coercer. */
  readonly #ways: Uint8Array;
  readonly #columns: Int32Array;
  readonly #digits: Uint8Array;
  readonly #hasConstants: boolean;
  /** Quoted values that a coercer is to see, without their quotes. */
  #scratchBytes: Buffer = Buffer.alloc(1024);
  #scratch = new DataView(this.#scratchBytes.buffer, this.#scratchBytes.byteOffset, this.#scratchBytes.length);
  #target: Buffer = this.#scratchBytes;
  #view: DataView = this.#scratch;

  /** Null where only the general path will do: other escapes than doubled quotes, long delimiters, fields in another order than the columns. */
  static make(writer: RowWriter, dialect: Dialect, places: Int32Array, width: number): RowCopier | null {
    if (dialect.delimiter.length > 1 || dialect.quote !== dialect.escapeByte) return null;
    let previous = -1;
    for (const place of places) {
      if (place < 0) continue;
      if (place <= previous || place >= width) return null;
      previous = place;
    }
    return new RowCopier(writer, dialect, places, width);
  }

  private constructor(writer: RowWriter, dialect: Dialect, places: Int32Array, width: number) {
    this.#writer = writer;
    this.#dialect = dialect;
    this.#width = width;
    this.#places = places;
    this.#writeStrings = writer.coercers.map((coercer) => coercer.writeString);
    this.#mayBeNull = Uint8Array.from(writer.columns, (column) => (column.notNull || listsEmpty(column) ? 0 : 1));
    this.#ways = new Uint8Array(width);
    this.#columns = new Int32Array(width);
    this.#digits = new Uint8Array(width);
    this.#hasConstants = places.includes(-1);
    places.forEach((place, c) => {
      if (place < 0) return;
      const digits = safeDigits(writer.columns[c]!);
      const decimals = safeDecimals(writer.columns[c]!);
      this.#ways[place] = this.#wayOf(c, digits, decimals);
      this.#columns[place] = c;
      this.#digits[place] = Math.max(digits, decimals);
    });
  }

  #wayOf(c: number, digits: number, decimals: number): number {
    if (this.#writer.keepsText[c] === true) return Way.copy;
    if (this.#writer.keepsJson[c] === true) return Way.json;
    return digits > 0 ? Way.digits : decimals > 0 ? Way.decimal : Way.coerce;
  }

  /** Whether it was made for rows of these fields. */
  fits(places: Int32Array, width: number): boolean {
    return (
      width === this.#width && Buffer.compare(new Uint8Array(places.buffer), new Uint8Array(this.#places.buffer)) === 0
    );
  }

  /** Copies rows until the batch is full or one comes that it does not take; returns how many lines they were. */
  copy(window: Window): number {
    const writer = this.#writer;
    const { builder } = writer;
    const { bytes, end } = window;
    const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { quote } = this.#dialect;
    const delimiter = this.#dialect.delimiter[0]!;
    const comment = this.#dialect.comment === null ? -1 : this.#dialect.comment[0]!;
    const delimiters = repeated(delimiter);
    const quotes = quote < 0 ? delimiters : repeated(quote);
    const ways = this.#ways;
    const columns = this.#columns;
    const mostDigits = this.#digits;
    const mayBeNull = this.#mayBeNull;
    const writeStrings = this.#writeStrings;
    const width = this.#width;
    const hasConstants = this.#hasConstants;
    const { columnCount, targetBytes } = builder;
    const mostRows = builder.rowsLeft;
    let target = builder.reserveRow(ROW_BYTES);
    let view = this.#viewOf(target);
    let limit = target.length - 8;
    let scratch = this.#scratch;
    let { offsets, lengths } = builder;
    let rowCell = builder.rowCount * columnCount;
    let frame = builder.cellStart - 4;
    /** Rows in place that the builder does not know of yet. */
    let inPlace = 0;
    let copied = 0;
    let lines = 0;
    let i = window.position;
    copying: while (copied < mostRows && frame < targetBytes && i < end && bytes[i] !== comment) {
      if (frame + ROW_BYTES > limit || rowCell + columnCount > offsets.length) {
        builder.takeRows(inPlace, rowCell, frame);
        inPlace = 0;
        target = builder.reserveRow(ROW_BYTES);
        view = this.#viewOf(target);
        limit = target.length - 8;
        ({ offsets, lengths } = builder);
      }
      let cell = rowCell;
      let at = frame + DATA_ROW_HEADER_BYTES + 4;
      let rowLines = 1;
      let byte = 0;
      for (let field = 0; ; field++) {
        if (field === width) break copying;
        const way = ways[field]!;
        if (hasConstants && way !== Way.skip && cell - rowCell < columns[field]!) {
          at = this.#writeConstants(inPlace, rowCell, frame, cell, at, columns[field]!);
          cell = rowCell + columns[field]!;
          inPlace = 0;
          target = builder.reserve(ROW_BYTES);
          view = this.#viewOf(target);
          limit = target.length - 8;
        }
        const isQuoted = bytes[i] === quote;
        let isEscaped = false;
        let wrong = isQuoted ? 1 : 0;
        let points = 0;
        let out = at;
        if (isQuoted) i++;
        const start = i;
        if (isQuoted) {
          for (;;) {
            const word = source.getInt32(i, true);
            const isQuote = word ^ quotes;
            const marks = (((isQuote - ONES) & ~isQuote) | ((word - LINE_BREAKS) & ~word)) & HIGH_BITS;
            if (way >= Way.copy) {
              if (out > limit) break copying;
              view.setInt32(out, word, true);
            } else if (way === Way.coerce) {
              if (out - at > scratch.byteLength - 4) scratch = this.#growScratch();
              scratch.setInt32(out - at, word, true);
            }
            if (marks === 0) {
              i += 4;
              out += 4;
              continue;
            }
            const count = (31 - Math.clz32(marks & -marks)) >> 3;
            i += count;
            out += count;
            byte = bytes[i]!;
            if (byte === quote) {
              byte = bytes[++i]!;
              if (byte !== quote) break;
              isEscaped = true;
            } else if (byte === 0) break copying;
            else if (byte === LF || (byte === CR && bytes[i + 1] !== LF)) rowLines++;
            i++;
            out++;
          }
        } else if (way >= Way.copy) {
          for (;;) {
            if (out > limit) break copying;
            let word = source.getInt32(i, true);
            const isDelimiter = word ^ delimiters;
            const isQuote = word ^ quotes;
            const marks =
              (((isDelimiter - ONES) & ~isDelimiter) | ((isQuote - ONES) & ~isQuote) | ((word - LINE_BREAKS) & ~word)) &
              HIGH_BITS;
            view.setInt32(out, word, true);
            const count = marks === 0 ? 4 : (31 - Math.clz32(marks & -marks)) >> 3;
            if (way >= Way.digits) {
              if (marks !== 0) word = (word & KEEP[count]!) | FILL[count]!;
              if (way === Way.decimal) {
                const other = word ^ POINTS;
                const isPoint = ~(((other & LOW_BITS) + LOW_BITS) | other | LOW_BITS);
                if (isPoint !== 0) {
                  points += (isPoint & (isPoint - 1)) === 0 ? 1 : 2;
                  word ^= (isPoint >>> 7) * POINT_TO_ZERO;
                }
              }
              wrong |= ((word & HIGH_NIBBLES) ^ ZEROS) | (((word + 0x06060606) & HIGH_NIBBLES) ^ ZEROS);
            }
            i += count;
            out += count;
            if (marks === 0) continue;
            byte = bytes[i]!;
            if (byte === delimiter || byte === LF || byte === CR) break;
            if (byte === 0 || byte === quote) break copying;
            wrong = 1;
            i++;
            out++;
          }
        } else {
          for (;;) {
            const word = source.getInt32(i, true);
            const isDelimiter = word ^ delimiters;
            const isQuote = word ^ quotes;
            const marks =
              (((isDelimiter - ONES) & ~isDelimiter) | ((isQuote - ONES) & ~isQuote) | ((word - LINE_BREAKS) & ~word)) &
              HIGH_BITS;
            if (marks === 0) {
              i += 4;
              continue;
            }
            i += (31 - Math.clz32(marks & -marks)) >> 3;
            byte = bytes[i]!;
            if (byte === delimiter || byte === LF || byte === CR) break;
            if (byte === 0 || byte === quote) break copying;
            i++;
          }
        }
        // Whatever else follows a quoted field, the window's end too, is for the general path.
        if (byte !== delimiter && byte !== LF && byte !== CR) break copying;

        if (way !== Way.skip) {
          const valueEnd = isQuoted ? i - 1 : i;
          const size = valueEnd - start;
          let written = -1;
          if (size === 0 && !isQuoted) {
            // The general path knows what to make of it, or what to say of a NULL that may not be.
            if (mayBeNull[columns[field]!] === 0 || at > limit) break copying;
          } else if (way === Way.copy || (way === Way.json && isJsonDocument(target, at, out))) written = out - at;
          else if (
            way >= Way.digits &&
            wrong === 0 &&
            size <= mostDigits[field]! &&
            (bytes[start] !== 0x30 || size === 1 || (points === 1 && bytes[start + 1] === POINT)) &&
            (points === 0 || (points === 1 && bytes[start] !== POINT && bytes[valueEnd - 1] !== POINT))
          )
            written = size;
          else {
            if (at + 2 * size + 60 > limit) break copying;
            const c = columns[field]!;
            written = isEscaped
              ? writeStrings[c]!(this.#unescaped(bytes, start, valueEnd, way, out - at), 0, out - at, target, at)
              : writeStrings[c]!(bytes, start, valueEnd, target, at);
            if (isEscaped) scratch = this.#scratch;
            if (written < 0) {
              builder.takeRows(inPlace, rowCell, frame);
              inPlace = 0;
              builder.beginRow();
              builder.moveTo(cell, at);
              const text = isEscaped
                ? fieldText(bytes, start, valueEnd, this.#dialect)
                : bytes.toString('utf8', start, valueEnd);
              writer.writeValue(c, 'fromString', text);
              written = lengths[cell]!;
              target = builder.reserve(ROW_BYTES);
              view = this.#viewOf(target);
              limit = target.length - 8;
            }
          }
          view.setInt32(at - 4, written);
          offsets[cell] = at;
          lengths[cell++] = written;
          at += written < 0 ? 4 : written + 4;
        }
        if (byte === delimiter) {
          i++;
          continue;
        }
        if (field + 1 !== width) break copying;
        break;
      }
      if (byte === CR) {
        if (i + 1 >= end && !window.isFinal) break;
        if (bytes[i + 1] === LF) i++;
      }
      i++;
      if (hasConstants && cell - rowCell < columnCount) {
        at = this.#writeConstants(inPlace, rowCell, frame, cell, at, columnCount);
        inPlace = 0;
        target = builder.reserve(ROW_BYTES);
        view = this.#viewOf(target);
        limit = target.length - 8;
      }
      view.setUint8(frame, 0x44);
      view.setInt32(frame + 1, at - 5 - frame);
      view.setInt16(frame + 5, columnCount);
      frame = at - 4;
      rowCell += columnCount;
      inPlace++;
      copied++;
      writer.recordCount++;
      lines += rowLines;
      window.position = i;
    }
    builder.takeRows(inPlace, rowCell, frame);
    return lines;
  }

  /** Writes the constants of the columns before `column` of the row whose frame and cells start there; returns where the next cell goes. */
  #writeConstants(inPlace: number, rowCell: number, frame: number, cell: number, at: number, column: number): number {
    const { builder } = this.#writer;
    builder.takeRows(inPlace, rowCell, frame);
    builder.beginRow();
    builder.moveTo(cell, at);
    for (let c = cell - rowCell; c < column; c++) this.#writer.writeConstant(c);
    return builder.cellStart;
  }

  /** An escaped value's text: what was put aside while its end was looked for, or what a number or a document turned out not to be. */
  #unescaped(bytes: Buffer, start: number, end: number, way: number, length: number): Buffer {
    if (way !== Way.coerce) {
      while (this.#scratchBytes.length < length) this.#growScratch();
      unescapeField(bytes, start, end, this.#dialect, this.#scratchBytes, 0);
    }
    return this.#scratchBytes;
  }

  #growScratch(): DataView {
    const larger = Buffer.alloc(2 * this.#scratchBytes.length);
    larger.set(this.#scratchBytes);
    this.#scratchBytes = larger;
    this.#scratch = new DataView(larger.buffer, larger.byteOffset, larger.length);
    return this.#scratch;
  }

  #viewOf(target: Buffer): DataView {
    if (target !== this.#target) {
      this.#target = target;
      this.#view = new DataView(target.buffer, target.byteOffset, target.length);
    }
    return this.#view;
  }
}
