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
 * over the batch and starts afresh. `isFull` says that a batch of useful size is ready.
 *
 * A cell can also be written in place: `reserve(n)` returns the buffer with room for a cell of `n` bytes at `cellStart`,
 * and `closeCell(length)` ends it.
 */
export class RowBatchBuilder {
  readonly columnCount: number;
  readonly #targetBytes: number;
  readonly #targetRows: number;
  #bytes: Buffer = NO_BYTES;
  #offsets: Int32Array = NO_CELLS;
  #lengths: Int32Array = NO_CELLS;
  #position = 0;
  #cell = 0;
  #rowStart = 0;
  #rowCount = 0;
  /** What the next batch's buffers start with: small answers should not pay for large buffers. */
  #nextBytes = 2048;
  #nextCells: number;

  constructor(columnCount: number, targetRows = 1024, targetBytes = 256 * 1024) {
    this.columnCount = columnCount;
    this.#targetRows = targetRows;
    this.#targetBytes = targetBytes;
    this.#nextCells = 16 * columnCount;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get isFull(): boolean {
    return this.#rowCount >= this.#targetRows || this.#position >= this.#targetBytes;
  }

  /** How many more rows, and bytes, until the batch is full. */
  get rowRoom(): number {
    return this.#targetRows - this.#rowCount;
  }

  /** See `rowRoom`. */
  get byteRoom(): number {
    return this.#targetBytes - this.#position;
  }

  /** Where the next row starts in the batch's bytes. */
  get position(): number {
    return this.#position;
  }

