import type { ColumnModel } from '../config/model.js';
import type { RowBatch } from '../core/row-batch.js';
import { columnTest } from './column-test.js';
import type { Condition } from './condition.js';
import type { OutputSettings } from './constants.js';

/** Whether row `row` of a batch satisfies all conditions, exactly as the engine would decide. */
export type RowPredicate = (batch: RowBatch, row: number) => boolean;

/**
 * Compiles conditions for the stream path; `cellOf` gives a column's place in the batches.
 * @returns null when one of them is not simple enough: then the engine has to check
 */
export function compilePredicate(
  conditions: readonly Condition[],
  columns: ReadonlyMap<string, ColumnModel>,
  cellOf: (column: string) => number,
  settings: OutputSettings,
): RowPredicate | null {
  const tests = conditions
    .filter((condition) => !('isImplied' in condition && condition.isImplied === true))
    .map((condition) => {
      const test = columnTest(condition, columns, settings);
      return test === null ? null : { ...test, cell: cellOf(test.column) };
    });
  if (tests.includes(null)) return null;
  const all = tests as Exclude<(typeof tests)[number], null>[];
  return (batch, row) => {
    const base = row * batch.columnCount;
    for (const { cell, test, whenNull } of all) {
      const length = batch.lengths[base + cell]!;
      const start = batch.offsets[base + cell]!;
      if (length < 0 ? whenNull !== true : !test(batch.bytes, start, start + length)) return false;
    }
    return true;
  };
}
