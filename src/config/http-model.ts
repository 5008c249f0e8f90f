import type { ConfiguredText, Secret } from '../core/secret.js';
import type { AuthModel } from './auth-model.js';
import type { BodyModel, ValuePlace } from './request-model.js';

export interface HttpSource {
  readonly type: 'http';
  readonly method: string;
  /** Absolute; may hold `{name}` placeholders, filled by filters and paginators placed in the path. */
  readonly url: ConfiguredText;
  readonly headers: ReadonlyMap<string, ConfiguredText>;
  readonly query: ReadonlyMap<string, ConfiguredText>;
  readonly body: BodyModel | null;
  readonly pagination: PaginationModel;
  readonly auth: AuthModel;
  readonly retry: RetryModel;
  readonly compression: CompressionModel;
  /** The first that fits an answer holds; where none does, the status decides. */
  readonly errors: readonly ErrorRule[];
  /** Of the DSN: all of its tables share them. */
  readonly limits: RequestLimits;
  /** Of the table alone, besides those; null: none. */
  readonly tableLimits: RequestLimits | null;
  /** For one response, from the request's first byte to its headers, and between two chunks of its body. */
  readonly timeoutMs: number;
  /** For a whole response; the time is not counted while its reader rests. */
  readonly totalTimeoutMs: number | null;
  /** Decompressed bytes of one response. */
  readonly maxBodyBytes: number | null;
  /** Whether the request may be sent again whatever became of it, although its method says nothing of the kind. */
  readonly isIdempotent: boolean;
  readonly transport: TransportModel;
  /** Origins besides the table's own that page links and redirects may lead to. */
  readonly allowOrigins: readonly string[];
  /** Whether link-local and metadata addresses may be asked. */
  readonly allowLinkLocal: boolean;
}

/** How an API's server is reached. */
export interface TransportModel {
  /** URL of a proxy; `none`: directly; null: as the environment says (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). */
  readonly proxy: Secret | 'none' | null;
  readonly tls: ClientTlsModel;
  /** `auto`: HTTP/2 where a server offers it over TLS (ALPN). */
  readonly httpVersion: 'auto' | '1.1';
}

/** PEM texts, and what is asked of the server's side of TLS. */
export interface ClientTlsModel {
  /** Trusted besides the well-known authorities. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
  readonly passphrase: Secret | null;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3' | null;
  /** True: the server's certificate is not checked. */
  readonly isInsecure: boolean;
}

/** How the pages' bytes are packed, besides what HTTP itself undoes. */
export interface CompressionModel {
  /** `auto`: as the data's name and type show. */
  readonly type: 'auto' | 'none' | 'gzip' | 'deflate' | 'br' | 'zip';
  /** Name or pattern of the entry of a zip; null: its only one. */
  readonly entry: string | null;
}

export type StopCondition =
  | { readonly type: 'empty_page' | 'short_page' }
  | { readonly type: 'has_more' | 'total' | 'total_pages'; readonly field: string }
  | { readonly type: 'status'; readonly status: number }
  | { readonly type: 'match'; readonly pattern: string };

export type PaginationModel =
  | { readonly type: 'none' }
  | {
      readonly type: 'page' | 'offset';
      readonly parameter: string;
      readonly sizeParameter: string | null;
      readonly place: ValuePlace;
      readonly size: number | null;
      readonly start: number;
      readonly step: number;
      /** Pages that are asked for at once. */
      readonly concurrency: number;
      readonly stop: readonly StopCondition[];
      readonly maxPages: number | null;
    }
  | {
      /** `field`: where in the page the next URL is; `link_header` reads the header's `rel="next"` instead. */
      readonly type: 'next_url' | 'link_header';
      readonly field: string | null;
      /** A regular expression that finds the URL in the field or, without one, in the body: its first group or all it matches. */
      readonly pattern: string | null;
      readonly sizeParameter: string | null;
      readonly place: ValuePlace;
      readonly size: number | null;
      readonly stop: readonly StopCondition[];
      readonly maxPages: number | null;
    }
  | {
      /** `field` (cursor) or `header` (header_cursor): where the token is; `parameter`: where it goes. */
      readonly type: 'cursor' | 'header_cursor';
      readonly parameter: string;
      readonly field: string | null;
      readonly header: string | null;
      /** A regular expression that finds the token in the field or header or, without one, in the body. */
      readonly pattern: string | null;
      /** The token of the first request; null: it has none. */
      readonly start: string | null;
      readonly sizeParameter: string | null;
      readonly place: ValuePlace;
      readonly size: number | null;
      readonly stop: readonly StopCondition[];
      readonly maxPages: number | null;
    };

export interface RetryModel {
  /** Every try, the first included. */
  readonly attempts: number;
  readonly backoff: 'exponential' | 'constant';
  readonly statuses: readonly number[];
  /** Response header with the seconds to wait; besides `Retry-After`. */
  readonly waitHeader: string | null;
  /** Response header with the time from which on the API answers again: UNIX seconds or ms, seconds from now, or a date. */
  readonly resetHeader: string | null;
  /** Response header with the number of requests that are left: at 0, no more are sent before the reset. */
  readonly remainingHeader: string | null;
}

/** What an answer that fits all given conditions means. */
export interface ErrorRule {
  /** Null: any status, successes too. */
  readonly statuses: readonly number[] | null;
  /** A regular expression for the body's beginning. */
  readonly bodyMatches: string | null;
  /** A field of a JSON body, and the text it has. */
  readonly field: { readonly path: string; readonly value: string } | null;
  readonly action: 'fail' | 'retry' | 'ignore' | 'stop' | 'empty' | 'refresh_token';
}

export interface RequestLimits {
  readonly requestsPerSecond: number | null;
  readonly burst: number | null;
  readonly concurrency: number | null;
}
