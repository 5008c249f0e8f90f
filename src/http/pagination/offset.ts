import type { PaginationModel } from '../../config/model.js';
import { createNumbered } from './numbered.js';
import type { Paginator, PaginatorOptions } from './paginator.js';

/** Pages by the number of records before them: `?offset=0`, `?offset=100`, … */
export function createOffset(
  model: Extract<PaginationModel, { type: 'page' | 'offset' }>,
  options: PaginatorOptions,
): Paginator {
  const size = options.sizeForLimit ?? model.size;
  // A step of one record is the default of a page number, and a step of the declared size follows what LIMIT made of it.
  const hasOwnStep = model.step > 1 && model.step !== model.size && options.sizeForLimit === null;
  const constant = options.isSizedElsewhere ? null : hasOwnStep ? model.step : size;
  return createNumbered(model, options, { advance: (facts) => constant ?? Math.max(1, facts.recordCount), constant });
}
