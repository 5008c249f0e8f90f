import type { RowBatch } from '../core/row-batch.js';
import type { Step } from './connection-step.js';

/** Counts which columns of some rows hold values: one that never does has often a wrong field. */
export class ColumnCensus {
  readonly #columns: readonly string[];
  readonly #filled: number[];
  #rowCount = 0;

  constructor(columns: readonly string[]) {
    this.#columns = columns;
    this.#filled = columns.map(() => 0);
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  add(batch: RowBatch): void {
    this.#rowCount += batch.rowCount;
    for (let cell = 0; cell < batch.rowCount * batch.columnCount; cell++) {
      if (batch.lengths[cell]! >= 0) this.#filled[cell % batch.columnCount]!++;
    }
  }

  /** What there is to say about the columns. */
  step(): Step {
    const all = this.#columns.length;
    if (this.#rowCount === 0) {
      return { name: 'columns', result: 'skipped', text: `${all}, but no row to look at`, lines: [] };
    }
    const empty = this.#columns.filter((_name, index) => this.#filled[index] === 0);
    const text = `${all - empty.length} of ${all} hold values in the first ${this.#rowCount === 1 ? 'row' : `${this.#rowCount} rows`}`;
    const lines =
      empty.length === 0 ? [] : [`always NULL: ${empty.join(', ')}`, 'what to do: Check "field" of these columns.'];
    return { name: 'columns', result: 'ok', text, lines };
  }
}
