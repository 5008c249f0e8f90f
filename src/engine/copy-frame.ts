import type { RowBatch } from '../core/row-batch.js';

/** Turns row batches into the CopyData frames of one COPY; `emit` gets each finished frame and owns it. */
export interface CopyEncoder {
  /** As COPY calls it. */
  readonly format: 'text' | 'binary';
  encode(batch: RowBatch, emit: (frame: Buffer) => void): void;
  /** Hands over what is not yet a whole frame. */
  finish(emit: (frame: Buffer) => void): void;
}

/** A frame starts with its type and length. */
const HEADER_BYTES = 5;
const CHUNK_BYTES = 64 * 1024;
/** Most rows that begin within a chunk end in it. */
const ROOM_BYTES = CHUNK_BYTES + 4096;

/** A CopyData frame under construction: `bytes`, of which those before `position` are written. */
export class CopyFrame {
  bytes = Buffer.allocUnsafe(ROOM_BYTES);
  position = HEADER_BYTES;

  get isEmpty(): boolean {
    return this.position === HEADER_BYTES;
  }

  /** It is large enough to be sent. */
  get isFull(): boolean {
    return this.position >= CHUNK_BYTES;
  }

  /** Makes room for so many bytes; `bytes` may be another buffer afterwards. */
  reserve(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.position);
    this.bytes = larger;
  }

  /** The finished frame; the next one begins. */
  take(): Buffer {
    const frame = this.bytes.subarray(0, this.position);
    frame[0] = 0x64;
    frame.writeInt32BE(this.position - 1, 1);
    this.bytes = Buffer.allocUnsafe(ROOM_BYTES);
    this.position = HEADER_BYTES;
    return frame;
  }
}
