import { parseDuration } from '../duration.js';
import type { AuthModel, DriverOptions, HttpSource, RequestLimits, RetryModel } from '../model.js';
import { providerPreset } from '../providers/registry.js';
import type { AuthInput } from '../schema/auth.js';
import type { TableInput } from '../schema/dsn.js';
import type { SourcePath } from '../source-tree.js';
import { buildAuth } from './auth.js';
import { checkAuthNames } from './auth-names.js';
import { buildBody } from './body.js';
import { buildCompression } from './compression.js';
import { type BuildContext, isDamaged, type TableSettings } from './context.js';
import { buildErrorRules } from './error-rules.js';
import { buildPagination } from './pagination.js';
import { mergeHeaders, mergeQuery } from './request-texts.js';
import { buildTransport } from './transport.js';
import { buildUrl, type RequestUrl } from './url.js';
import { checkPlacement } from './value-place.js';

const DEFAULT_RETRY: RetryModel = {
  attempts: 5,
  backoff: 'exponential',
  statuses: [429, 502, 503, 504],
  waitHeader: null,
  resetHeader: null,
  remainingHeader: null,
};
const DEFAULT_TIMEOUT = '30s';

/** A table's requests, with what its path still needs; `url` is null, with a problem, where there is no usable one. */
export interface BuiltRequests {
  readonly source: HttpSource;
  readonly url: RequestUrl | null;
}

/** Folds everything about a table's requests. */
export function buildHttpSource(settings: TableSettings, driver: DriverOptions, context: BuildContext): BuiltRequests {
  const url = buildUrl(settings, context);
  const auth = settings.get('auth');
  const pagination = settings.get('pagination');
  const body = buildBody(settings, context);
  const totalTimeout = settings.get('total_timeout');
  const authModel: AuthModel = auth === null ? { type: 'none' } : buildAuth(auth, context);
  const source: HttpSource = {
    type: 'http',
    method: settings.table.method ?? 'GET',
    url: url?.url ?? '',
    headers: withProviderHeaders(mergeHeaders(settings, context), auth?.value),
    query: mergeQuery(settings, context),
    body,
    pagination: pagination === null ? { type: 'none' } : buildPagination(pagination, driver.type, context),
    auth: authModel,
    retry: buildRetry(settings, context),
    compression: buildCompression(settings, context),
    errors: buildErrorRules(settings, driver, context),
    limits: buildLimits(settings.dsn.limits, ['limits'], context),
    tableLimits:
      settings.table.limits === undefined
        ? null
        : buildLimits(settings.table.limits, [...settings.path, 'limits'], context),
    timeoutMs: parseDuration(settings.value('timeout', DEFAULT_TIMEOUT))!,
    totalTimeoutMs: totalTimeout === null ? null : parseDuration(totalTimeout.value),
    maxBodyBytes: settings.get('max_body_bytes')?.value ?? null,
    isIdempotent: settings.value('idempotent', false),
    transport: buildTransport(settings, context),
    allowOrigins: buildOrigins(settings, context),
    allowLinkLocal: settings.value('allow_link_local', false),
  };
  checkPlacements(source, settings, context);
  checkAuthNames(authModel, settings, context);
  return { source, url };
}

/** What a provider wants to see in each request, such as the tenant that somebody logged in to; the DSN's own win. */
function withProviderHeaders(headers: HttpSource['headers'], auth: AuthInput | undefined): HttpSource['headers'] {
  if (auth?.type !== 'oauth2' || auth.provider === undefined) return headers;
  const given = new Set([...headers.keys()].map((name) => name.toLowerCase()));
  const own = Object.entries(providerPreset(auth.provider).headers ?? {});
  return new Map([...own.filter(([name]) => !given.has(name.toLowerCase())), ...headers]);
}

function buildRetry(settings: TableSettings, context: BuildContext): RetryModel {
  const retry = settings.get('retry');
  if (retry === null) return DEFAULT_RETRY;
  const { attempts, backoff, statuses, wait_header, reset_header, remaining_header } = retry.value;
  if (remaining_header !== undefined && reset_header === undefined && !isDamaged(context, retry.path)) {
    context.problems.add(
      context.tree.keyAt([...retry.path, 'remaining_header']),
      '"remaining_header" needs "reset_header"',
      'Name the header that says when there are more requests, such as X-RateLimit-Reset.',
    );
  }
  return {
    attempts,
    backoff,
    statuses,
    waitHeader: wait_header ?? null,
    resetHeader: reset_header ?? null,
    remainingHeader: remaining_header ?? null,
  };
}

/** Those of the DSN hold for each of its tables, whatever the table says: the API counts all requests. */
function buildLimits(limits: TableInput['limits'], path: SourcePath, context: BuildContext): RequestLimits {
  const { requests_per_second: rate, burst, concurrency } = limits ?? {};
  if (burst !== undefined && rate === undefined && !isDamaged(context, path)) {
    const hint = 'Add "requests_per_second", or remove "burst".';
    context.problems.add(context.tree.keyAt([...path, 'burst']), '"burst" needs "requests_per_second"', hint);
  }
  return { requestsPerSecond: rate ?? null, burst: burst ?? null, concurrency: concurrency ?? null };
}

function buildOrigins(settings: TableSettings, { tree, problems }: BuildContext): readonly string[] {
  const origins = settings.get('allow_origins');
  if (origins === null) return [];
  return origins.value.flatMap((text, index) => {
    const parsed = URL.canParse(text) ? new URL(text) : null;
    const isOrigin = parsed !== null && /^https?:$/.test(parsed.protocol) && /^[a-z]+:\/\/[^/?#@]+\/?$/i.test(text);
    if (isOrigin) return [parsed.origin];
    const path = [...origins.path, index];
    const hint = 'Write scheme, host and port only, such as https://files.example.com.';
    problems.add(tree.at(path), `"${tree.written(path)}" is not an origin`, hint);
    return [];
  });
}

/** What paginator and key put into headers and bodies must have a place there. */
function checkPlacements(source: HttpSource, settings: TableSettings, context: BuildContext): void {
  if (isDamaged(context, [...settings.path, 'body'])) return;
  const { pagination, auth } = source;
  if (pagination.type !== 'none') {
    const { path } = settings.get('pagination')!;
    const { place } = pagination;
    const check = (parameter: string, key: string): void => {
      checkPlacement({ place, parameter }, [...path, key], source.body, context);
    };
    if ('parameter' in pagination) check(pagination.parameter, 'parameter');
    if (pagination.sizeParameter !== null) check(pagination.sizeParameter, 'size_parameter');
  }
  if (auth.type === 'api_key' && auth.place === 'body') {
    checkPlacement(auth, [...settings.get('auth')!.path, 'body'], source.body, context);
  }
}
