/**
 * Rows on their way from a driver to a client or a scan table.
 *
 * `bytes` holds finished DataRow messages of PostgreSQL's protocol, one after the other: `'D'`, int32 length, int16
 * cell count, then per cell an int32 length (-1 for NULL) and the cell's canonical text in UTF-8. So a client that
 * asks for these very columns as text is sent `bytes` as it stands, and everyone else finds cell `c` of row `r` through
 * `offsets` and `lengths` at `r * columnCount + c`. A batch is immutable once handed on and owns its buffers.
 */
export interface RowBatch {
  readonly rowCount: number;
  readonly columnCount: number;
  /** DataRow frames of all rows, exactly as long as they are. */
  readonly bytes: Buffer;
  /** Where each cell's text starts in `bytes` (for NULL: where it would start). At least rowCount * columnCount long. */
  readonly offsets: Int32Array;
  /** Each cell's length in bytes, -1 for NULL. */
  readonly lengths: Int32Array;
}

/** Bytes before the first cell's length in a DataRow frame: type, frame length, cell count. */
export const DATA_ROW_HEADER_BYTES = 7;

/** Where row `row`'s DataRow frame starts in `batch.bytes`; for `row === rowCount`, where the last one ends. */
export function rowStart(batch: RowBatch, row: number): number {
  if (row >= batch.rowCount) return batch.bytes.length;
  if (batch.columnCount === 0) return row * DATA_ROW_HEADER_BYTES;
  return batch.offsets[row * batch.columnCount]! - 4 - DATA_ROW_HEADER_BYTES;
}

/** Cell text as a string, or null. For tests and slow paths only. */
export function cellText(batch: RowBatch, row: number, column: number): string | null {
  const index = row * batch.columnCount + column;
  const length = batch.lengths[index]!;
  if (length < 0) return null;
  const start = batch.offsets[index]!;
  return batch.bytes.toString('utf8', start, start + length);
}

/**
 * Builds row batches cell by cell. Call `beginRow`, then one `write…` per column in order, then `endRow`; `finish` hands
 * over the batch and starts afresh. `isFull` says that a batch of useful size is ready. `abandonRow` forgets the row
 * being written.
 */
export class RowBatchBuilder {
  readonly columnCount: number;
  readonly #targetBytes: number;
  readonly #targetRows: number;
  #bytes: Buffer;
  #offsets: Int32Array;
  #lengths: Int32Array;
  #position = 0;
  #cell = 0;
  #rowStart = 0;
  #rowCount = 0;

  constructor(columnCount: number, targetRows = 512, targetBytes = 128 * 1024) {
    this.columnCount = columnCount;
    this.#targetRows = targetRows;
    this.#targetBytes = targetBytes;
    this.#bytes = Buffer.allocUnsafeSlow(targetBytes + (targetBytes >> 2));
    this.#offsets = new Int32Array(targetRows * columnCount);
    this.#lengths = new Int32Array(targetRows * columnCount);
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get isFull(): boolean {
    return this.#rowCount >= this.#targetRows || this.#position >= this.#targetBytes;
  }

  beginRow(): void {
    if (this.#rowCount * this.columnCount + this.columnCount > this.#offsets.length) this.#growCells();
    this.#reserve(DATA_ROW_HEADER_BYTES);
    this.#rowStart = this.#position;
    this.#cell = this.#rowCount * this.columnCount;
    this.#position += DATA_ROW_HEADER_BYTES;
  }

  writeNull(): void {
    this.#reserve(4);
    this.#bytes.writeInt32BE(-1, this.#position);
    this.#position += 4;
    this.#offsets[this.#cell] = this.#position;
    this.#lengths[this.#cell++] = -1;
  }

  /** Writes a cell from text. */
  writeText(text: string): void {
    this.#reserve(4 + text.length * 3);
    const start = this.#position + 4;
    const length = this.#bytes.write(text, start, 'utf8');
    this.#closeCell(start, length);
  }

  /** Writes a cell from UTF-8 bytes `[start, end)` of `source`. */
  writeBytes(source: Uint8Array, start = 0, end = source.length): void {
    const length = end - start;
    this.#reserve(4 + length);
    const at = this.#position + 4;
    if (length < 24) for (let i = 0; i < length; i++) this.#bytes[at + i] = source[start + i]!;
    else this.#bytes.set(source.subarray(start, end), at);
    this.#closeCell(at, length);
  }

  endRow(): void {
    if (this.#cell !== (this.#rowCount + 1) * this.columnCount) throw new Error('row batch: a row with missing cells');
    const start = this.#rowStart;
    this.#bytes[start] = 0x44;
    this.#bytes.writeInt32BE(this.#position - start - 1, start + 1);
    this.#bytes.writeInt16BE(this.columnCount, start + 5);
    this.#rowCount++;
  }

  abandonRow(): void {
    this.#position = this.#rowStart;
  }

  /** Hands over what was built and starts an empty batch with fresh buffers. */
  finish(): RowBatch {
    const batch: RowBatch = {
      rowCount: this.#rowCount,
      columnCount: this.columnCount,
      bytes: this.#bytes.subarray(0, this.#position),
      offsets: this.#offsets,
      lengths: this.#lengths,
    };
    this.#bytes = Buffer.allocUnsafeSlow(this.#targetBytes + (this.#targetBytes >> 2));
    this.#offsets = new Int32Array(this.#targetRows * this.columnCount);
    this.#lengths = new Int32Array(this.#targetRows * this.columnCount);
    this.#position = 0;
    this.#rowCount = 0;
    return batch;
  }

  #closeCell(start: number, length: number): void {
    this.#bytes.writeInt32BE(length, this.#position);
    this.#offsets[this.#cell] = start;
    this.#lengths[this.#cell++] = length;
    this.#position = start + length;
  }

  #reserve(extra: number): void {
    const needed = this.#position + extra;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#position));
    this.#bytes = larger;
  }

  #growCells(): void {
    const size = Math.max(16, this.#offsets.length * 2, this.columnCount * 2);
    const offsets = new Int32Array(size);
    offsets.set(this.#offsets);
    const lengths = new Int32Array(size);
    lengths.set(this.#lengths);
    this.#offsets = offsets;
    this.#lengths = lengths;
  }
}
