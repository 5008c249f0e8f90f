import type { GatewayError } from '../core/errors.js';
import type { Secret } from '../core/secret.js';
import type { SqlType } from '../core/sql-type.js';
import type { CompressionModel, HttpSource } from './http-model.js';
import type { ValuePlace } from './request-model.js';

export type * from './auth-model.js';
export { JWT_ALGORITHMS } from './auth-model.js';
export type * from './http-model.js';
export type * from './request-model.js';

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
  /** The navigation properties whose entities' properties become columns too, by set. */
  readonly expand: Readonly<Record<string, readonly string[]>>;
  /** Why there are no tables yet; null once they are known. */
  readonly problem: GatewayError | null;
}

/** How a table gets the columns that it does not declare: from a sample. */
export interface InferenceModel {
  readonly fingerprint: string;
  /** Names of the columns whose types it told. */
  readonly columns: ReadonlySet<string>;
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
  readonly include: IncludeModel | null;
  readonly count: CountModel | null;
  /** About how many rows the API has; null: not known. */
  readonly rows: number | null;
  readonly lookup: LookupModel | null;
  /** Null: every statement asks the API. */
  readonly cache: CacheModel | null;
  /** Only of a table that leaves columns to a sample. */
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

/** How the API is asked for what it only sends with a record when it is asked to: other entities that the record points to. */
export interface IncludeModel {
  readonly place: ValuePlace;
  readonly parameter: string;
  readonly separator: string;
  /** One of them, made of `{name}` and `{fields}`; null: its name alone. */
  readonly template: string | null;
}

/** Where the API says how many rows there are; one of `field` and `header`. */
export interface CountModel {
  readonly field: string | null;
  readonly header: string | null;
  /** Null: the table's own first page says it. */
  readonly source: HttpSource | null;
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

/** Texts that mean true and false, at least one of each, none of them both. */
export interface BooleanValues {
  readonly true: readonly string[];
  readonly false: readonly string[];
}

export interface ColumnModel {
  readonly name: string;
  readonly type: SqlType;
  readonly description: string | null;
  readonly from: 'record' | 'filter' | 'header' | 'page_url' | 'page_number';
  /** Where the value sits in a record, as written (JSONPath, XML path, CSV header or 1-based number); the column's name by default. */
  readonly field: string;
  /** The name the API knows the field by, for `order_by` and `select`. */
  readonly apiName: string | null;
  /** The name of what the API has to be asked for to send the field, for `include`; null: it always does. */
  readonly include: string | null;
  /** How dates and times are written: `rfc3339`, `unix`, `unix_ms`, `rfc2822`, a pattern; null: ISO 8601. */
  readonly format: string | null;
  /** Zone of times without one in a timestamptz column. */
  readonly timezone: string;
  readonly decimal: string | null;
  /** Of a boolean column: the texts that the API writes it as; null where it writes it as usual. */
  readonly values: BooleanValues | null;
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