  /** Adds whole rows that were written elsewhere, between two rows of its own. */
  appendRows({ bytes, start, end, rows, offsets, lengths, first, toBytes }: FinishedRows): void {
    const size = end - start;
    const cells = rows * this.columnCount;
    const cell = this.#rowCount * this.columnCount;
    if (this.#position + size > this.#bytes.length) this.#grow(size);
    if (cell + cells > this.#offsets.length) this.#growCells(cell + cells);
    this.#bytes.set(bytes.subarray(start, end), this.#position);
    this.#lengths.set(lengths.subarray(first, first + cells), cell);
    const shift = this.#position - start + toBytes;
    if (shift === 0) this.#offsets.set(offsets.subarray(first, first + cells), cell);
    else for (let i = 0; i < cells; i++) this.#offsets[cell + i] = offsets[first + i]! + shift;
    this.#position += size;
    this.#rowCount += rows;
  }

  beginRow(): void {
    if (this.#rowCount * this.columnCount + this.columnCount > this.#offsets.length) this.#growCells();
    if (this.#position + DATA_ROW_HEADER_BYTES > this.#bytes.length) this.#grow(DATA_ROW_HEADER_BYTES);
    this.#rowStart = this.#position;
    this.#cell = this.#rowCount * this.columnCount;
    this.#position += DATA_ROW_HEADER_BYTES;
  }

  writeNull(): void {
    const bytes = this.#bytes.length < this.#position + 4 ? this.#grow(4) : this.#bytes;
    const at = this.#position;
    bytes[at] = 0xff;
    bytes[at + 1] = 0xff;
    bytes[at + 2] = 0xff;
    bytes[at + 3] = 0xff;
    this.#position = at + 4;
    this.#offsets[this.#cell] = at + 4;
    this.#lengths[this.#cell++] = -1;
  }

  /** Writes a cell from text. */
  writeText(text: string): void {
    const bytes = this.reserve(text.length * 3);
    this.closeCell(bytes.write(text, this.#position + 4, 'utf8'));
  }

  /** Writes a cell from UTF-8 bytes `[start, end)` of `source`. */
  writeBytes(source: Uint8Array, start = 0, end = source.length): void {
    const length = end - start;
    const bytes = this.reserve(length);
    const at = this.#position + 4;
    if (length < 64) for (let i = 0; i < length; i++) bytes[at + i] = source[start + i]!;
    else bytes.set(source.subarray(start, end), at);
    this.closeCell(length);
  }

  /** The buffer under construction, with room for a cell of `length` bytes at `cellStart`; valid until the next write. */
  reserve(length: number): Buffer {
    return this.#bytes.length < this.#position + 4 + length ? this.#grow(4 + length) : this.#bytes;
  }

  /** Where the next cell's text starts in the buffer that `reserve` returns. */
  get cellStart(): number {
    return this.#position + 4;
  }

  /** Ends the cell of `length` bytes that was written in place at `cellStart`. */
  closeCell(length: number): void {
    const bytes = this.#bytes;
    const at = this.#position;
    bytes[at] = length >>> 24;
    bytes[at + 1] = length >>> 16;
    bytes[at + 2] = length >>> 8;
    bytes[at + 3] = length;
    this.#offsets[this.#cell] = at + 4;
    this.#lengths[this.#cell++] = length;
    this.#position = at + 4 + length;
  }

  /** For inner loops that write whole rows in place: where the cells' places and lengths go, from `cellIndex` on. */
  get offsets(): Int32Array {
    return this.#offsets;
  }

  /** See `offsets`. */
  get lengths(): Int32Array {
    return this.#lengths;
  }

  /** Index of the next cell in `offsets` and `lengths`. */
  get cellIndex(): number {
    return this.#cell;
  }

  /** Takes over cells that were written in place, their lengths before them: the next cell's index and start. */
  moveTo(cellIndex: number, cellStart: number): void {
    this.#cell = cellIndex;
    this.#position = cellStart - 4;
  }

  endRow(): void {
    if (this.#cell !== (this.#rowCount + 1) * this.columnCount) throw new Error('row batch: a row with missing cells');
    const bytes = this.#bytes;
    const start = this.#rowStart;
    const length = this.#position - start - 1;
    bytes[start] = 0x44;
    bytes[start + 1] = length >>> 24;
    bytes[start + 2] = length >>> 16;
    bytes[start + 3] = length >>> 8;
    bytes[start + 4] = length;
    bytes[start + 5] = this.columnCount >>> 8;
    bytes[start + 6] = this.columnCount;
    this.#rowCount++;
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
    this.#nextBytes = Math.min(
      this.#position + (this.#position >> 3) + 1024,
      this.#targetBytes + (this.#targetBytes >> 2),
    );
    this.#nextCells = Math.min(this.#rowCount + 16, this.#targetRows) * this.columnCount;
    this.#bytes = NO_BYTES;
    this.#offsets = NO_CELLS;
    this.#lengths = NO_CELLS;
    this.#position = 0;
    this.#rowCount = 0;
    return batch;
  }

  #grow(extra: number): Buffer {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#position + extra, this.#bytes.length * 2, this.#nextBytes));
    larger.set(this.#bytes.subarray(0, this.#position));
    this.#bytes = larger;
    return larger;
  }

  #growCells(needed = 0): void {
    const size = Math.max(needed, this.#nextCells, this.#offsets.length * 2, this.columnCount * 2);
    const offsets = newCells(size);
    offsets.set(this.#offsets);
    const lengths = newCells(size);
    lengths.set(this.#lengths);
    this.#offsets = offsets;
    this.#lengths = lengths;
  }
}

/** Rows that were written outside of a builder: bytes `[start, end)`, which are DataRow messages one after the other. */
export interface FinishedRows {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly rows: number;
  /** From cell `first` on; an offset is `toBytes` less than the cell's place in `bytes`. */
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  readonly first: number;
  readonly toBytes: number;
}

/** Not filled with zeros: every cell is written before it is read. */
function newCells(size: number): Int32Array {
  return new Int32Array(Buffer.allocUnsafeSlow(4 * size).buffer);
}

const NO_BYTES = Buffer.alloc(0);
const NO_CELLS = new Int32Array(0);
