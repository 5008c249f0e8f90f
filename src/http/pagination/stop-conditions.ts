import type { StopCondition } from '../../config/model.js';
import { errors } from '../../core/errors.js';
import { FullPages } from './full-pages.js';
import type { PageFacts, PageSoFar } from './paginator.js';

/** Pages without a record in a row, after which an API that promises more is not believed any longer. */
const MOST_EMPTY_PAGES = 1000;

/** Decides after each page whether the declared conditions end the sequence. */
export class StopRules {
  readonly captures: readonly string[];
  readonly matchPattern: string | null;
  readonly stopStatuses: readonly number[];
  readonly #conditions: readonly StopCondition[];
  readonly #size: number | null;
  readonly #subject: string;
  readonly #fullPages: FullPages;
  #records = 0;
  #lastPage: number;
  #emptyPages = 0;

  constructor(conditions: readonly StopCondition[], size: number | null, subject: string) {
    this.#conditions = conditions;
    this.#size = size;
    this.#subject = subject;
    this.#fullPages = new FullPages(size);
    // The first page says how many there are: until it was read, no other one is known to be there.
    this.#lastPage = conditions.some(isCount) ? 1 : Number.POSITIVE_INFINITY;
    this.captures = conditions.flatMap((condition) => ('field' in condition ? [condition.field] : []));
    this.matchPattern = conditions.find((condition) => condition.type === 'match')?.pattern ?? null;
    this.stopStatuses = conditions.flatMap((condition) => (condition.type === 'status' ? [condition.status] : []));
  }

  /** The last page as far as the API has told; 1 while its first page, which will tell, was not read. */
  get lastPage(): number {
    return this.#lastPage;
  }

  /** True when a condition says outright that this was the last page. Call it once for each page. */
  isLast(facts: PageFacts): boolean {
    this.#records += facts.recordCount;
    this.#fullPages.add(facts);
    this.#emptyPages = facts.recordCount === 0 ? this.#emptyPages + 1 : 0;
    if (this.#emptyPages >= MOST_EMPTY_PAGES) {
      throw errors.apiError(`the last ${MOST_EMPTY_PAGES} pages of ${this.#subject} had no records`, {
        hint: 'Add empty_page to pagination.stop, or set pagination.max_pages.',
      });
    }
    this.#lastPage = Math.min(...this.#conditions.map((condition) => this.#pagesBy(condition, facts)));
    return this.#conditions.some((condition) => this.#isMet(condition, facts));
  }

  /** True when the API itself says how far its pages go and has said that there are more. */
  promisesMore(facts: PageFacts): boolean {
    return this.#conditions.some(
      (condition) =>
        (condition.type === 'has_more' || condition.type === 'total_pages') &&
        facts.captured.get(condition.field) != null,
    );
  }

  /**
   * True when nothing that is known so far lets this page be the last: `conditions`, the rules' own by default, each say so,
   * or the API itself promises more. Changes nothing.
   */
  expectsMore(page: PageSoFar, conditions: readonly StopCondition[] = this.#conditions): boolean {
    const isPromised = conditions.some((condition) => isPromise(condition) && this.#goesOn(condition, page));
    return conditions.every((condition) => (isPromised && isLength(condition)) || this.#goesOn(condition, page));
  }

  #goesOn(condition: StopCondition, page: PageSoFar): boolean {
    switch (condition.type) {
      case 'empty_page':
        return page.hasRecords;
      case 'short_page':
        return this.#size === null ? page.hasRecords : this.#fullPages.areLike(page);
      case 'has_more':
        return !isFalse(page.captured.get(condition.field));
      case 'total':
      case 'total_pages': {
        if (Number.isFinite(this.#lastPage) && page.number < this.#lastPage) return true;
        const count = Number(page.captured.get(condition.field) ?? Number.NaN);
        if (condition.type === 'total_pages') return count > page.number;
        return this.#size !== null && count > this.#records + this.#size;
      }
      case 'status':
        return page.status !== condition.status;
      case 'match':
        return false;
    }
  }

  /** How many pages there are by this condition; infinite when it does not tell. */
  #pagesBy(condition: StopCondition, facts: PageFacts): number {
    if (!isCount(condition)) return Number.POSITIVE_INFINITY;
    const total = readCount(facts.captured.get(condition.field), condition.field, this.#subject);
    if (total === null) return Number.POSITIVE_INFINITY;
    if (condition.type === 'total_pages') return total;
    // An API may send fewer records a page than it was asked for.
    const perPage = Math.min(this.#size ?? Number.POSITIVE_INFINITY, Math.max(1, facts.recordCount));
    return facts.number + Math.ceil(Math.max(0, total - this.#records) / perPage);
  }

  #isMet(condition: StopCondition, facts: PageFacts): boolean {
    switch (condition.type) {
      case 'empty_page':
        return facts.recordCount === 0;
      case 'short_page':
        return isShort(facts, this.#size);
      case 'has_more':
        return isFalse(facts.captured.get(condition.field));
      case 'total': {
        const total = readCount(facts.captured.get(condition.field), condition.field, this.#subject);
        return total !== null && this.#records >= total;
      }
      case 'total_pages': {
        const total = readCount(facts.captured.get(condition.field), condition.field, this.#subject);
        return total !== null && facts.number >= total;
      }
      case 'status':
        return facts.status === condition.status;
      case 'match':
        return facts.hasMatched;
    }
  }
}

/** What an API says of further pages. */
function isPromise({ type }: StopCondition): boolean {
  return type === 'has_more' || type === 'total' || type === 'total_pages';
}

/** What only the number of a page's records says. */
function isLength({ type }: StopCondition): boolean {
  return type === 'empty_page' || type === 'short_page';
}

type CountCondition = StopCondition & { readonly type: 'total' | 'total_pages'; readonly field: string };

function isCount(condition: StopCondition): condition is CountCondition {
  return condition.type === 'total' || condition.type === 'total_pages';
}

/** A page with fewer records than were asked for; an empty one always is. */
export function isShort(facts: PageFacts, size: number | null): boolean {
  return facts.recordCount === 0 || (size !== null && facts.recordCount < size);
}

/** APIs leave `has_more` out, or write it in many ways, when there is no more. */
function isFalse(text: string | null | undefined): boolean {
  return text === undefined || text === null || ['', 'false', '0', 'no', 'n', 'f'].includes(text.trim().toLowerCase());
}

function readCount(text: string | null | undefined, field: string, subject: string): number | null {
  if (text === undefined || text === null || text.trim() === '') return null;
  const count = Number(text);
  if (!Number.isNaN(count)) return count;
  throw errors.apiError(`"${field}" of a page of ${subject} is not a number`, {
    detail: `It is "${text.slice(0, 80)}".`,
    hint: 'Let the stop condition name a field that holds a count.',
  });
}
