import type { ByteWriter } from '../../src/core/coerce/contract.js';
import type { RowWriter } from '../row-writer.js';
import type { RecordScanner } from './record-scanner.js';
import { Kind } from './tokens.js';
import { unescapeInto } from './unescape.js';
import { writeValueCell } from './value-cell.js';

/** From here on one native copy is faster than a loop. */
const LONG_BYTES = 128;

/**
 * Writes the row of the record that a scanner holds: the usual values straight from the page's bytes into the batch, with all
 * state in locals; whatever is unusual through `RowWriter`.
 */
export class RecordWriter {
  readonly #writer: RowWriter;
  readonly #scanner: RecordScanner;
  /** By column: the value's slot in the scanner, -1 where it does not come from the record. */
  readonly #slots: Int32Array;
  readonly #writeOuterCell: (c: number) => void;
  readonly #writeStrings: readonly ByteWriter[];
  readonly #writeNumbers: readonly ByteWriter[];
  /** 1 where a string or number is copied as it is. */
  readonly #copies: Uint8Array;
  readonly #mayBeNull: Uint8Array;
  #scratch = Buffer.alloc(1024);
  #source: Uint8Array | null = null;
  #sourceView: DataView = new DataView(new ArrayBuffer(0));
  #target: Uint8Array | null = null;
  #targetView: DataView = new DataView(new ArrayBuffer(0));

  /** `writeOuterCell` writes the cells of columns without a slot. */
  constructor(writer: RowWriter, scanner: RecordScanner, slots: Int32Array, writeOuterCell: (c: number) => void) {
    this.#writer = writer;
    this.#scanner = scanner;
    this.#slots = slots;
    this.#writeOuterCell = writeOuterCell;
    this.#writeStrings = writer.coercers.map((coercer) => coercer.writeString);
    this.#writeNumbers = writer.coercers.map((coercer) => coercer.writeNumber);
    this.#copies = Uint8Array.from(writer.keepsText, Number);
    this.#mayBeNull = Uint8Array.from(writer.columns, (column) => (column.notNull ? 0 : 1));
  }

  /** Writes one row. `bytes`: the window's, with at least 4 bytes behind every value. */
  writeRow(bytes: Buffer): void {
    const writer = this.#writer;
    const { builder } = writer;
    const { kinds, starts, ends } = this.#scanner;
    const slots = this.#slots;
    const copies = this.#copies;
    builder.beginRow();
    const { offsets, lengths } = builder;
    let cell = builder.cellIndex;
    let at = builder.cellStart;
    let target = builder.reserve(64);
    let limit = target.length;
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const source = this.#sourceView;
    let view = this.#viewOf(target);
    for (let c = 0; c < slots.length; c++) {
      const slot = slots[c]!;
      if (slot >= 0) {
        const kind = kinds[slot]!;
        const start = starts[slot]!;
        const end = ends[slot]!;
        const size = end - start;
        let written = -1;
        if (kind === Kind.string || kind === Kind.number || kind === Kind.escaped) {
          if (at + 2 * size + 68 > limit) {
            builder.moveTo(cell, at);
            target = builder.reserve(2 * size + 68);
            limit = target.length;
            view = this.#viewOf(target);
          }
          if (kind === Kind.escaped) written = this.#writeEscaped(c, bytes, start, end, target, at);
          else if (copies[c] === 1) {
            // A scanned string holds no zero byte. Up to three bytes too many are overwritten by what follows.
            if (size < LONG_BYTES) {
              for (let k = 0; k < size; k += 4) view.setInt32(at + k, source.getInt32(start + k, true), true);
            } else bytes.copy(target, at, start, end);
            written = size;
          } else {
            written = (kind === Kind.string ? this.#writeStrings : this.#writeNumbers)[c]!(
              bytes,
              start,
              end,
              target,
              at,
            );
          }
        } else if (kind === Kind.null && this.#mayBeNull[c] === 1) {
          if (at + 8 > limit) {
            builder.moveTo(cell, at);
            target = builder.reserve(64);
            limit = target.length;
            view = this.#viewOf(target);
          }
          view.setInt32(at - 4, -1);
          offsets[cell] = at;
          lengths[cell++] = -1;
          at += 4;
          continue;
        }
        if (written >= 0) {
          view.setInt32(at - 4, written);
          offsets[cell] = at;
          lengths[cell++] = written;
          at += written + 4;
          continue;
        }
        builder.moveTo(cell, at);
        writeValueCell(writer, c, kind, bytes, start, end);
      } else {
        builder.moveTo(cell, at);
        this.#writeOuterCell(c);
      }
      cell++;
      at = builder.cellStart;
      target = builder.reserve(64);
      limit = target.length;
      view = this.#viewOf(target);
    }
    builder.moveTo(cell, at);
    builder.endRow();
    writer.recordCount++;
  }

  /** Resolves a string's escapes aside, then writes it like any other. */
  #writeEscaped(c: number, bytes: Buffer, start: number, end: number, target: Buffer, at: number): number {
    if (this.#copies[c] === 1) return unescapeInto(bytes, start, end, target, at);
    if (this.#scratch.length < end - start) this.#scratch = Buffer.allocUnsafeSlow(2 * (end - start));
    const length = unescapeInto(bytes, start, end, this.#scratch, 0);
    return length < 0 ? -1 : this.#writeStrings[c]!(this.#scratch, 0, length, target, at);
  }

  #viewOf(target: Buffer): DataView {
    if (target !== this.#target) {
      this.#target = target;
      this.#targetView = new DataView(target.buffer, target.byteOffset, target.length);
    }
    return this.#targetView;
  }
}
