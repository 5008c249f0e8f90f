import type { PlacedValue } from '../placed-value.js';
import type { ResponseHeaders } from '../response.js';

/** What a paginator learns of a page once it was read to its end. */
export interface PageFacts {
  /** 1-based within its sequence of pages. */
  readonly number: number;
  readonly recordCount: number;
  /** The fields asked for by `captures`; a missing one is not in the map, a JSON null is null. */
  readonly captured: ReadonlyMap<string, string | null>;
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** Where the page came from. */
  readonly url: URL;
  /** Tells whether two bodies are the same bytes; null where that was not asked for. */
  readonly fingerprint: string | null;
  /** True when the body matched the `match` stop condition. */
  readonly hasMatched: boolean;
  /** The body's beginning, up to 8 MiB, where that was asked for; else null. */
  readonly text: string | null;
  readonly length: PageLength;
}

/** How long a body is, to tell a full page by. */
export interface PageLength {
  /** Decompressed, as far as it was read. */
  readonly bytes: number;
  /** As sent; null where its header does not say. */
  readonly contentLength: number | null;
}

/** What is known of a page while it is still being read. */
export interface PageSoFar extends Pick<PageFacts, 'number' | 'status' | 'headers' | 'url' | 'captured' | 'length'> {
  readonly hasRecords: boolean;
  /** Only whole pages are searched. */
  readonly text: null;
}

/** How the next page differs from the first request, or that there is none. */
export type NextPage =
  | { readonly type: 'stop' }
  | { readonly type: 'values'; readonly values: readonly PlacedValue[] }
  | { readonly type: 'address'; readonly url: URL };

/** A next page that there is. */
export type ExpectedPage = Exclude<NextPage, { readonly type: 'stop' }>;

export const STOP: NextPage = { type: 'stop' };

/** Computes the requests of one sequence of pages. It belongs to one sequence: it remembers what it has seen. */
export interface Paginator {
  /** Fields outside the records that it needs of each page. */
  readonly captures: readonly string[];
  /** True when it needs `fingerprint`, to notice an API that sends the same page for ever. */
  readonly needsFingerprint: boolean;
  /** A regular expression that ends the pages when a body matches it. */
  readonly matchPattern: string | null;
  /** True when it needs `text`, to search it. */
  readonly needsText: boolean;
  /** A status that ends the pages. */
  readonly stopStatuses: readonly number[];
  /** Pages that can be asked for before those in front of them were read; null where each depends on the one before. */
  readonly ahead: PagesAhead | null;
  /** What the first request is given. */
  first(): readonly PlacedValue[];
  /** Throws HV000 when the API repeats itself. */
  next(facts: PageFacts): NextPage;
  /**
   * The next page, so that it can be asked for while this one is read; null while what is known tells too little. It is
   * a guess that changes nothing: `next` decides.
   */
  expect(page: PageSoFar): ExpectedPage | null;
}

/** How the requests of later pages look without anything being known of the earlier ones. */
export interface PagesAhead {
  /** Most pages that may be under way at once. */
  readonly concurrency: number;
  /** Records of a full page; null: not known. */
  readonly size: number | null;
  /** What the request of this page is given, 1 being the first. */
  values(number: number): readonly PlacedValue[];
  /** The last page as far as the API has told; infinite while it has not. Only a guess: `next` decides. */
  lastPage(): number;
}

/** What paginators are told besides their model. */
export interface PaginatorOptions {
  /** `table "shop.orders"`, for errors. */
  readonly subject: string;
  /** Records a page really has when LIMIT has changed the page's size; null: as the model says. */
  readonly sizeForLimit: number | null;
  /** True when another parameter than the model's sizes the pages, so only their records tell how far they reach. */
  readonly isSizedElsewhere: boolean;
  /** Masks secrets in a cursor or URL that is told. */
  readonly mask: (text: string) => string;
  /** Shows a page link. */
  readonly showUrl: (url: URL) => string;
}
