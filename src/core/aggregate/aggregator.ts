import { type RowBatch, RowBatchBuilder } from '../row-batch.js';
import type { SqlType } from '../sql-type.js';
import { ExactSum } from './exact-sum.js';
import { Extreme } from './extreme.js';

/** One output of an aggregation. `cell` is the input column's place in the batches. */
export type AggregateItem =
  | { readonly kind: 'key'; readonly cell: number }
  | { readonly kind: 'count_rows' }
  | { readonly kind: 'count' | 'sum' | 'avg'; readonly cell: number }
  | { readonly kind: 'min' | 'max'; readonly cell: number; readonly type: SqlType };

export interface Aggregation {
  readonly items: readonly AggregateItem[];
  /** Cells that the groups differ in; null: one group, also without any row. */
  readonly groupCells: readonly number[] | null;
}

/** Divides numerics as the engine does: pairs of dividend and divisor in, quotients out, all in canonical text. */
export type DivideNumerics = (pairs: readonly (readonly [string, string])[]) => Promise<readonly string[]>;

/** What has come of one item in one group. */
interface Accumulator {
  add(batch: RowBatch, index: number): void;
  /** Canonical text; for an average the sum. */
  readonly text: string | null;
  /** Non-null cells seen. */
  readonly count: number;
}

/** Aggregates rows as they come. Only the groups are kept. */
export class Aggregator {
  readonly #aggregation: Aggregation;
  readonly #mostGroups: number;
  readonly #groups = new Map<string, Accumulator[]>();

  constructor(aggregation: Aggregation, mostGroups: number) {
    this.#aggregation = aggregation;
    this.#mostGroups = mostGroups;
    if (aggregation.groupCells === null) this.#groups.set('', this.#newGroup());
  }

  /** @returns false when there are more groups than may be kept: the aggregation is then of no use */
  add(batch: RowBatch, passes: ((batch: RowBatch, row: number) => boolean) | null): boolean {
    const { items } = this.#aggregation;
    const only = this.#aggregation.groupCells === null ? this.#groups.get('')! : null;
    for (let row = 0; row < batch.rowCount; row++) {
      if (passes !== null && !passes(batch, row)) continue;
      const base = row * batch.columnCount;
      const group = only ?? this.#groupOf(batch, base);
      if (group === null) return false;
      for (let i = 0; i < items.length; i++) {
        const item = items[i]!;
        group[i]!.add(batch, item.kind === 'count_rows' ? -1 : base + item.cell);
      }
    }
    return true;
  }

  /** The groups' rows, in the order in which the groups appeared. */
  async finish(divide: DivideNumerics): Promise<RowBatch> {
    const { items } = this.#aggregation;
    const groups = [...this.#groups.values()];
    const averages = groups.flatMap((group) =>
      group.filter((accumulator, i) => items[i]!.kind === 'avg' && accumulator.text !== null),
    );
    const quotients =
      averages.length === 0 ? [] : await divide(averages.map(({ text, count }) => [text!, String(count)]));
    const quotientOf = new Map(averages.map((accumulator, i) => [accumulator, quotients[i]!]));
    const builder = new RowBatchBuilder(items.length);
    for (const group of groups) {
      builder.beginRow();
      for (const accumulator of group) {
        const text = quotientOf.get(accumulator) ?? accumulator.text;
        if (text === null) builder.writeNull();
        else builder.writeText(text);
      }
      builder.endRow();
    }
    return builder.finish();
  }

  #newGroup(): Accumulator[] {
    return this.#aggregation.items.map(newAccumulator);
  }

  #groupOf(batch: RowBatch, base: number): Accumulator[] | null {
    let key = '';
    for (const cell of this.#aggregation.groupCells!) {
      const length = batch.lengths[base + cell]!;
      const start = batch.offsets[base + cell]!;
      // The length in front keeps ('a', 'bc') apart from ('ab', 'c'), and NULL from the empty text.
      key += length < 0 ? '-' : `${length} ${batch.bytes.toString('latin1', start, start + length)}`;
    }
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= this.#mostGroups) return null;
      group = this.#newGroup();
      this.#groups.set(key, group);
    }
    return group;
  }
}

function newAccumulator(item: AggregateItem): Accumulator {
  switch (item.kind) {
    case 'key':
      return new FirstCell();
    case 'count_rows':
    case 'count':
      return new Counter();
    case 'sum':
    case 'avg':
      return new CellFold(new ExactSum());
    case 'min':
    case 'max':
      return new CellFold(new Extreme(item.type, item.kind === 'max'));
  }
}

class Counter implements Accumulator {
  count = 0;

  add(batch: RowBatch, index: number): void {
    if (index < 0 || batch.lengths[index]! >= 0) this.count++;
  }

  get text(): string {
    return String(this.count);
  }
}

/** A group's key: equal in all of its rows. */
class FirstCell implements Accumulator {
  text: string | null = null;
  count = 0;

  add(batch: RowBatch, index: number): void {
    if (this.count++ > 0) return;
    const length = batch.lengths[index]!;
    const start = batch.offsets[index]!;
    this.text = length < 0 ? null : batch.bytes.toString('utf8', start, start + length);
  }
}

/** Folds the non-null cells. */
class CellFold implements Accumulator {
  readonly #fold: ExactSum | Extreme;
  count = 0;

  constructor(fold: ExactSum | Extreme) {
    this.#fold = fold;
  }

  add(batch: RowBatch, index: number): void {
    const length = batch.lengths[index]!;
    if (length < 0) return;
    const start = batch.offsets[index]!;
    this.count++;
    this.#fold.add(batch.bytes, start, start + length);
  }

  get text(): string | null {
    return this.#fold.text;
  }
}
