import { errors, GatewayError } from '../core/errors.js';
import type { HttpClient } from '../http/client.js';
import { showDraft } from '../http/finish-request.js';
import type { PageFacts, PageLength, PageSoFar, Paginator } from '../http/pagination/paginator.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { OpenEntry } from '../http/request-log.js';
import type { BodyFailure, HttpResponse } from '../http/response.js';
import { Attempts } from '../http/retry.js';
import {
  type Answer,
  isRepeatable,
  pauseBeforeRetry,
  type SendContext,
  type SendPolicy,
  sendRequest,
} from '../http/send.js';
import type { RequestVariant } from './filter-plan.js';
import { type LinkedSignals, linkSignals } from './link-signals.js';
import { pageConstants } from './page-constants.js';
import { conditionalDraft } from './page-memory.js';
import { PageObserver } from './page-observer.js';
import type { PageOutlet } from './page-outlet.js';
import { type OpenedPage, readPage } from './page-reading.js';
import { rowChooser } from './row-slices.js';
import type { RememberedPage } from './scan.js';
import type { ScanRun } from './scan-run.js';

const NOT_MODIFIED = 304;
/** Statuses of a success without a body. */
const NO_CONTENT: ReadonlySet<number> = new Set([204, 205]);

/** What all pages of one sequence have in common. */
export interface PageSettings {
  readonly run: ScanRun;
  readonly client: HttpClient;
  readonly variant: RequestVariant;
  readonly policy: SendPolicy;
  readonly paginator: Paginator;
}

/** How fetching a page ended: with what the paginator needs to know, without a page, or with enough rows. */
export type FetchedPage =
  | { readonly type: 'read'; readonly facts: PageFacts }
  | { readonly type: 'none' }
  | { readonly type: 'satisfied' };

/** What whoever reads a page wants to know meanwhile. */
export interface PageListener {
  /** At its beginning and after each batch. */
  readonly onProgress: (page: PageSoFar) => void;
  /** While the consumer rests. */
  readonly onStall: () => void;
}

/**
 * A page that is requested and read into the outlet, with another try wherever that is worth it. Whoever makes one reads
 * or abandons it.
 */
export class PageFetch {
  readonly #settings: PageSettings;
  readonly #outlet: PageOutlet;
  readonly #draft: RequestDraft;
  readonly #number: number;
  /** What the page was before: it is only asked for if it is not that any more. */
  #known: RememberedPage | null;
  readonly #attempts: Attempts;
  readonly #context: SendContext;
  readonly #entry: OpenEntry;
  readonly #startedAt = performance.now();
  readonly #link: LinkedSignals;
  /** The request that was sent before the page's turn. */
  #begun: Promise<Answer> | null = null;
  /** The page as its last try answered it. */
  #current: { readonly response: HttpResponse; readonly observer: PageObserver } | null = null;

