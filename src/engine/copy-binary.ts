import { binaryEncoder, binaryExpansion } from '../core/encode/binary.js';
import type { BinaryEncoder } from '../core/encode/contract.js';
import { writeInt32 } from '../core/encode/int64.js';
import type { RowBatch } from '../core/row-batch.js';
import { rowStart } from '../core/row-batch.js';
import type { ScalarName, SqlType } from '../core/sql-type.js';
import { type CopyEncoder, CopyFrame } from './copy-frame.js';

/** Signature, flags, and the length of a header extension, of which there is none. */
const FILE_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** What a cell may take beyond the expansion of its text. */
const CELL_BYTES = 64 + 4;
/** Up to here a loop is faster than a call out of JavaScript. */
const SHORT_BYTES = 96;

/** Types whose canonical text is their binary form. */
const AS_TEXT: ReadonlySet<ScalarName> = new Set(['text', 'varchar', 'json']);

/** Cells side by side that are copied as they stand in the batch, lengths and all; or one that is encoded. */
interface Step {
  readonly first: number;
  readonly last: number;
  readonly encode: BinaryEncoder | null;
}

/**
 * COPY's binary format (PostgreSQL's COPY reference page, "Binary Format"): per row the number of its cells, then each cell as a
 * DataRow message has it, so that texts go on as they are.
 */
export class CopyBinaryEncoder implements CopyEncoder {
  readonly format = 'binary';
  readonly #steps: readonly Step[];
  readonly #columnCount: number;
  readonly #expansion: number;
  readonly #frame = new CopyFrame();

  /** @param types of the batches' columns, of which there is at least one */
  constructor(types: readonly SqlType[]) {
    const steps: Step[] = [];
    for (const [index, type] of types.entries()) {
      const encode = AS_TEXT.has(type.scalar) && !type.isArray ? null : binaryEncoder(type);
      const before = steps.at(-1);
      if (encode === null && before?.encode === null) steps[steps.length - 1] = { ...before, last: index };
      else steps.push({ first: index, last: index, encode });
    }
    this.#steps = steps;
    this.#columnCount = types.length;
    this.#expansion = Math.max(...types.map(binaryExpansion));
    this.#frame.position += FILE_HEADER.copy(this.#frame.bytes, this.#frame.position);
  }

  encode(batch: RowBatch, emit: (frame: Buffer) => void): void {
    const { rowCount, bytes, offsets, lengths } = batch;
    const frame = this.#frame;
    const steps = this.#steps;
    const columnCount = this.#columnCount;
    for (let row = 0; row < rowCount; row++) {
      const size = rowStart(batch, row + 1) - rowStart(batch, row);
      frame.reserve(size * this.#expansion + (columnCount + 1) * CELL_BYTES);
      const target = frame.bytes;
      let at = frame.position;
      target[at] = columnCount >>> 8;
      target[at + 1] = columnCount;
      at += 2;
      const base = row * columnCount;
      for (let index = 0; index < steps.length; index++) {
        const { first, last, encode } = steps[index]!;
        const start = offsets[base + first]!;
        const length = lengths[base + last]!;
        if (encode === null) {
          const end = offsets[base + last]! + Math.max(length, 0);
          if (end - start > SHORT_BYTES) bytes.copy(target, at, start - 4, end);
          else for (let from = start - 4, to = at; from < end; from++) target[to++] = bytes[from]!;
          at += end - start + 4;
        } else {
          const written = length < 0 ? -1 : encode(bytes, start, start + length, target, at + 4);
          writeInt32(target, at, written);
          at += written < 0 ? 4 : 4 + written;
        }
      }
      frame.position = at;
      if (frame.isFull) emit(frame.take());
    }
  }

  finish(emit: (frame: Buffer) => void): void {
    this.#frame.reserve(2);
    this.#frame.position = this.#frame.bytes.writeInt16BE(-1, this.#frame.position);
    emit(this.#frame.take());
  }
}
