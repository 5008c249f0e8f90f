import type { ColumnModel, TableModel } from '../config/model.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { ResponseHeaders } from '../http/response.js';
import type { RememberedPage, Revalidation } from './scan.js';

/** To ask about many pages takes longer than it is worth where one of them has changed. */
const MOST_PAGES = 50;
/** RFC 9110, section 8.8.3. */
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;
/** Paginators whose next page is named by a header, which may change while the page does not. */
const BY_HEADER: ReadonlySet<string> = new Set(['link_header', 'header_cursor']);

/**
 * Notes how the pages of a scan can be asked about later. All of them unchanged prove that the rows are: each page's content
 * says where the next is, or that there is none. That takes requests without side effects, one sequence of pages, and
 * nothing that is read from a header.
 */
export class PageMemory {
  readonly #revalidation: Revalidation;
  readonly #pages = new Map<number, RememberedPage>();
  #isProof: boolean;

  constructor(revalidation: Revalidation, table: TableModel, columns: readonly ColumnModel[], requestCount: number) {
    this.#revalidation = revalidation;
    this.#isProof =
      table.source.type === 'http' &&
      table.source.method === 'GET' &&
      !BY_HEADER.has(table.source.pagination.type) &&
      requestCount === 1 &&
      columns.every((column) => column.from !== 'header');
  }

  /** The known pages of the scan before, if it began with this very request. */
  knownFrom(first: RequestDraft): readonly RememberedPage[] | null {
    const { known } = this.#revalidation;
    const [page] = known ?? [];
    return page !== undefined && requestKey(page.draft) === requestKey(first) ? known : null;
  }

  /** Notes a page that was read to its end. */
  note(number: number, draft: RequestDraft, status: number, headers: ResponseHeaders): void {
    const tag = headers.get('etag')?.trim() ?? '';
    const etag = ETAG.test(tag) ? tag : null;
    const lastModified = etag === null ? usableLastModified(headers) : null;
    if (status === 200 && (etag !== null || lastModified !== null)) {
      this.#pages.set(number, { draft, etag, lastModified });
    } else this.giveUp();
  }

  /** A page was not read to its end, or is none. */
  giveUp(): void {
    this.#isProof = false;
  }

  /** No known page has changed. */
  reportUnchanged(): void {
    this.#isProof = false;
    this.#revalidation.unchanged();
  }

  /** The scan has come to its end. */
  finish(): void {
    const pages = [...this.#pages].sort(([a], [b]) => a - b).map(([, page]) => page);
    const isProof = this.#isProof && pages.length > 0 && pages.length <= MOST_PAGES;
    this.#revalidation.remember(isProof ? pages : null);
  }
}

/** The request with the question whether its answer has changed (RFC 9110, section 13.1). */
export function conditionalDraft(draft: RequestDraft, { etag, lastModified }: RememberedPage): RequestDraft {
  const name = etag === null ? 'If-Modified-Since' : 'If-None-Match';
  const header = { name, value: etag ?? lastModified ?? '', isSecret: false };
  return { ...draft, headers: new Map(draft.headers).set(name.toLowerCase(), header) };
}

/** Null where a change in the same second would not show (RFC 9110, section 8.8.2.2). */
function usableLastModified(headers: ResponseHeaders): string | null {
  const lastModified = headers.get('last-modified');
  const ageMs = Date.parse(headers.get('date') ?? '') - Date.parse(lastModified ?? '');
  return ageMs >= 1000 ? lastModified : null;
}

function requestKey({ method, origin, path, pathValues, query, headers }: RequestDraft): string {
  return JSON.stringify([method, origin, path, [...pathValues], query, [...headers]]);
}
