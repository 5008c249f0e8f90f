import type { PaginationModel } from '../../config/model.js';
import { createNumbered } from './numbered.js';
import type { Paginator, PaginatorOptions } from './paginator.js';

/** Pages by the number of records before them: `?offset=0`, `?offset=100`, … */
export function createOffset(
  model: Extract<PaginationModel, { type: 'page' | 'offset' }>,
  options: PaginatorOptions,
): Paginator {
  const size = options.sizeForLimit ?? model.size;
  return createNumbered(model, options, (facts) => {
    if (options.isSizedElsewhere) return Math.max(1, facts.recordCount);
    // A step of one record is the default of a page number, and a step of the declared size follows what LIMIT made of it.
    if (model.step > 1 && model.step !== model.size && options.sizeForLimit === null) return model.step;
    return size ?? Math.max(1, facts.recordCount);
  });
}
