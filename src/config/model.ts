import type { GatewayError } from '../core/errors.js';
import type { ConfiguredText, Secret } from '../core/secret.js';
import type { SqlType } from '../core/sql-type.js';

/**
 * The validated, resolved form of `tidegate.yaml` and the DSN files: every default filled in, every secret resolved,
 * every level above the tables folded into the table. All later parts read this and nothing else of the configuration.
 */
export interface GatewayModel {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: TlsModel | null;
  readonly users: readonly UserModel[];
  readonly engine: EngineModel;
  readonly tokens: TokensModel;
  readonly limits: GatewayLimits;
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'pretty' };
  /** Where metrics and health are served; null: nowhere. */
  readonly console: { readonly host: string; readonly port: number } | null;
  readonly dsns: readonly DsnModel[];
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface TlsModel {
  /** Absolute paths. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly required: boolean;
}

export interface UserModel {
  readonly name: string;
  /** The password itself, or a `SCRAM-SHA-256$…` verifier; null: trusted (the default user of a loopback gateway). */
  readonly password: Secret | null;
  readonly dsns: readonly string[] | 'all';
  readonly isAdmin: boolean;
}

export type EngineModel =
  | { readonly mode: 'embedded'; readonly dataDir: string | null; readonly binDir: string | null }
  | { readonly mode: 'external'; readonly url: Secret };

export interface TokensModel {
  /** Absolute path of the encrypted token store. */
  readonly file: string;
  /** Null: generated, and kept in a file beside the store. */
  readonly key: Secret | null;
}

export interface GatewayLimits {
  readonly connections: number;
  readonly rowsPerScan: number | null;
  readonly bytesPerScan: number | null;
  readonly pagesPerScan: number | null;
  /** That a scan may work, the time not counted while its consumer rests. */
  readonly secondsPerScan: number | null;
  readonly statementTimeoutMs: number | null;
  /** Bytes in the engine that all kept scan tables together may take. */
  readonly cacheBytes: number;
}

export interface DsnModel {
  readonly name: string;
  readonly description: string | null;
  /** Absolute path of the file. */
  readonly file: string;
  readonly tables: readonly TableModel[];
  readonly views: readonly ViewModel[];
  /** Where an OData service describes its tables; absent for other DSNs. */
  readonly service?: ServiceModel;
}

/** An OData service, whose `$metadata` says which tables it has. */
export interface ServiceModel {
  readonly fingerprint: string;
  /** Its one page is the description. */
  readonly metadata: TableModel;
  /** The sets to make tables of; null: all. */
  readonly entitySets: readonly string[] | null;
  /** Why there are no tables yet; null once they are known. */
  readonly problem: GatewayError | null;
}

/** How a table without declared columns gets them: from a sample. */
export interface InferenceModel {
  readonly fingerprint: string;
  /** Values of required filters for the sample's request, by column. */
  readonly values: ReadonlyMap<string, string>;
  /** Whether the file leaves the records' place, and the paging, to the sample too. */
  readonly findsRecords: boolean;
  readonly findsPagination: boolean;
  /** Why there are no columns yet; null once there are. */
  readonly problem: GatewayError | null;
}

export interface ViewModel {
  readonly dsn: string;
  readonly name: string;
  readonly sql: string;
  readonly description: string | null;
  readonly location: SourceLocation;
}

/** 1-based place in a configuration file. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface TableModel {
  readonly dsn: string;
  readonly name: string;
  readonly description: string | null;
  readonly location: SourceLocation;
  readonly driver: DriverOptions;
  readonly source: HttpSource | FilesSource | GatewaySource;
  /** The record selector as written; null: the driver's default (the whole document, every CSV row). */
  readonly records: string | null;
  readonly recordsMissing: 'error' | 'empty';
  readonly columns: readonly ColumnModel[];
  /** Column names. */
  readonly primaryKey: readonly string[];
  readonly filters: readonly FilterModel[];
  readonly filterSeparator: string;
  readonly limit: LimitModel | null;
  readonly orderBy: OrderByModel | null;
  readonly select: SelectModel | null;
  readonly count: CountModel | null;
  /** About how many rows the API has; null: not known. */
  readonly rows: number | null;
  readonly lookup: LookupModel | null;
  /** Null: every statement asks the API. */
  readonly cache: CacheModel | null;
  /** Only of a table whose columns are not declared. */
  readonly inference?: InferenceModel;
}

