import { ORDER_STATUSES, orderAmountCents, orderCreatedMs, orderCustomerId, orderStatus } from './orders.js';
import { RequestProblem, readInteger, readRfc3339Micros } from './query.js';

/** What a client may ask of `GET /orders`, besides the page. */
export interface OrderQuery {
  /** Null: any. An unknown name matches nothing. */
  readonly statuses: readonly string[] | null;
  readonly customerId: bigint | null;
  /** At or after this time, in microseconds since 1970. */
  readonly createdAfterMicros: number | null;
  readonly sort: 'id' | 'created_at' | 'amount';
  readonly isDescending: boolean;
}

const SORTS = ['id', 'created_at', 'amount'] as const;
const KEPT_RESULTS = 8;

/** Reads the filters and the order; a value that cannot be one is a 400 that names the parameter. */
export function readOrderQuery(query: URLSearchParams): OrderQuery {
  const sort = query.get('sort') ?? 'id';
  const isDescending = sort.startsWith('-');
  const key = SORTS.find((name) => name === (isDescending ? sort.slice(1) : sort));
  if (key === undefined) {
    throw new RequestProblem('sort', `one of ${SORTS.join(', ')}, with a leading - for descending order`);
  }
  return {
    statuses: query.get('status')?.split(',') ?? null,
    customerId: readInteger(query, 'customer_id'),
    createdAfterMicros: readRfc3339Micros(query, 'created_after'),
    sort: key,
    isDescending,
  };
}

/** The ids that answer a query, in its order, without a list where counting is enough. */
export interface OrderResult {
  readonly total: number;
  /** The id at a 0-based place below `total`. */
  idAt(index: number): number;
}

/** Finds orders by computing what the query asks about from each id; the last few answers are kept for their next pages. */
export class OrderSearch {
  readonly #count: number;
  readonly #results = new Map<string, OrderResult>();

  constructor(count: number) {
    this.#count = count;
  }

  find(query: OrderQuery): OrderResult {
    const { statuses, customerId, createdAfterMicros, sort, isDescending } = query;
    const isFiltered = statuses !== null || customerId !== null || createdAfterMicros !== null;
    const count = this.#count;
    if (!isFiltered && sort !== 'amount') {
      return { total: count, idAt: (index) => (isDescending ? count - index : index + 1) };
    }
    const key = JSON.stringify([statuses, String(customerId), createdAfterMicros, sort, isDescending]);
    const result = this.#results.get(key) ?? this.#search(query);
    this.#results.delete(key);
    this.#results.set(key, result);
    if (this.#results.size > KEPT_RESULTS) this.#results.delete(this.#results.keys().next().value!);
    return result;
  }

  #search({ statuses, customerId, createdAfterMicros, sort, isDescending }: OrderQuery): OrderResult {
    const wanted = statuses && new Set(ORDER_STATUSES.filter((status) => statuses.includes(status)));
    const customer = customerId === null ? null : Number(customerId);
    const found: number[] = [];
    for (let id = 1; id <= this.#count; id++) {
      if (customer !== null && orderCustomerId(id) !== customer) continue;
      if (wanted !== null && !wanted.has(orderStatus(id))) continue;
      if (createdAfterMicros !== null && orderCreatedMs(id) * 1_000 < createdAfterMicros) continue;
      found.push(id);
    }
    const ids = Uint32Array.from(found);
    if (sort === 'amount') {
      const amounts = new Map(found.map((id) => [id, orderAmountCents(id)]));
      ids.sort((a, b) => amounts.get(a)! - amounts.get(b)! || a - b);
    }
    if (isDescending) ids.reverse();
    return { total: ids.length, idAt: (index) => ids[index]! };
  }
}
