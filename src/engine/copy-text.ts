import type { RowBatch } from '../core/row-batch.js';

/** A CopyData frame starts with its type and length. */
const FRAME_HEADER_BYTES = 5;
const CHUNK_BYTES = 64 * 1024;

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BACKSLASH = 0x5c;

/**
 * Turns row batches into CopyData frames of COPY's text format (PostgreSQL's COPY reference page, "Text Format"): cells
 * between tabs, NULL as `\N`, backslash, newline, return and tab escaped. A row without cells becomes one NULL, which fills
 * any one column: rows are counted that way. One per COPY.
 */
export class CopyTextEncoder {
  #buffer = Buffer.allocUnsafe(CHUNK_BYTES + 4096);
  #position = FRAME_HEADER_BYTES;

  /** Encodes a batch; `emit` gets each finished frame and owns it. */
  encode(batch: RowBatch, emit: (frame: Buffer) => void): void {
    const { rowCount, columnCount, bytes, offsets, lengths } = batch;
    let cell = 0;
    for (let row = 0; row < rowCount; row++) {
      if (columnCount === 0) {
        this.#reserve(3);
        this.#writeNull();
      }
      for (let column = 0; column < columnCount; column++, cell++) {
        const length = lengths[cell]!;
        // Each byte may need an escape, and a separator follows.
        this.#reserve(length < 0 ? 3 : length * 2 + 1);
        if (column > 0) this.#buffer[this.#position++] = TAB;
        if (length < 0) this.#writeNull();
        else this.#writeCell(bytes, offsets[cell]!, length);
      }
      this.#reserve(1);
      this.#buffer[this.#position++] = NEWLINE;
      if (this.#position >= CHUNK_BYTES) this.#finishFrame(emit);
    }
  }

  /** Hands over what is not yet a whole chunk. */
  flush(emit: (frame: Buffer) => void): void {
    if (this.#position > FRAME_HEADER_BYTES) this.#finishFrame(emit);
  }

  #writeNull(): void {
    this.#buffer[this.#position] = BACKSLASH;
    this.#buffer[this.#position + 1] = 0x4e;
    this.#position += 2;
  }

  #writeCell(source: Buffer, start: number, length: number): void {
    const target = this.#buffer;
    const end = start + length;
    let to = this.#position;
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
    this.#position = to;
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#position);
    this.#buffer = larger;
  }

  #finishFrame(emit: (frame: Buffer) => void): void {
    const frame = this.#buffer.subarray(0, this.#position);
    frame[0] = 0x64;
    frame.writeInt32BE(this.#position - 1, 1);
    this.#buffer = Buffer.allocUnsafe(CHUNK_BYTES + 4096);
    this.#position = FRAME_HEADER_BYTES;
    emit(frame);
  }
}