/** How long the rows of a scan serve other statements. */
export interface CacheModel {
  /** Not 0. */
  readonly ttlMs: number;
  /** How long after that they serve while the API fails; 0: not at all. */
  readonly staleIfErrorMs: number;
  /** Whether rows that are over their time are kept as long as the API says that they have not changed. */
  readonly revalidates: boolean;
  /** `equal`: only for scans with the same filters. */
  readonly reuse: 'narrower' | 'equal';
  readonly columns: 'needed' | 'all';
}

/** Another endpoint, which gives the rows with one value of a column; what it answers 404 to has none. */
export interface LookupModel {
  /** On the column, with `=`, placed in the path. */
  readonly filter: FilterModel;
  readonly source: HttpSource;
  readonly records: string | null;
}

/** How the API is asked for rows in an order. */
export interface OrderByModel {
  readonly place: ValuePlace;
  readonly parameter: string;
  readonly columns: readonly string[];
  /** Templates of one key, made of {field}, {column} and {direction}; `descending` null: it sorts upwards only. */
  readonly ascending: string;
  readonly descending: string | null;
  /** Parameter in the same place that takes the direction of the only key. */
  readonly directionParameter: string | null;
  /** Joins several keys; null: the API takes one. */
  readonly separator: string | null;
  /** Where NULLs come: before or after all others, or as the lowest or highest value; null: not known. */
  readonly nulls: 'first' | 'last' | 'low' | 'high' | null;
  /** Whether texts are sorted by their code points, as the engine does. */
  readonly sortsByCodePoint: boolean;
}

/** How the API is asked for some fields only. */
export interface SelectModel {
  readonly place: ValuePlace;
  readonly parameter: string;
  readonly separator: string;
}

/** Where the API says how many rows there are; one of `field` and `header`. */
export interface CountModel {
  readonly field: string | null;
  readonly header: string | null;
  /** Null: the table's own first page says it. */
  readonly source: HttpSource | null;
}

/** Where a value goes in a request. `body` holds a JSONPath (`$.a.b`) for JSON bodies, a field name for forms. */
export type ValuePlace = 'query' | 'path' | 'header' | 'body';

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
  readonly limits: RequestLimits;
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

export type BodyModel =
  /** `value` holds a `Secret` in place of each text that was interpolated: reveal them when the body is written. */
  | { readonly type: 'json'; readonly value: unknown }
  | { readonly type: 'form'; readonly fields: ReadonlyMap<string, ConfiguredText> }
  | { readonly type: 'text' | 'xml'; readonly text: ConfiguredText };

/** How the pages' bytes are packed, besides what HTTP itself undoes. */
export interface CompressionModel {
  /** `auto`: as the data's name and type show. */
  readonly type: 'auto' | 'none' | 'gzip' | 'deflate' | 'br' | 'zip';
  /** Name or pattern of the entry of a zip; null: its only one. */
  readonly entry: string | null;
}

export interface FilesSource {
  readonly type: 'files';
  /** Absolute glob patterns. */
  readonly patterns: readonly string[];
  readonly compression: CompressionModel;
  /** The folder that the files found must stay below. */
  readonly baseDir: string;
  readonly allowPaths: readonly string[];
}

/** The gateway itself: the tables of its own statistics. */
export interface GatewaySource {
  readonly type: 'gateway';
}

