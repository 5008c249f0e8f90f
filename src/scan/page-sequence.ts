import type { HttpClient } from '../http/client.js';
import { checkOrigin, isAllowedOrigin } from '../http/origin-rule.js';
import { createPaginator } from '../http/pagination/create-paginator.js';
import type { ExpectedPage, NextPage, PageSoFar, PagesAhead, Paginator } from '../http/pagination/paginator.js';
import { placeValues, withAddress } from '../http/place-values.js';
import { redactUrl } from '../http/redact-url.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { RequestVariant } from './filter-plan.js';
import { draftForScan, type HttpTable } from './http-table.js';
import { drainLane, Lane } from './lane.js';
import { type FetchedPage, PageFetch, type PageSettings } from './page-fetch.js';
import type { PageOutlet } from './page-outlet.js';
import { sizeForLimit } from './page-size.js';
import type { RequestShape } from './requested-shape.js';
import type { RememberedPage } from './scan.js';
import type { ScanRun } from './scan-run.js';

/** The paginator of one sequence of pages, and what LIMIT makes of its requests. */
export function sequenceStart(
  http: HttpTable,
  variant: RequestVariant,
  shape: RequestShape,
): { readonly paginator: Paginator; readonly base: RequestDraft; readonly first: RequestDraft } {
  const { source, policy, table } = http;
  // Without further pages, rows that were expected in vain could not be asked for.
  const expected = source.pagination.type === 'none' ? null : shape.expectedRows;
  const sizing = sizeForLimit(shape.rowLimit ?? expected, table.limit, source.pagination);
  const paginator = createPaginator(source.pagination, {
    subject: policy.subject,
    sizeForLimit: sizing.sizeForLimit,
    isSizedElsewhere: sizing.isSizedElsewhere,
    mask: (text) => policy.redactor.mask(text),
    showUrl: (url) => redactUrl(url, policy.redactor),
  });
  const base = draftForScan(http, [...variant.values, ...shape.values, ...sizing.values]);
  return { paginator, base, first: placeValues(base, paginator.first()) };
}

/** A page that was asked for before the one in front of it was read. */
interface PageAhead {
  readonly page: ExpectedPage;
  readonly fetch: PageFetch;
}

function isSamePage(expected: ExpectedPage, next: ExpectedPage): boolean {
  if (expected.type === 'address') return next.type === 'address' && expected.url.href === next.url.href;
  return next.type === 'values' && JSON.stringify(expected.values) === JSON.stringify(next.values);
}

/** The pages that one request leads to. */
export class PageSequence {
  readonly #run: ScanRun;
  readonly #settings: PageSettings;
  readonly #base: RequestDraft;
  readonly #first: RequestDraft;
  readonly #maxPages: number | null;
  #ahead: PageAhead | null = null;
  /** Of the pages read so far. */
  #mostRecords = 0;

  constructor(run: ScanRun, client: HttpClient, http: HttpTable, variant: RequestVariant) {
    const { pagination } = http.source;
    const { paginator, base, first } = sequenceStart(http, variant, run.options);
    const policy = { ...http.policy, acceptedStatuses: new Set(paginator.stopStatuses) };
    this.#run = run;
    this.#settings = { run, client, variant, policy, paginator };
    this.#base = base;
    this.#first = first;
    this.#maxPages = pagination.type === 'none' ? null : pagination.maxPages;
  }

  /** Reads all pages into the outlet, at most so many at once; true when it has all rows that will be used. */
  async read(outlet: PageOutlet, mostAtOnce: number): Promise<boolean> {
    const { ahead } = this.#settings.paginator;
    const width = ahead === null ? 1 : Math.min(ahead.concurrency, mostAtOnce);
    return ahead === null || width <= 1 ? await this.#readInTurn(outlet) : await this.#readAhead(outlet, ahead, width);
  }