  /** `number` is 1-based within the sequence; `known` is for `isUnchanged`. */
  constructor(
    settings: PageSettings,
    outlet: PageOutlet,
    draft: RequestDraft,
    number: number,
    known: RememberedPage | null = null,
  ) {
    const { run, policy } = settings;
    this.#settings = settings;
    this.#outlet = outlet;
    this.#draft = draft;
    this.#number = number;
    this.#known = known;
    this.#link = linkSignals([outlet.signal]);
    this.#attempts = new Attempts(policy.retry.attempts);
    this.#entry = run.options.requestLog.begin({
      dsn: policy.dsn,
      table: run.table.name,
      method: draft.method,
      url: showDraft(draft, policy.redactor),
    });
    const { context } = run.options;
    this.#context = {
      signal: this.#link.controller.signal,
      counters: context.statistics,
      beforeRequest: context.beforeRequest,
      log: run.options.log,
      entry: this.#entry,
      owner: context.session ?? context,
    };
  }

  /** Sends the request before its turn has come; what goes wrong shows when the page is read. */
  begin(): void {
    this.#begun = this.#send();
    this.#begun.catch(() => {});
  }

  /** Whether the page is still what was known of it; if not, it can be read. */
  async isUnchanged(): Promise<boolean> {
    this.begin();
    const { response } = await this.#begun!;
    if (response.status !== NOT_MODIFIED) return false;
    response.discard();
    this.#begun = null;
    this.#link.unlink();
    this.#endEntry();
    return true;
  }

  /** Lets others use the place of a request that has begun. */
  releaseSlot(): void {
    this.#begun?.then(
      ({ response }) => response.releaseSlot(),
      () => {},
    );
  }

  /** Ends the request of a page that will not be read; nothing of it is left then. Does nothing after `read`. */
  async abandon(): Promise<void> {
    this.#link.controller.abort(new Error('the page is not needed'));
    this.#link.unlink();
    const begun = this.#begun;
    this.#begun = null;
    if (begun === null) return;
    this.#entry.error = 'not needed';
    await begun.then(
      ({ response }) => response.discard(),
      () => {},
    );
    this.#endEntry();
  }

  async read(turn: number, listener: PageListener | null = null): Promise<FetchedPage> {
    try {
      return await this.#read(turn, listener);
    } catch (error) {
      this.#entry.error = error instanceof GatewayError ? `${error.sqlstate} ${error.message}` : 'ended';
      throw error;
    } finally {
      this.#link.unlink();
      this.#endEntry();
    }
  }

  #endEntry(): void {
    this.#entry.attempts = this.#attempts.used;
    this.#entry.durationMs = Math.round(performance.now() - this.#startedAt);
    this.#settings.run.options.requestLog.end(this.#entry);
  }

  #send(): Promise<Answer> {
    const { client, policy } = this.#settings;
    const known = this.#known;
    // What comes after a page that has changed is read in any case.
    this.#known = null;
    if (known === null) return sendRequest(client, this.#draft, policy, this.#attempts, this.#context);
    const acceptedStatuses = new Set([...policy.acceptedStatuses, NOT_MODIFIED]);
    const draft = conditionalDraft(this.#draft, known);
    return sendRequest(client, draft, { ...policy, acceptedStatuses }, this.#attempts, this.#context);
  }

  get #length(): PageLength {
    const { response, observer } = this.#current!;
    const length = response.headers.get('content-length')?.trim() ?? '';
    return { bytes: observer.bytes, contentLength: /^\d+$/.test(length) ? Number(length) : null };
  }

  #soFar(captured: ReadonlyMap<string, string | null>, hasRecords: boolean): PageSoFar {
    const { status, headers, url } = this.#current!.response;
    return { number: this.#number, status, headers, url, captured, hasRecords, text: null, length: this.#length };
  }

  async #read(turn: number, listener: PageListener | null): Promise<FetchedPage> {
    const { run, paginator, variant } = this.#settings;
    const result = await readPage(this.#outlet, {
      subject: run.subject,
      number: turn,
      captures: paginator.captures,
      open: () => this.#open(),
      beforeRetry: (failure) => this.#beforeRetry(failure),
      choose: rowChooser(variant.conditions, run.options.spec.columns),
      ...(listener === null
        ? {}
        : {
            onProgress: (captured, hasRecords) => listener.onProgress(this.#soFar(captured, hasRecords)),
            onStall: listener.onStall,
          }),
    });
    if (result.type !== 'read') {
      run.memory?.giveUp();
      return result;
    }
    const { response, observer } = this.#current!;
    const { recordCount, captured } = result.outcome;
    this.#entry.rows = recordCount;
    const { status, headers, url } = response;
    run.memory?.note(this.#number, this.#draft, status, headers);
    const { fingerprint, hasMatched, text } = observer;
    const page = { number: this.#number, recordCount, captured, status, headers, url };
    return { type: 'read', facts: { ...page, fingerprint, hasMatched, text, length: this.#length } };
  }

  async #open(): Promise<OpenedPage | null> {
    const { run, paginator, variant } = this.#settings;
    const begun = this.#begun;
    this.#begun = null;
    const { response, meaning } = await (begun ?? this.#send());
    if (meaning === 'stop') {
      response.discard();
      return null;
    }
    const observer = new PageObserver({
      countBytes: (bytes) => {
        this.#entry.bytes += bytes;
        run.countBytes(bytes);
      },
      needsFingerprint: paginator.needsFingerprint,
      matchPattern: paginator.matchPattern,
      needsText: paginator.needsText,
    });
    this.#current = { response, observer };
    const constants = pageConstants(run.columns, {
      filters: variant.constants,
      header: (name) => response.headers.get(name),
      pageUrl: response.name.slice(response.name.indexOf(' ') + 1),
      pageNumber: this.#number,
    });
    return {
      page: {
        body: observer.watch(response.body),
        contentType: response.headers.get('content-type'),
        number: this.#number,
        name: response.name,
        constants,
      },
      observer,
      hasContent: meaning === 'page' && !NO_CONTENT.has(response.status),
      failure: () => response.failure(),
      discard: () => response.discard(),
      releaseSlot: () => response.releaseSlot(),
    };
  }

  async #beforeRetry(failure: BodyFailure): Promise<void> {
    const { run, policy } = this.#settings;
    const { name } = this.#current!.response;
    if (failure.isOverLimit) {
      throw errors.limitExceeded(`page ${this.#number} of ${run.subject} is too large: ${failure.reason}`, {
        detail: name,
        hint: 'Ask for smaller pages, or raise max_body_bytes.',
      });
    }
    if (failure.remedy !== null) {
      throw errors.apiError(
        `the body of page ${this.#number} of ${run.subject} cannot be unpacked: ${failure.reason}`,
        {
          detail: name,
          hint: failure.remedy,
          cause: failure,
        },
      );
    }
    if (this.#attempts.isLast || !failure.isTransient || !isRepeatable(this.#draft, policy)) {
      throw errors.apiError(`the body of page ${this.#number} of ${run.subject} broke off: ${failure.reason}`, {
        detail: `${name}, ${this.#attempts}`,
        hint: failure.isTransient
          ? 'Run the query again; if it stays so, ask for smaller pages or raise timeout.'
          : 'Check what the API sends, and compression of the table.',
        cause: failure,
      });
    }
    await pauseBeforeRetry(policy, this.#attempts, this.#context, null, { reason: failure.reason, request: name });
  }
}
