import type { PaginationModel } from '../../config/model.js';
import { createCursor } from './cursor.js';
import { createOffset } from './offset.js';
import { createPage } from './page.js';
import { createPageLink } from './page-link.js';
import { type Paginator, type PaginatorOptions, STOP } from './paginator.js';

/** A fresh paginator for one sequence of pages. */
export function createPaginator(model: PaginationModel, options: PaginatorOptions): Paginator {
  switch (model.type) {
    case 'none':
      return SINGLE_PAGE;
    case 'page':
      return createPage(model, options);
    case 'offset':
      return createOffset(model, options);
    case 'cursor':
    case 'header_cursor':
      return createCursor(model, options);
    case 'next_url':
    case 'link_header':
      return createPageLink(model, options);
  }
}

const SINGLE_PAGE: Paginator = {
  captures: [],
  needsFingerprint: false,
  matchPattern: null,
  needsText: false,
  stopStatuses: [],
  ahead: null,
  first: () => [],
  next: () => STOP,
  expect: () => null,
};
