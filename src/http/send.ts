import type { CompressionModel, ErrorRule, RetryModel, TransportModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import { type Authorization, type Authorizer, NO_AUTHORIZATION } from './authorizer.js';
import { ExchangeFailure, type HttpClient } from './client.js';
import { ACCEPT_ENCODING } from './decode-body.js';
import { applyErrorRules } from './error-rules.js';
import { finishRequest } from './finish-request.js';
import { checkOrigin, type OriginRule } from './origin-rule.js';
import { placeValues, withAddress, withoutSecrets } from './place-values.js';
import type { Limiter } from './rate-limiter.js';
import type { Redactor } from './redactor.js';
import type { RequestDraft } from './request-draft.js';
import { exchangeError, type RequestSubject, statusError, statusText } from './request-errors.js';
import type { OpenEntry } from './request-log.js';
import type { HttpResponse } from './response.js';
import { type Attempts, askedWaitMs, backoffMs, exhaustedMs, isIdempotent, isRetryableStatus } from './retry.js';
import { DEFAULT_TRANSPORT, forOtherOrigins } from './routes.js';
import { AUTO_COMPRESSION } from './unpack-body.js';
import { sleep } from './wait.js';

const MOST_REDIRECTS = 5;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** How a source's requests are sent. */
export interface SendPolicy extends RequestSubject {
  readonly retry: RetryModel;
  readonly errors: readonly ErrorRule[];
  readonly timeoutMs: number;
  readonly compression?: CompressionModel;
  readonly allowLinkLocal?: boolean;
  readonly totalTimeoutMs?: number | null;
  readonly maxBodyBytes?: number | null;
  readonly transport?: TransportModel;
  /** True: a request may be sent again whatever its method says. */
  readonly isIdempotent?: boolean;
  readonly origins: OriginRule;
  readonly limiter: Limiter;
  readonly authorizer: Authorizer;
  readonly redactor: Redactor;
  /** Error statuses that are an answer here, such as the 404 after the last page. */
  readonly acceptedStatuses: ReadonlySet<number>;
}

/** Counted while requests are sent. */
export interface RequestCounters {
  requests: number;
  retries: number;
  waitMs: number;
}

/** Writes one structured log entry. */
export type LogRequest = (level: 'debug' | 'info' | 'warn', event: object, message: string) => void;

export interface SendContext {
  /** Learns the last status, the tries and the waits. */
  readonly entry?: OpenEntry;
  /** The session that the request is for: sessions take turns where they wait. */
  readonly owner: object;
  readonly signal: AbortSignal;
  readonly counters: RequestCounters;
  /** Called before each request; what it throws ends the sending. */
  readonly beforeRequest?: (() => void) | undefined;
  readonly log: LogRequest;
}

/**
 * Sends a request with its authentication, follows redirects, renews a refused token once, and tries again what is worth
 * another try, within `attempts`. What comes back is a page to read, or what its status or a rule makes of it. Throws HV000
 * and HV00N.
 */
export async function sendRequest(
  client: HttpClient,
  draft: RequestDraft,
  policy: SendPolicy,
  attempts: Attempts,
  context: SendContext,
): Promise<Answer> {
  let hasRenewed = false;
  attempts.begin();
  for (;;) {
    const shown: Shown = { request: '' };
    try {
      const { response: received, authorization } = await followRedirects(client, draft, policy, context, shown);
      const { action, response } = await ruled(received, policy, context);
      const { status } = response;
      if (context.entry !== undefined) context.entry.status = status;
      if (action === 'ignore') return { response, meaning: 'page' };
      if (action === 'stop' || action === 'empty') return { response, meaning: action };
      if (action === null && status >= 200 && status < 300) return { response, meaning: 'page' };
      if (action === null && policy.acceptedStatuses.has(status)) return { response, meaning: 'stop' };
      const isRefused = action === 'refresh_token' || (action === null && status === 401);
      if (isRefused && !hasRenewed && authorization !== NO_AUTHORIZATION) {
        hasRenewed = true;
        if (await renew(policy, authorization, response, context)) continue;
      }
      const isRetried =
        action === null ? isRetryableStatus(isRepeatable(draft, policy), status, policy.retry) : action === 'retry';
      if (attempts.isLast || !isRetried) {
        const error = await statusError(response, policy, attempts, policy.redactor);
        context.signal.throwIfAborted();
        throw error;
      }
      const asked = askedWaitMs(response.headers, policy.retry);
      if (asked !== null) policy.limiter.pause(asked);
      response.discard();
      await pauseBeforeRetry(policy, attempts, context, asked, { status, request: shown.request });
    } catch (error) {
      if (!(error instanceof ExchangeFailure)) throw error;
      const { problem } = error;
      const isSafe = problem.stage === 'connect' || problem.stage === 'refused' || isRepeatable(draft, policy);
      if (attempts.isLast || !problem.isTransient || !isSafe)
        throw exchangeError(error, shown.request, policy, attempts);
      await pauseBeforeRetry(policy, attempts, context, null, { reason: problem.reason, request: shown.request });
    }
    attempts.begin();
  }
}

/** Whether a request may be sent again whatever became of it. */
export function isRepeatable(draft: RequestDraft, policy: Pick<SendPolicy, 'isIdempotent'>): boolean {
  return policy.isIdempotent === true || isIdempotent(draft.method);
}

/** A response, and whether its body is a page, a page without records, or nothing, with no page after it. */
export interface Answer {
  readonly response: HttpResponse;
  readonly meaning: 'page' | 'empty' | 'stop';
}

/** Reading a body for a rule can fail when the scan ends meanwhile. */
async function ruled(response: HttpResponse, policy: SendPolicy, context: SendContext) {
  const result = await applyErrorRules(policy.errors, response);
  if (context.signal.aborted) result.response.discard();
  context.signal.throwIfAborted();
  return result;
}

interface Shown {
  /** The request under way as it may be shown. */
  request: string;
}

/** Waits before the next try and tells that there is one. */
export async function pauseBeforeRetry(
  policy: Pick<SendPolicy, 'retry' | 'subject'>,
  attempts: Attempts,
  context: SendContext,
  askedMs: number | null,
  event: object,
): Promise<void> {
  const waitMs = askedMs !== null && askedMs > 0 ? askedMs : backoffMs(attempts.used, policy.retry.backoff);
  context.counters.retries++;
  context.log(
    'info',
    { ...event, subject: policy.subject, attempt: attempts.used, of: attempts.allowed, waitMs },
    'request will be retried',
  );
  await counted(context, sleep(waitMs, context.signal));
}

async function renew(
  policy: SendPolicy,
  refused: Authorization,
  response: HttpResponse,
  context: SendContext,
): Promise<boolean> {
  // Where there is nothing to renew, the response is still needed for its message.
  const isRenewed = await policy.authorizer.renew(refused, context.signal);
  if (isRenewed) response.discard();
  return isRenewed;
}

async function followRedirects(
  client: HttpClient,
  first: RequestDraft,
  policy: SendPolicy,
  context: SendContext,
  shown: Shown,
): Promise<{ response: HttpResponse; authorization: Authorization }> {
  let draft = first;
  for (let redirects = 0; ; redirects++) {
    const isHome = draft.origin === policy.origins.home;
    const authorization = isHome ? await policy.authorizer.authorize(context.signal) : NO_AUTHORIZATION;
    const sent = isHome ? placeValues(draft, authorization.values) : withoutSecrets(draft);
    const response = await exchangeWithinLimits(client, sent, authorization, policy, context, shown);
    const target = REDIRECT_STATUSES.has(response.status) ? redirectTarget(response) : null;
    if (target === null) return { response, authorization };
    response.discard();
    if (redirects >= MOST_REDIRECTS) {
      throw errors.apiError(`the API redirected more than ${MOST_REDIRECTS} times`, {
        detail: `${policy.subject}; last answer ${statusText(response.status)} to ${response.name}`,
        hint: `Point base_url or path of ${policy.subject} at the final address.`,
      });
    }
    checkOrigin(target, policy.origins, 'redirect');
    draft = redirected(draft, response.status, target);
  }
}

function redirectTarget(response: HttpResponse): URL | null {
  const location = response.headers.get('location');
  return location === null || !URL.canParse(location, response.url.href) ? null : new URL(location, response.url);
}

/** 303 always, 301 and 302 after a POST go on with GET, as clients do (RFC 9110, section 15.4). */
function redirected(draft: RequestDraft, status: number, target: URL): RequestDraft {
  const next = withAddress(draft, target);
  const becomesGet = status === 303 ? draft.method !== 'HEAD' : status < 303 && draft.method === 'POST';
  if (!becomesGet) return next;
  const headers = new Map([...next.headers].filter(([name]) => name !== 'content-type'));
  return { ...next, method: 'GET', body: null, headers };
}

async function exchangeWithinLimits(
  client: HttpClient,
  draft: RequestDraft,
  authorization: Authorization,
  policy: SendPolicy,
  context: SendContext,
  shown: Shown,
): Promise<HttpResponse> {
  const request = finishRequest(draft, policy.redactor);
  shown.request = `${request.method} ${request.shownUrl}`;
  context.beforeRequest?.();
  const release = await counted(context, policy.limiter.acquire(context.signal, context.owner));
  context.counters.requests++;
  const headers = {
    'accept-encoding': ACCEPT_ENCODING,
    'user-agent': 'tidegate',
    ...request.headers,
    ...authorization.sign?.(request),
  };
  const { timeoutMs, compression = AUTO_COMPRESSION, allowLinkLocal = false, totalTimeoutMs, maxBodyBytes } = policy;
  const isHome = draft.origin === policy.origins.home;
  const { transport = DEFAULT_TRANSPORT } = policy;
  const response = await client.exchange(
    { ...request, headers },
    {
      signal: context.signal,
      timeoutMs,
      compression,
      allowLinkLocal,
      totalTimeoutMs: totalTimeoutMs ?? null,
      maxBodyBytes: maxBodyBytes ?? null,
      transport: isHome ? transport : forOtherOrigins(transport),
      onClose: release,
    },
  );
  const exhausted = exhaustedMs(response.headers, policy.retry);
  if (exhausted !== null && isHome) policy.limiter.pause(exhausted);
  return response;
}

/** Adds the time until the promise settles to the time waited. */
async function counted<T>(context: SendContext, promise: Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    return await promise;
  } finally {
    const waitMs = Math.round(performance.now() - startedAt);
    context.counters.waitMs += waitMs;
    if (context.entry !== undefined) context.entry.waitMs += waitMs;
  }
}
