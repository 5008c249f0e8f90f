import { cellOrder } from '../compare/comparator.js';
import type { CellOrder } from '../compare/contract.js';
import type { SqlType } from '../sql-type.js';

/** The least or the greatest of the cells it was shown, as PostgreSQL's `min` and `max` choose: of equal ones the last. */
export class Extreme {
  readonly #type: SqlType;
  readonly #sign: 1 | -1;
  #best: Buffer | null = null;
  #order: CellOrder = () => 0;

  /** @param type one that `cellOrder` knows */
  constructor(type: SqlType, isMax: boolean) {
    this.#type = type;
    this.#sign = isMax ? -1 : 1;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (this.#best !== null && this.#order(bytes, start, end) * this.#sign > 0) return;
    const best = Buffer.from(bytes.subarray(start, end));
    this.#best = best;
    this.#order = cellOrder(this.#type, best)!;
  }

  get text(): string | null {
    return this.#best?.toString('utf8') ?? null;
  }
}
