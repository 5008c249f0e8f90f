import type { ByteWriter } from '../src/core/coerce/contract.js';
import type { RowWriter } from './row-writer.js';
import { safeDigits } from './safe-digits.js';
import { SlotKind, type TextSlots } from './text-slots.js';
import { notDigits, partialDigits } from './words.js';

/** From here on one native copy is faster than a loop. */
const LONG_BYTES = 128;

/** What is done with a column's plain text. */
const Way = { coerce: 0, copy: 1, digits: 2 } as const;

/**
 * Writes the row of the record that a text format's scanner holds: usual values straight from the page's bytes into the batch,
 * with all state in locals; whatever is unusual through `RowWriter`.
 */
export class SlotRowWriter {
  readonly #writer: RowWriter;
  readonly #slots: TextSlots;
  readonly #writeStrings: readonly ByteWriter[];
  readonly #ways: Uint8Array;
  /** By column: most digits that are copied unseen by the coercer. */
  readonly #digits: Uint8Array;
  readonly #mayBeNull: Uint8Array;
  /** By column: the kind of a value without a character. */
  readonly #emptyKinds: Uint8Array;
  readonly #writeOuter: (c: number) => void;
  #scratch = Buffer.alloc(1024);
  #target: Uint8Array | null = null;
  #targetView: DataView = new DataView(new ArrayBuffer(0));

  /** `readsEmpty`: by column, whether a value without a character is a text; else it is NULL. `writeOuter` writes the cells of columns without a slot. */
  constructor(writer: RowWriter, slots: TextSlots, readsEmpty: readonly boolean[], writeOuter: (c: number) => void) {
    this.#writer = writer;
    this.#writeOuter = writeOuter;
    this.#emptyKinds = Uint8Array.from(readsEmpty, (isRead) => (isRead ? SlotKind.plain : SlotKind.null));
    this.#slots = slots;
    this.#writeStrings = writer.coercers.map((coercer) => coercer.writeString);
    this.#digits = Uint8Array.from(writer.columns, safeDigits);
    this.#ways = Uint8Array.from(writer.columns, (column, c) =>
      writer.keepsText[c] === true ? Way.copy : safeDigits(column) > 0 ? Way.digits : Way.coerce,
    );
    this.#mayBeNull = Uint8Array.from(writer.columns, (column) => (column.notNull ? 0 : 1));
  }

  /**
   * Writes one row. `bytes`: the window's, with at least 4 bytes behind every value, and `source` a view of them;
   * `places`: each column's slot, -1 where it has none.
   */
  writeRow(bytes: Buffer, source: DataView, places: Int32Array): void {
    const writer = this.#writer;
    const { builder } = writer;
    const { kinds, starts, ends } = this.#slots;
    const ways = this.#ways;
    builder.beginRow();
    const { offsets, lengths } = builder;
    let cell = builder.cellIndex;
    let at = builder.cellStart;
    let target = builder.reserve(64);
    let limit = target.length;
    let view = this.#viewOf(target);
    for (let c = 0; c < places.length; c++) {
      const place = places[c]!;
      let kind: number = place < 0 ? SlotKind.missing : kinds[place]!;
      if (kind === SlotKind.empty) kind = this.#emptyKinds[c]!;
      let written = -1;
      if (kind === SlotKind.plain || kind === SlotKind.escaped) {
        const start = starts[place]!;
        const end = ends[place]!;
        const size = end - start;
        if (at + 2 * size + 68 > limit) {
          builder.moveTo(cell, at);
          target = builder.reserve(2 * size + 68);
          limit = target.length;
          view = this.#viewOf(target);
        }
        const way = ways[c]!;
        if (kind === SlotKind.escaped) written = this.#writeEscaped(c, bytes, start, end, target, at);
        else if (way === Way.copy) {
          // Up to three bytes too many are overwritten by what follows.
          if (size < LONG_BYTES) {
            for (let k = 0; k < size; k += 4) view.setInt32(at + k, source.getInt32(start + k, true), true);
          } else bytes.copy(target, at, start, end);
          written = size;
        } else {
          if (way === Way.digits && size <= this.#digits[c]! && size > 0 && (bytes[start] !== 0x30 || size === 1)) {
            let wrong = 0;
            for (let k = 0; k < size; k += 4) {
              const left = size - k;
              let word = source.getInt32(start + k, true);
              if (left < 4) word = partialDigits(word, left);
              wrong |= notDigits(word);
              view.setInt32(at + k, word, true);
            }
            if (wrong === 0) written = size;
          }
          if (written < 0) written = this.#writeStrings[c]!(bytes, start, end, target, at);
        }
      } else if (kind === SlotKind.null && this.#mayBeNull[c] === 1) {
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
      if (place < 0) this.#writeOuter(c);
      else if (kind === SlotKind.missing) writer.writeMissing(c);
      else if (kind === SlotKind.null) writer.writeNull(c);
      else writer.writeValue(c, 'fromString', this.#slots.text(bytes, place));
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

  /** Resolves a value's escapes aside, then writes it like any other. */
  #writeEscaped(c: number, bytes: Buffer, start: number, end: number, target: Buffer, at: number): number {
    if (this.#ways[c] === Way.copy) return this.#slots.unescape(bytes, start, end, target, at);
    if (this.#scratch.length < end - start) this.#scratch = Buffer.allocUnsafeSlow(2 * (end - start));
    const length = this.#slots.unescape(bytes, start, end, this.#scratch, 0);
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