export type DriverOptions =
  | { readonly type: 'json'; readonly format: 'auto' | 'json' | 'ndjson'; readonly encoding: string | null }
  | { readonly type: 'xml'; readonly namespaces: ReadonlyMap<string, string>; readonly encoding: string | null }
  | {
      readonly type: 'csv';
      readonly delimiter: string;
      readonly quote: string;
      readonly escape: string;
      readonly header: boolean;
      readonly skipLines: number;
      readonly comment: string | null;
      readonly ragged: 'error' | 'pad';
      readonly encoding: string | null;
    };

export interface ColumnModel {
  readonly name: string;
  readonly type: SqlType;
  readonly description: string | null;
  readonly from: 'record' | 'filter' | 'header' | 'page_url' | 'page_number';
  /** Where the value sits in a record, as written (JSONPath, XML path, CSV header or 1-based number); the column's name by default. */
  readonly field: string;
  /** The name the API knows the field by, for `order_by` and `select`. */
  readonly apiName: string | null;
  /** How dates and times are written: `rfc3339`, `unix`, `unix_ms`, `rfc2822`, a pattern; null: ISO 8601. */
  readonly format: string | null;
  /** Zone of times without one in a timestamptz column. */
  readonly timezone: string;
  readonly decimal: string | null;
  /** Texts that mean NULL; null where none are declared. */
  readonly nullValues: readonly string[] | null;
  /** Canonical or coercible text used where the field is missing. */
  readonly defaultValue: string | null;
  readonly onError: 'fail' | 'set_null';
  readonly notNull: boolean;
  readonly references: { readonly dsn: string; readonly table: string; readonly column: string } | null;
}

export const FILTER_OPERATORS = [
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'like',
  'ilike',
  'is_null',
  'is_not_null',
] as const;
export type FilterOperator = (typeof FILTER_OPERATORS)[number];

export interface FilterModel {
  readonly column: string;
  readonly operators: readonly FilterOperator[];
  readonly required: boolean;
  /** False: the API's filter is only roughly the SQL one. */
  readonly exact: boolean;
  readonly place: ValuePlace;
  /** The parameter's name in its place. */
  readonly parameter: string;
  readonly format: string | null;
  /** One text, or one for each operator. */
  readonly template: string | ReadonlyMap<FilterOperator, string> | null;
  /** SQL text value → what the API is sent. */
  readonly values: ReadonlyMap<string, string> | null;
  /** Joins an IN list into one request; null: one request per value. */
  readonly separator: string | null;
  /** Most values in one such list. */
  readonly batch: number | null;
  /** Most values that are asked for where the filter could be left out; null: `rows` of the table decides. */
  readonly max: number | null;
}

export interface LimitModel {
  readonly place: ValuePlace;
  readonly parameter: string;
  readonly max: number | null;
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
  /** Whose they are: all tables of the DSN that say nothing of their own share them, a table's own are for it alone. */
  readonly scope: 'dsn' | 'table';
  readonly requestsPerSecond: number | null;
  readonly burst: number | null;
  readonly concurrency: number | null;
}

export type AuthModel =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly username: ConfiguredText; readonly password: Secret }
  | { readonly type: 'bearer'; readonly token: Secret; readonly header: string; readonly prefix: string }
  | { readonly type: 'api_key'; readonly key: Secret; readonly place: ValuePlace; readonly parameter: string }
  | JwtModel
  | OAuth2Model
  | SessionModel
  | OAuth1Model;

/** A JWT that the gateway signs itself and sends as the token (RFC 7519). */
export interface JwtModel {
  readonly type: 'jwt';
  readonly algorithm: JwtAlgorithm;
  /** The key's bytes as Latin-1 for HS256 to HS512, a PEM text (or a Google service account) for the others. */
  readonly key: Secret;
  readonly keyId: string | null;
  readonly issuer: ConfiguredText | null;
  readonly subject: ConfiguredText | null;
  readonly audience: string | null;
  readonly lifetimeMs: number;
  readonly claims: ReadonlyMap<string, ConfiguredText | number | boolean>;
  readonly header: string;
  readonly prefix: string;
  readonly tokenQuery: string | null;
}

