import type { PaginationModel, StopCondition } from '../../config/model.js';
import type { PlacedValue } from '../placed-value.js';
import {
  type NextPage,
  type PageFacts,
  type PagesAhead,
  type Paginator,
  type PaginatorOptions,
  STOP,
} from './paginator.js';
import { RepeatedPages } from './repeated-pages.js';
import { isShort, StopRules } from './stop-conditions.js';

/** An empty page is the end whatever the conditions; without any, a short one is too. */
const ALWAYS: readonly StopCondition[] = [{ type: 'empty_page' }];
const BY_DEFAULT: readonly StopCondition[] = [...ALWAYS, { type: 'short_page' }];

type NumberedModel = Extract<PaginationModel, { type: 'page' | 'offset' }>;

/** How the number grows from page to page. */
export interface NumberStep {
  readonly advance: (facts: PageFacts) => number;
  /** What `advance` says of every page; null where it depends on the page. */
  readonly constant: number | null;
}

/** What `page` and `offset` share: a number that grows, and an end that shows in the page itself. */
export function createNumbered(model: NumberedModel, options: PaginatorOptions, step: NumberStep): Paginator {
  const size = options.sizeForLimit ?? model.size;
  const rules = new StopRules(model.stop, size, options.subject);
  let position = model.start;
  const repeats = new RepeatedPages(options.subject, `the parameter "${model.parameter}"`);

  const valuesAt = (at: number): readonly PlacedValue[] => [
    { place: model.place, parameter: model.parameter, value: String(at), isLiteral: true },
    ...sizeValue(model, size),
  ];
  const { constant } = step;
  const implied = model.stop.length === 0 ? BY_DEFAULT : ALWAYS;
  const ahead: PagesAhead = {
    concurrency: model.concurrency,
    size,
    values: (number) => valuesAt(model.start + (number - 1) * (constant ?? 0)),
    lastPage: () => rules.lastPage,
  };

  return {
    captures: rules.captures,
    needsFingerprint: true,
    matchPattern: rules.matchPattern,
    needsText: false,
    stopStatuses: rules.stopStatuses,
    ahead: constant === null ? null : ahead,
    first: () => valuesAt(position),
    next(facts: PageFacts): NextPage {
      repeats.check(facts);
      if (rules.isLast(facts)) return STOP;
      // Without conditions an empty or short page is the end; with them an empty one still is, unless the API counts.
      const hasEnded = model.stop.length === 0 ? isShort(facts, size) : facts.recordCount === 0;
      if (hasEnded && !rules.promisesMore(facts)) return STOP;
      position += step.advance(facts);
      return { type: 'values', values: valuesAt(position) };
    },
    expect(page) {
      if (constant === null || !rules.expectsMore(page, [...model.stop, ...implied])) return null;
      return { type: 'values', values: valuesAt(position + constant) };
    },
  };
}

/** The page size where the model has a parameter for it. */
export function sizeValue(
  model: Pick<NumberedModel, 'sizeParameter' | 'place'>,
  size: number | null,
): readonly PlacedValue[] {
  if (model.sizeParameter === null || size === null) return [];
  return [{ place: model.place, parameter: model.sizeParameter, value: String(size), isLiteral: true }];
}
