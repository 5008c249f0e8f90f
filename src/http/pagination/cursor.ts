import type { PaginationModel } from '../../config/model.js';
import { errors } from '../../core/errors.js';
import { shorten } from '../api-message.js';
import { found } from './found.js';
import { sizeValue } from './numbered.js';
import {
  type NextPage,
  type PageFacts,
  type PageSoFar,
  type Paginator,
  type PaginatorOptions,
  STOP,
} from './paginator.js';
import { RepeatedPages } from './repeated-pages.js';
import { SeenTokens } from './seen-tokens.js';
import { StopRules } from './stop-conditions.js';

type CursorModel = Extract<PaginationModel, { type: 'cursor' | 'header_cursor' }>;

/** Pages by a token of the page before: in a field of its body (`cursor`) or in a header (`header_cursor`). */
export function createCursor(model: CursorModel, options: PaginatorOptions): Paginator {
  const size = options.sizeForLimit ?? model.size;
  const repeats = new RepeatedPages(options.subject, `the parameter "${model.parameter}"`);
  const rules = new StopRules(model.stop, size, options.subject);
  const seen = new SeenTokens();
  if (model.start !== null) seen.add(model.start);
  const inHeader = model.type === 'header_cursor';
  const captures = inHeader || model.field === null ? rules.captures : [model.field, ...rules.captures];
  const pattern = model.pattern === null ? null : new RegExp(model.pattern);

  const readToken = (page: PageSoFar | PageFacts): string | null => {
    const text = inHeader
      ? page.headers.get(model.header ?? '')
      : model.field === null
        ? page.text
        : (page.captured.get(model.field) ?? null);
    const token = text === null || pattern === null ? text : found(pattern, text);
    return token === null || token.trim() === '' || token === 'false' ? null : token;
  };

  const pageAt = (token: string): Extract<NextPage, { readonly type: 'values' }> => {
    const cursor = { place: model.place, parameter: model.parameter, value: token };
    return { type: 'values', values: [cursor, ...sizeValue(model, size)] };
  };

  return {
    captures: [...new Set(captures)],
    needsFingerprint: inHeader,
    matchPattern: rules.matchPattern,
    needsText: !inHeader && model.field === null,
    stopStatuses: rules.stopStatuses,
    ahead: null,
    first: () => (model.start === null ? sizeValue(model, size) : pageAt(model.start).values),
    next(facts: PageFacts): NextPage {
      repeats.check(facts);
      if (rules.isLast(facts)) return STOP;
      const token = readToken(facts);
      if (token === null) return STOP;
      if (!seen.add(token)) {
        throw errors.apiError(
          `the API gave the cursor "${shorten(options.mask(token), 60)}" twice for ${options.subject}`,
          {
            detail: `Page ${facts.number} names it as the next page, as an earlier page did; the scan would never end.`,
            hint: `Check that pagination.${inHeader ? 'header' : 'field'} names the next page's cursor and "${model.parameter}" is where the API expects it.`,
          },
        );
      }
      return pageAt(token);
    },
    expect(page) {
      const token = readToken(page);
      return token === null || seen.has(token) || !rules.expectsMore(page) ? null : pageAt(token);
    },
  };
}