export const JWT_ALGORITHMS = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256'] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

/** What a login tells besides the token: filled in wherever a request has `${auth:NAME}`. */
export interface MetadataModel {
  /** What is asked with the token; null: the values are in the token's own answer. */
  readonly url: string | null;
  readonly header: string;
  readonly prefix: string;
  /** Where the answer has a list of which one entry counts; null: the answer itself. */
  readonly list: string | null;
  /** Fields that the entry has, and their texts. */
  readonly where: ReadonlyMap<string, string>;
  /** Paths by the names of the values. */
  readonly fields: ReadonlyMap<string, string>;
}

export type OAuthGrant =
  | 'client_credentials'
  | 'authorization_code'
  | 'refresh_token'
  | 'device_code'
  | 'password'
  | 'jwt_bearer';

export interface OAuth2Model {
  readonly type: 'oauth2';
  readonly grant: OAuthGrant;
  /** Where endpoints that are null are discovered. */
  readonly issuer: string | null;
  readonly tokenUrl: ConfiguredText | null;
  readonly authorizationUrl: string | null;
  readonly deviceAuthorizationUrl: string | null;
  readonly revocationUrl: string | null;
  /** Who the token belongs to; null: what the issuer announces. */
  readonly userInfoUrl: string | null;
  readonly metadata: MetadataModel | null;
  readonly redirectUrl: string | null;
  /** Null only with `jwt_bearer`. */
  readonly clientId: ConfiguredText | null;
  readonly clientSecret: Secret | null;
  readonly clientAuth: 'basic' | 'body' | 'none' | 'private_key_jwt';
  /** PEM, or the JSON of a Google service account. */
  readonly privateKey: Secret | null;
  readonly keyId: string | null;
  readonly assertion: AssertionModel;
  readonly username: ConfiguredText | null;
  readonly password: Secret | null;
  readonly refreshToken: Secret | null;
  readonly pkce: boolean;
  readonly scopes: readonly string[];
  readonly scopeSeparator: string;
  readonly audience: string | null;
  readonly resource: string | null;
  readonly extraAuthorizationParameters: ReadonlyMap<string, ConfiguredText>;
  readonly extraTokenParameters: ReadonlyMap<string, ConfiguredText>;
  readonly extraTokenHeaders: ReadonlyMap<string, ConfiguredText>;
  readonly tokenContentType: 'form' | 'json';
  /** JSONPaths of one place each. */
  readonly tokenField: string;
  readonly expiresInField: string;
  readonly renewBeforeMs: number;
  readonly header: string;
  readonly prefix: string;
  /** Query parameter that takes the token in the place of the header. */
  readonly tokenQuery: string | null;
}

/** What a JWT that the client signs says (RFC 7523). */
export interface AssertionModel {
  readonly issuer: ConfiguredText | null;
  readonly subject: ConfiguredText | null;
  readonly audience: string | null;
  readonly lifetimeMs: number;
  readonly claims: ReadonlyMap<string, ConfiguredText>;
}

export interface SessionModel {
  readonly type: 'session';
  readonly login: {
    readonly method: string;
    readonly url: ConfiguredText;
    readonly headers: ReadonlyMap<string, ConfiguredText>;
    readonly body: BodyModel | null;
  };
  /** One of the two says where the token is. */
  readonly tokenField: string | null;
  readonly tokenHeader: string | null;
  readonly expiresInField: string | null;
  readonly metadata: MetadataModel | null;
  readonly renewBeforeMs: number;
  readonly header: string;
  readonly prefix: string;
  readonly tokenQuery: string | null;
}

export interface OAuth1Model {
  readonly type: 'oauth1';
  readonly consumerKey: ConfiguredText;
  readonly consumerSecret: Secret;
  readonly token: ConfiguredText | null;
  readonly tokenSecret: Secret | null;
  readonly signatureMethod: 'HMAC-SHA1' | 'HMAC-SHA256';
  readonly realm: string | null;
}
