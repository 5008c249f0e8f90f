import { DATA_ROW_HEADER_BYTES } from '../../src/core/row-batch.js';
import type { RowWriter } from '../row-writer.js';
import type { KernelInstance } from './kernel-module.js';

/** What every kernel's memory has in the same place: a call's limits and results, and the rows it wrote; as kernels/rows.ts has it. */
export const Rows = {
  position: 0x10000,
  end: 0x10004,
  rows: 0x1000c,
  out: 0x10010,
  cells: 0x10014,
  deferred: 0x10018,
  rowLimit: 0x1001c,
  byteLimit: 0x10020,
  bias: 0x10024,
  output: 0x170000,
  offsets: 0x200000,
  lengths: 0x240000,
  deferredCells: 0x280000,
  maxCells: 0x10000,
} as const;

/** Why a run of a kernel ended. */
export const Run = { needsMore: 0, full: 1, done: 2, unusual: 3, unknownKey: 4 } as const;

/** Writes a cell that a kernel has left: column `c`, what it is, and its bytes `[start, end)`. */
export type DeferredCellWriter = (c: number, kind: number, bytes: Buffer, start: number, end: number) => void;

/** Tells the kernel how many rows and bytes the batch still takes, and where in it the first row will stand; returns that place. */
export function putRoom({ numbers }: KernelInstance<unknown>, { builder }: RowWriter): number {
  const bias = builder.position;
  numbers[Rows.rowLimit >> 2] = Math.min(builder.rowRoom, Math.floor(Rows.maxCells / Math.max(1, builder.columnCount)));
  numbers[Rows.byteLimit >> 2] = builder.byteRoom;
  numbers[Rows.bias >> 2] = bias;
  return bias;
}

/** Takes the rows of the kernel's last run into the batch, which is at `bias`; cells that the kernel has left are written by `writeDeferred`. */
export function takeRows(
  { bytes, numbers }: KernelInstance<unknown>,
  writer: RowWriter,
  bias: number,
  writeDeferred: DeferredCellWriter,
): void {
  const rows = numbers[Rows.rows >> 2]!;
  const end = numbers[Rows.out >> 2]!;
  const offsets = numbers.subarray(Rows.offsets >> 2);
  const lengths = numbers.subarray(Rows.lengths >> 2);
  const deferredCount = numbers[Rows.deferred >> 2]!;
  const toBytes = Rows.output - bias;
  const { builder } = writer;
  if (deferredCount === 0) {
    builder.appendRows({ bytes, start: Rows.output, end, rows, offsets, lengths, first: 0, toBytes });
    writer.recordCount += rows;
    return;
  }
  const { columnCount } = builder;
  const startOf = (row: number): number =>
    row === rows ? end : offsets[row * columnCount]! + toBytes - 4 - DATA_ROW_HEADER_BYTES;
  let deferred = Rows.deferredCells >> 2;
  const lastDeferred = deferred + 2 * deferredCount;
  for (let row = 0; row < rows; ) {
    const nextRow = deferred < lastDeferred ? Math.floor(numbers[deferred]! / columnCount) : rows;
    if (nextRow > row) {
      const start = startOf(row);
      const first = row * columnCount;
      builder.appendRows({
        bytes,
        start,
        end: startOf(nextRow),
        rows: nextRow - row,
        offsets,
        lengths,
        first,
        toBytes,
      });
      writer.recordCount += nextRow - row;
      row = nextRow;
      continue;
    }
    builder.beginRow();
    for (let c = 0; c < columnCount; c++) {
      const cell = row * columnCount + c;
      const length = lengths[cell]!;
      const start = offsets[cell]! + toBytes;
      if (deferred < lastDeferred && numbers[deferred] === cell) {
        const kind = numbers[deferred + 1]!;
        deferred += 2;
        writeDeferred(c, kind, bytes, start, start + length);
      } else if (length < 0) builder.writeNull();
      else builder.writeBytes(bytes, start, start + length);
    }
    builder.endRow();
    writer.recordCount++;
    row++;
  }
}
