import type { RowBatch } from '../core/row-batch.js';
import { type CopyEncoder, CopyFrame } from './copy-frame.js';

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BACKSLASH = 0x5c;

/**
 * COPY's text format (PostgreSQL's COPY reference page, "Text Format"): cells between tabs, NULL as `\N`, backslash, newline,
 * return and tab escaped. A row without cells becomes one NULL, which fills any one column: rows are counted that way.
 */
export class CopyTextEncoder implements CopyEncoder {
  readonly format = 'text';
  readonly #frame = new CopyFrame();

  encode(batch: RowBatch, emit: (frame: Buffer) => void): void {
    const { rowCount, columnCount, bytes, offsets, lengths } = batch;
    const frame = this.#frame;
    let cell = 0;
    for (let row = 0; row < rowCount; row++) {
      if (columnCount === 0) {
        frame.reserve(2);
        this.#writeNull();
      }
      for (let column = 0; column < columnCount; column++, cell++) {
        const length = lengths[cell]!;
        // Each byte may need an escape, and a separator follows.
        frame.reserve(length < 0 ? 3 : length * 2 + 1);
        if (column > 0) frame.bytes[frame.position++] = TAB;
        if (length < 0) this.#writeNull();
        else this.#writeCell(bytes, offsets[cell]!, length);
      }
      frame.reserve(1);
      frame.bytes[frame.position++] = NEWLINE;
      if (frame.isFull) emit(frame.take());
    }
  }

  finish(emit: (frame: Buffer) => void): void {
    if (!this.#frame.isEmpty) emit(this.#frame.take());
  }

  #writeNull(): void {
    const { bytes, position } = this.#frame;
    bytes[position] = BACKSLASH;
    bytes[position + 1] = 0x4e;
    this.#frame.position = position + 2;
  }

  #writeCell(source: Buffer, start: number, length: number): void {
    const target = this.#frame.bytes;
    const end = start + length;
    let to = this.#frame.position;
    for (let from = start; from < end; from++) {
      const byte = source[from]!;
      if (byte <= RETURN || byte === BACKSLASH) {
        const escaped =
          byte === BACKSLASH ? BACKSLASH : byte === NEWLINE ? 0x6e : byte === RETURN ? 0x72 : byte === TAB ? 0x74 : 0;
        if (escaped !== 0) {
          target[to++] = BACKSLASH;
          target[to++] = escaped;
          continue;
        }
      }
      target[to++] = byte;
    }
    this.#frame.position = to;
  }
}
