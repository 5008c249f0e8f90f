import type { ColumnModel } from '../config/model.js';
import { comparator } from '../core/compare/comparator.js';
import { cellText, type RowBatch } from '../core/row-batch.js';
import type { Enough, OrderKey, ScanSpec } from './scan.js';

/** A key's place in the batches, and what it takes to compare its cells. */
interface Key extends OrderKey {
  readonly column: string;
  readonly model: ColumnModel;
  readonly cell: number;
}

/**
 * Decides when a scan has enough rows. Where they are wanted in an order, it checks that they come in it: an API that does
 * not sort after all is read to the end.
 */
export class EnoughRows {
  readonly #enough: Enough;
  readonly #keys: readonly Key[];
  #count = 0;
  #last: readonly (string | null)[] | null = null;
  #isSorted = true;

  constructor(enough: Enough, spec: ScanSpec) {
    this.#enough = enough;
    this.#keys = enough.order.map((key) => ({
      ...key,
      model: spec.table.columns.find((column) => column.name === key.column)!,
      cell: spec.columns.indexOf(key.column),
    }));
  }

  /** Takes in a batch of the scan; true: no further rows are needed. */
  take(batch: RowBatch): boolean {
    const { rows, counts, withTies } = this.#enough;
    for (let row = 0; row < batch.rowCount && this.#isSorted; row++) {
      const order = this.#compareWithLast(batch, row);
      if (order < 0) this.#isSorted = false;
      else if (this.#count >= rows && order > 0) return true;
      else if (counts === null || counts(batch, row)) this.#count++;
      if (this.#isSorted && this.#count >= rows && !withTies) return true;
    }
    return false;
  }

  /** Positive when the row comes after the last one, 0 when it has the same keys, negative when it should not come now. */
  #compareWithLast(batch: RowBatch, row: number): number {
    if (this.#keys.length === 0) return 0;
    const cells = this.#keys.map(({ cell }) => cellText(batch, row, cell));
    const last = this.#last;
    this.#last = cells;
    if (last === null) return 1;
    for (const [index, key] of this.#keys.entries()) {
      const order = compareCells(cells[index]!, last[index]!, key);
      if (order !== 0) return order;
    }
    return 0;
  }
}

function compareCells(cell: string | null, last: string | null, key: Key): number {
  if (cell === last) return 0;
  if (cell === null || last === null) return (last === null) === key.nullsFirst ? 1 : -1;
  const bytes = Buffer.from(cell, 'utf8');
  const holds = (operator: '=' | '>'): boolean =>
    comparator(key.model.type, operator, last)?.(bytes, 0, bytes.length) === true;
  if (holds('=')) return 0;
  return holds('>') === key.isDescending ? -1 : 1;
}