  async #readInTurn(outlet: PageOutlet): Promise<boolean> {
    const first = await this.#askWhatChanged(outlet);
    if (first === 'nothing') return true;
    let current = first ?? new PageFetch(this.#settings, outlet, this.#first, 1);
    try {
      for (let number = 1; ; number++) {
        const turn = await outlet.nextTurn(() => current.releaseSlot());
        outlet.claimPage();
        const wanted = outlet.rowsWanted;
        const page = await current.read(turn, {
          onProgress: (soFar) => {
            if (this.#ahead === null && this.#mayAskAhead(outlet, turn, number, wanted)) this.#askAhead(outlet, soFar);
          },
          onStall: () => this.#ahead?.fetch.releaseSlot(),
        });
        const next = this.#after(page, number);
        if (next.type === 'stop') return page.type === 'satisfied';
        current =
          (await this.#takeAhead(next)) ?? new PageFetch(this.#settings, outlet, this.#follow(next), number + 1);
      }
    } finally {
      await Promise.all([current.abandon(), this.#ahead?.fetch.abandon()]);
    }
  }

  /** Asks about known pages, if there are any. The first page, to be read, where it is that one that has changed. */
  async #askWhatChanged(outlet: PageOutlet): Promise<PageFetch | 'nothing' | null> {
    const { memory } = this.#run;
    const [known, ...others] = memory?.knownFrom(this.#first) ?? [];
    if (known === undefined) return null;
    const first = new PageFetch(this.#settings, outlet, this.#first, 1, known);
    try {
      if (!(await first.isUnchanged())) return first;
    } catch (error) {
      await first.abandon();
      throw error;
    }
    if (!(await this.#areUnchanged(outlet, others))) return null;
    memory!.reportUnchanged();
    return 'nothing';
  }

  /** Asks about the pages behind the first. The last comes first: rows that are new are often at the end. */
  async #areUnchanged(outlet: PageOutlet, known: readonly RememberedPage[]): Promise<boolean> {
    const numbered = known.map((page, index) => ({ page, number: index + 2 }));
    for (const { page, number } of [...numbered.slice(-1), ...numbered.slice(0, -1)]) {
      const fetch = new PageFetch(this.#settings, outlet, page.draft, number, page);
      try {
        if (!(await fetch.isUnchanged())) return false;
      } finally {
        await fetch.abandon();
      }
    }
    return true;
  }

  /** The page asked for ahead when it is the next one indeed; null, and it is abandoned, when it is not. */
  async #takeAhead(next: ExpectedPage): Promise<PageFetch | null> {
    const ahead = this.#ahead;
    if (ahead === null) return null;
    if (!isSamePage(ahead.page, next)) await ahead.fetch.abandon();
    this.#ahead = null;
    return isSamePage(ahead.page, next) ? ahead.fetch : null;
  }

  /** Whether another page will be used as far as limits are concerned. */
  #mayAskAhead(outlet: PageOutlet, turn: number, number: number, wanted: number | null): boolean {
    if (!outlet.isReadyForNext(turn) || outlet.pagesLeft <= 0) return false;
    if (this.#maxPages !== null && number >= this.#maxPages) return false;
    // How many rows this page will still give is only known by the pages before it.
    return wanted === null || (number > 1 && wanted > this.#mostRecords);
  }

  /** Asks for the next page where it shows in this one. */
  #askAhead(outlet: PageOutlet, soFar: PageSoFar): void {
    const { paginator, policy } = this.#settings;
    const page = paginator.expect(soFar);
    if (page === null || (page.type === 'address' && !isAllowedOrigin(page.url, policy.origins))) return;
    const fetch = new PageFetch(this.#settings, outlet, this.#follow(page), soFar.number + 1);
    fetch.begin();
    this.#ahead = { page, fetch };
  }

  /**
   * Requests pages before those in front of them were read. What the paginator decides is decided page by page all the
   * same: a page beyond the last one may have been asked for, but neither its rows nor its errors count.
   */
  async #readAhead(outlet: PageOutlet, ahead: PagesAhead, width: number): Promise<boolean> {
    const first = await this.#askWhatChanged(outlet);
    if (first === 'nothing') return true;
    await first?.abandon();
    const lanes: Lane<FetchedPage>[] = [];
    let started = 0;
    const startUpTo = (last: number): void => {
      while (started < last) lanes.push(this.#startLane(outlet, ahead, ++started));
    };
    try {
      for (let number = 1; ; number++) {
        outlet.claimPage();
        startUpTo(Math.max(number, this.#lastToStart(outlet, ahead, number, width)));
        const lane = lanes[0]!;
        if (await drainLane(lane, outlet)) return true;
        const page = lane.result;
        if (page.type === 'read') outlet.countOpened();
        await lane.close();
        lanes.shift();
        if (this.#after(page, number).type === 'stop') return page.type === 'satisfied';
      }
    } finally {
      await Promise.all(lanes.map((lane) => lane.close()));
    }
  }

  #startLane(outlet: PageOutlet, ahead: PagesAhead, number: number): Lane<FetchedPage> {
    const draft = placeValues(this.#base, ahead.values(number));
    const options = { parent: outlet, readers: this.#run.readers, countsPages: false };
    return new Lane(options, (lane) =>
      lane.nextTurn(() => {}).then((turn) => new PageFetch(this.#settings, lane, draft, number).read(turn)),
    );
  }

  /** No page is asked for that a limit, or what the API has said of its pages, makes useless. */
  #lastToStart(outlet: PageOutlet, ahead: PagesAhead, number: number, width: number): number {
    const { rowsWanted } = outlet;
    const needed = rowsWanted === null ? width : ahead.size === null ? 1 : Math.ceil(rowsWanted / ahead.size);
    return Math.min(
      number + Math.min(width, needed) - 1,
      number + outlet.pagesLeft,
      ahead.lastPage(),
      this.#maxPages ?? Number.POSITIVE_INFINITY,
    );
  }

  #after(page: FetchedPage, number: number): NextPage {
    if (page.type !== 'read') return { type: 'stop' };
    this.#mostRecords = Math.max(this.#mostRecords, page.facts.recordCount);
    const next = this.#settings.paginator.next(page.facts);
    if (next.type === 'stop' || this.#maxPages === null || number < this.#maxPages) return next;
    const pages = `${this.#maxPages} ${this.#maxPages === 1 ? 'page' : 'pages'}`;
    this.#run.options.context.notice(
      `scan of ${this.#run.subject} ended after ${pages} (pagination.max_pages); there are more rows`,
    );
    return { type: 'stop' };
  }

  #follow(next: ExpectedPage): RequestDraft {
    if (next.type === 'values') return placeValues(this.#base, next.values);
    checkOrigin(next.url, this.#settings.policy.origins, 'page link');
    return withAddress(this.#base, next.url);
  }
}
