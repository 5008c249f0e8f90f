import { errors } from '../core/errors.js';
import type { HttpClient } from '../http/client.js';
import { checkOrigin } from '../http/origin-rule.js';
import { createPaginator } from '../http/pagination/create-paginator.js';
import type { NextPage, Paginator } from '../http/pagination/paginator.js';
import { placeValues, withAddress } from '../http/place-values.js';
import { redactUrl } from '../http/redact-url.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { BodyFailure, HttpResponse } from '../http/response.js';
import { Attempts, isIdempotent } from '../http/retry.js';
import { pauseBeforeRetry, type SendContext, type SendPolicy, sendRequest } from '../http/send.js';
import type { FilterPlan, RequestVariant } from './filter-plan.js';
import { draftForScan, type HttpTable } from './http-table.js';
import { pageConstants } from './page-constants.js';
import { PageObserver } from './page-observer.js';
import { type OpenedPage, type PageResult, readPage } from './page-reading.js';
import { sizeForLimit } from './page-size.js';
import { rowChooser } from './row-slices.js';
import type { ScanRun } from './scan-run.js';

/** Statuses of a success without a body. */
const NO_CONTENT: ReadonlySet<number> = new Set([204, 205]);

/** Reads all pages of an HTTP table into the run's queue: one sequence of pages after the other. */
export async function readHttpPages(
  run: ScanRun,
  client: HttpClient,
  http: HttpTable,
  plan: FilterPlan,
): Promise<void> {
  for (const variant of plan.variants()) {
    if (await new PageSequence(run, client, http, variant).read()) return;
  }
}

/** The paginator of one sequence of pages, and what LIMIT makes of its requests. */
export function sequenceStart(
  http: HttpTable,
  variant: RequestVariant,
  rowLimit: number | null,
): { readonly paginator: Paginator; readonly base: RequestDraft; readonly first: RequestDraft } {
  const { source, policy, table } = http;
  const sizing = sizeForLimit(rowLimit, table.limit, source.pagination);
  const paginator = createPaginator(source.pagination, {
    subject: policy.subject,
    sizeForLimit: sizing.sizeForLimit,
    isSizedElsewhere: sizing.isSizedElsewhere,
    mask: (text) => policy.redactor.mask(text),
    showUrl: (url) => redactUrl(url, policy.redactor),
  });
  const base = draftForScan(http, [...variant.values, ...sizing.values]);
  return { paginator, base, first: placeValues(base, paginator.first()) };
}

/** The pages that one request leads to. */
class PageSequence {
  readonly #run: ScanRun;
  readonly #client: HttpClient;
  readonly #http: HttpTable;
  readonly #variant: RequestVariant;
  readonly #paginator: Paginator;
  readonly #base: RequestDraft;
  readonly #first: RequestDraft;
  readonly #policy: SendPolicy;
  readonly #context: SendContext;
  /** The page being read, as its last try answered it. */
  #current: { readonly response: HttpResponse; readonly observer: PageObserver } | null = null;

  constructor(run: ScanRun, client: HttpClient, http: HttpTable, variant: RequestVariant) {
    this.#run = run;
    this.#client = client;
    this.#http = http;
    this.#variant = variant;
    const { paginator, base, first } = sequenceStart(http, variant, run.options.rowLimit);
    this.#paginator = paginator;
    this.#base = base;
    this.#first = first;
    this.#policy = { ...http.policy, acceptedStatuses: new Set(paginator.stopStatuses) };
    this.#context = { signal: run.signal, counters: run.options.context.statistics, log: run.options.log };
  }

  /** True when the consumer has all rows that it will use. */
  async read(): Promise<boolean> {
    const { pagination } = this.#http.source;
    const maxPages = pagination.type === 'none' ? null : pagination.maxPages;
    let draft = this.#first;
    for (let number = 1; ; number++) {
      const result = await this.#readPage(draft, number);
      if (result.type === 'satisfied') return true;
      if (result.type === 'none') return false;
      const next = this.#next(result, number);
      if (next.type === 'stop') return false;
      if (maxPages !== null && number >= maxPages) {
        this.#run.options.context.notice(
          `scan of ${this.#run.subject} ended after ${maxPages} ${maxPages === 1 ? 'page' : 'pages'} (pagination.max_pages); there are more rows`,
        );
        return false;
      }
      draft = this.#follow(next);
    }
  }

  async #readPage(draft: RequestDraft, number: number): Promise<PageResult> {
    const attempts = new Attempts(this.#policy.retry.attempts);
    return await readPage(this.#run, {
      number: await this.#run.beginPage(),
      captures: this.#paginator.captures,
      open: () => this.#open(draft, number, attempts),
      beforeRetry: (failure) => this.#beforeRetry(failure, draft, number, attempts),
      choose: rowChooser(this.#variant.conditions, this.#run.options.spec.columns),
    });
  }

  async #open(draft: RequestDraft, number: number, attempts: Attempts): Promise<OpenedPage | null> {
    const response = await sendRequest(this.#client, draft, this.#policy, attempts, this.#context);
    if (this.#policy.acceptedStatuses.has(response.status) && response.status >= 300) {
      response.discard();
      return null;
    }
    const observer = new PageObserver({
      countBytes: (bytes) => this.#run.countBytes(bytes),
      needsFingerprint: this.#paginator.needsFingerprint,
      matchPattern: this.#paginator.matchPattern,
    });
    this.#current = { response, observer };
    const constants = pageConstants(this.#run.columns, {
      filters: this.#variant.constants,
      header: (name) => response.headers.get(name),
      pageUrl: response.name.slice(response.name.indexOf(' ') + 1),
      pageNumber: number,
    });
    return {
      page: {
        body: observer.watch(response.body),
        contentType: response.headers.get('content-type'),
        number,
        name: response.name,
        constants,
      },
      observer,
      hasContent: !NO_CONTENT.has(response.status),
      failure: () => response.failure(),
      discard: () => response.discard(),
      releaseSlot: () => response.releaseSlot(),
    };
  }

  async #beforeRetry(failure: BodyFailure, draft: RequestDraft, number: number, attempts: Attempts): Promise<void> {
    const { name } = this.#current!.response;
    if (attempts.isLast || !failure.isTransient || !isIdempotent(draft.method)) {
      throw errors.apiError(`the body of page ${number} of ${this.#run.subject} broke off: ${failure.reason}`, {
        detail: `${name}, ${attempts}`,
        hint: 'Run the query again; if it stays so, ask for smaller pages or raise timeout.',
        cause: failure,
      });
    }
    await pauseBeforeRetry(this.#policy, attempts, this.#context, null, { reason: failure.reason, request: name });
  }

  #next(result: Extract<PageResult, { type: 'read' }>, number: number): NextPage {
    const { response, observer } = this.#current!;
    return this.#paginator.next({
      number,
      recordCount: result.outcome.recordCount,
      captured: result.outcome.captured,
      status: response.status,
      headers: response.headers,
      url: response.url,
      fingerprint: observer.fingerprint,
      hasMatched: observer.hasMatched,
    });
  }

  #follow(next: Exclude<NextPage, { type: 'stop' }>): RequestDraft {
    if (next.type === 'values') return placeValues(this.#base, next.values);
    checkOrigin(next.url, this.#policy.origins, 'page link');
    return withAddress(this.#base, next.url);
  }
}
