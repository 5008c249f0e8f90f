import type { LimitModel, PaginationModel } from '../config/model.js';
import type { PlacedValue } from '../http/placed-value.js';

/** What LIMIT changes in the requests of a scan: only how large a page is, the same for all of its pages. */
export interface LimitSizing {
  /** The limit parameter, where it is one of its own. */
  readonly values: readonly PlacedValue[];
  /** The size that the paginator works with instead of its model's. */
  readonly sizeForLimit: number | null;
  /** True when the limit parameter, not the paginator's, says how long the pages are. */
  readonly isSizedElsewhere: boolean;
}

const UNCHANGED: LimitSizing = { values: [], sizeForLimit: null, isSizedElsewhere: false };

/**
 * Sizes the pages for a scan of which at most `limit` rows will be used. Where the limit parameter is the paginator's
 * size parameter, the paginator sends the smaller size, and page boundaries follow it.
 */
export function sizeForLimit(limit: number | null, model: LimitModel | null, pagination: PaginationModel): LimitSizing {
  if (limit === null || model === null) return UNCHANGED;
  const wanted = Math.max(1, Math.min(limit, model.max ?? Number.POSITIVE_INFINITY));
  const own: PlacedValue = { place: model.place, parameter: model.parameter, value: String(wanted), isLiteral: true };
  if (pagination.type === 'none') {
    // There is no second page for what one with the largest number of rows leaves out.
    return wanted < limit ? UNCHANGED : { values: [own], sizeForLimit: null, isSizedElsewhere: true };
  }
  const isShared = pagination.sizeParameter === model.parameter && pagination.place === model.place;
  const size = pagination.size ?? Number.POSITIVE_INFINITY;
  if (isShared) {
    // A declared step says where pages begin; a smaller page would leave rows out between them.
    const hasOwnStep = pagination.type === 'offset' && pagination.step > 1 && pagination.step !== pagination.size;
    if (hasOwnStep) return UNCHANGED;
    const shared = model.max === null ? Math.min(wanted, size) : wanted;
    return { values: [], sizeForLimit: shared, isSizedElsewhere: false };
  }
  // Which of the two the API keeps to is not known: a page is short only when it is shorter than both.
  return {
    values: [own],
    sizeForLimit: pagination.size === null ? null : Math.min(size, wanted),
    isSizedElsewhere: true,
  };
}
