import { cellText, type RowBatch, rowStart } from '../core/row-batch.js';
import { comparableText } from './distinct-values.js';
import type { RowCondition } from './filter-plan.js';

/** The batch without its first `count` rows; shares the bytes. */
export function dropRows(batch: RowBatch, count: number): RowBatch {
  if (count === 0) return batch;
  const start = rowStart(batch, count);
  const firstCell = count * batch.columnCount;
  const lastCell = batch.rowCount * batch.columnCount;
  return {
    rowCount: batch.rowCount - count,
    columnCount: batch.columnCount,
    bytes: batch.bytes.subarray(start),
    offsets: batch.offsets.slice(firstCell, lastCell).map((offset) => offset - start),
    lengths: batch.lengths.slice(firstCell, lastCell),
  };
}

/** The rows for which `keeps` is true, copied together; the batch itself when that is all of them. */
export function keepRows(batch: RowBatch, keeps: (row: number) => boolean): RowBatch {
  const kept: number[] = [];
  for (let row = 0; row < batch.rowCount; row++) if (keeps(row)) kept.push(row);
  if (kept.length === batch.rowCount) return batch;
  const { columnCount } = batch;
  const offsets = new Int32Array(kept.length * columnCount);
  const lengths = new Int32Array(kept.length * columnCount);
  const pieces: Buffer[] = [];
  let position = 0;
  for (const [index, row] of kept.entries()) {
    const start = rowStart(batch, row);
    const piece = batch.bytes.subarray(start, rowStart(batch, row + 1));
    for (let column = 0; column < columnCount; column++) {
      const cell = row * columnCount + column;
      offsets[index * columnCount + column] = batch.offsets[cell]! - start + position;
      lengths[index * columnCount + column] = batch.lengths[cell]!;
    }
    pieces.push(piece);
    position += piece.length;
  }
  return { rowCount: kept.length, columnCount, bytes: Buffer.concat(pieces, position), offsets, lengths };
}

/**
 * Decides which rows belong to a request among several: an API that ignores its filter sends all of them to each. Null
 * when every row does, or when the columns that would tell are not read.
 */
export function rowChooser(
  conditions: readonly RowCondition[],
  columns: readonly string[],
): ((batch: RowBatch) => RowBatch) | null {
  const checks = conditions.flatMap(({ column, values }) => {
    const index = columns.indexOf(column.name);
    return index < 0 ? [] : [{ column, values, index }];
  });
  if (checks.length === 0) return null;
  return (batch) =>
    keepRows(batch, (row) =>
      checks.every(({ column, values, index }) => {
        const text = cellText(batch, row, index);
        return text !== null && values.has(comparableText(text, column));
      }),
    );
}
