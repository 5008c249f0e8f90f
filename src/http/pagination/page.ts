import type { PaginationModel } from '../../config/model.js';
import { createNumbered } from './numbered.js';
import type { Paginator, PaginatorOptions } from './paginator.js';

/** Pages by number: `?page=1`, `?page=2`, … */
export function createPage(
  model: Extract<PaginationModel, { type: 'page' | 'offset' }>,
  options: PaginatorOptions,
): Paginator {
  return createNumbered(model, options, { advance: () => model.step, constant: model.step });
}
