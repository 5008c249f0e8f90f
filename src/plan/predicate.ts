import type { ColumnModel } from '../config/model.js';
import { comparator } from '../core/compare/comparator.js';
import type { RowBatch } from '../core/row-batch.js';
import type { Condition } from './conditions.js';
import type { OutputSettings } from './constants.js';
import { bareColumn, canonicalConstant, conditionColumn } from './constants.js';

/** Tests a non-null cell's canonical bytes. */
type CellTest = (bytes: Uint8Array, start: number, end: number) => boolean;

/** Whether row `row` of a batch satisfies all conditions, exactly as the engine would decide. */
export type RowPredicate = (batch: RowBatch, row: number) => boolean;

interface ColumnTest {
  readonly cell: number;
  readonly test: CellTest;
  readonly whenNull: boolean;
}

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
  const tests: ColumnTest[] = [];
  for (const condition of conditions) {
    if (condition.type === 'other' || condition.type === 'unevaluated') return null;
    if (condition.isImplied === true) continue;
    const column = conditionColumn(condition, columns);
    const test = column === null ? null : compileTest(condition, column, settings);
    if (column === null || test === null) return null;
    tests.push({ cell: cellOf(column.name), ...test });
  }
  return (batch, row) => {
    const base = row * batch.columnCount;
    for (const { cell, test, whenNull } of tests) {
      const length = batch.lengths[base + cell]!;
      const start = batch.offsets[base + cell]!;
      if (length < 0 ? !whenNull : !test(batch.bytes, start, start + length)) return false;
    }
    return true;
  };
}

const always: CellTest = () => true;
const never: CellTest = () => false;

function compileTest(
  condition: Exclude<Condition, { type: 'other' | 'unevaluated' }>,
  column: ColumnModel,
  settings: OutputSettings,
): Omit<ColumnTest, 'cell'> | null {
  const { type } = bareColumn(column);
  switch (condition.type) {
    case 'null':
      return condition.isNull ? { test: never, whenNull: true } : { test: always, whenNull: false };
    case 'boolean': {
      if (type.scalar !== 'boolean') return null;
      const wanted = (condition.value ? 't' : 'f').charCodeAt(0);
      return { test: (bytes, start) => bytes[start] === wanted, whenNull: false };
    }
    case 'compare': {
      const value = canonicalConstant(column, condition.value, settings);
      const test = value === null ? null : comparator(type, condition.operator, value);
      return test === null ? null : { test, whenNull: false };
    }
    case 'in': {
      const tests = condition.values.map((text) => {
        const value = canonicalConstant(column, { text, typeName: condition.typeName }, settings);
        return value === null ? null : comparator(type, '=', value);
      });
      if (tests.includes(null)) return null;
      const all = tests as CellTest[];
      return { test: (bytes, start, end) => all.some((test) => test(bytes, start, end)), whenNull: false };
    }
    case 'like':
      return null;
  }
}
