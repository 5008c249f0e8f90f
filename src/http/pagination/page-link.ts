import type { PaginationModel } from '../../config/model.js';
import { errors } from '../../core/errors.js';
import { shorten } from '../api-message.js';
import { found } from './found.js';
import { nextLink } from './link-header.js';
import { sizeValue } from './numbered.js';
import {
  type NextPage,
  type PageFacts,
  type PageSoFar,
  type Paginator,
  type PaginatorOptions,
  STOP,
} from './paginator.js';
import { SeenTokens } from './seen-tokens.js';
import { StopRules } from './stop-conditions.js';

type LinkModel = Extract<PaginationModel, { type: 'next_url' | 'link_header' }>;

/** Pages by the address of the next one: in a field of the body (`next_url`) or in a Link header (`link_header`). */
export function createPageLink(model: LinkModel, options: PaginatorOptions): Paginator {
  const size = options.sizeForLimit ?? model.size;
  const rules = new StopRules(model.stop, size, options.subject);
  const seen = new SeenTokens();
  const pattern = model.pattern === null ? null : new RegExp(model.pattern);
  const field = model.type === 'next_url' ? model.field : null;
  const captures = field === null ? rules.captures : [field, ...rules.captures];

  const readLink = (facts: PageSoFar | PageFacts): string | null => {
    if (model.type === 'link_header') return nextLink(facts.headers.get('link'));
    const text = field === null ? facts.text : (facts.captured.get(field) ?? null);
    const link = (text === null || pattern === null ? text : found(pattern, text))?.trim() ?? '';
    return link === '' || link === 'false' ? null : link;
  };

  return {
    captures: [...new Set(captures)],
    needsFingerprint: false,
    matchPattern: rules.matchPattern,
    needsText: model.type === 'next_url' && field === null,
    stopStatuses: rules.stopStatuses,
    ahead: null,
    first: () => sizeValue(model, size),
    next(facts: PageFacts): NextPage {
      seen.add(facts.url.href);
      if (rules.isLast(facts)) return STOP;
      const link = readLink(facts);
      if (link === null) return STOP;
      if (!URL.canParse(link, facts.url.href)) {
        throw errors.apiError(`the link to the next page of ${options.subject} is not a URL`, {
          detail: `Page ${facts.number} gives "${shorten(options.mask(link), 80)}".`,
          hint: 'Check pagination.field; for a token that is not a URL use pagination.type cursor.',
        });
      }
      const url = linkedUrl(link, facts);
      if (!seen.add(url.href)) {
        throw errors.apiError(`the API gave a page link twice for ${options.subject}: ${options.showUrl(url)}`, {
          detail: `Page ${facts.number} names it as the next page, but it was read before; the scan would never end.`,
          hint: 'Check that the link is the one to the next page and not to the page itself.',
        });
      }
      return { type: 'address', url };
    },
    expect(page) {
      const link = readLink(page);
      if (link === null || !URL.canParse(link, page.url.href) || !rules.expectsMore(page)) return null;
      const url = linkedUrl(link, page);
      return seen.has(url.href) || url.href === page.url.href ? null : { type: 'address', url };
    },
  };
}

function linkedUrl(link: string, page: Pick<PageFacts, 'url'>): URL {
  const url = new URL(link, page.url);
  url.hash = '';
  return url;
}
