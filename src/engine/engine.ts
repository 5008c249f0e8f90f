import type { Socket } from 'node:net';
import type { GatewayModel, TableModel } from '../config/model.js';
import type { GatewayError } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import type { Secret } from '../core/secret.js';

/** What the planner needs to know of a virtual table or view as the engine has it. */
export interface CatalogueEntry {
  readonly schema: string;
  readonly name: string;
  /** pg_class OID of the virtual table or view that clients see. */
  readonly oid: number;
  /** The table's definition; null for a view. */
  readonly table: TableModel | null;
  /** A view's definition as the engine prints it with an empty search_path, so that every name is qualified. */
  readonly viewSql: string | null;
  /**
   * Plan tables, each a qualified and quoted name: empty twins of the virtual table, with its
   * keys and an index on each filter column, so that EXPLAIN shows dependent fetches. The n-th reference to the table in
   * one statement uses the n-th. Empty for a view.
   */
  readonly planTables: readonly string[];
}

/** The virtual tables and views of one configuration, immutable; a reload makes a new one. */
export interface Catalogue {
  /** By `schema.name`, both as the engine has them (unquoted). */
  readonly entries: ReadonlyMap<string, CatalogueEntry>;
  readonly byOid: ReadonlyMap<number, CatalogueEntry>;
  readonly schemas: readonly string[];
  /** What the model asks for and the engine does not have: broken views, impossible foreign keys. The rest stands. */
  readonly problems?: readonly GatewayError[];
}

/** A scan table being filled, then read by one statement (or more, until it is dropped). */
export interface ScanTable {
  /** Qualified and quoted, ready to stand in SQL text; or, of rows that were to be `inline`, a subquery in parentheses. */
  readonly sqlName: string;
  drop(): Promise<void>;
}

/** How a scan table is made. */
export interface LoadOptions {
  /** The table gets the virtual table's primary key: a statement that groups by it needs that. */
  readonly withPrimaryKey: boolean;
  /** The table is read in the order of its rows: without parallel workers, which would mix it up. */
  readonly keepsOrder?: boolean;
  /** The table will be joined with others: unless it is small the engine learns of its values what it needs to plan that. */
  readonly isJoined?: boolean;
  /** Columns by which its rows will be looked up again and again: unless it is small they get an index. */
  readonly lookUps?: readonly string[];
  /** A few rows need no table: a subquery that has them can stand in its place, in a session with `array_nulls`. */
  readonly mayBeInline?: boolean;
}

/** The PostgreSQL behind the gateway. */
export interface Engine {
  /** Opens a socket on which the PostgreSQL protocol starts with a StartupMessage (any TLS is already done). */
  connect(): Promise<Socket>;
  /**
   * The password that the session logs a trusted user in with. Null where the engine asks for none (embedded); on an
   * external server every gateway with the same `engine.url` derives the same.
   */
  trustedPassword(user: string): Secret | null;
  /** Makes schemas, tables, views, roles and grants equal to the model, keeping what is equal; clients stay connected. */
  applyCatalogue(model: GatewayModel): Promise<Catalogue>;
  /** More plan tables for a table that one statement names very often: the catalogue entry with at least `count` of them. */
  ensurePlanTables(entry: CatalogueEntry, count: number): Promise<readonly string[]>;
  /**
   * COPYs all rows into a new scan table; `columns` are the batches' columns, the table's others stay NULL. Nothing is left
   * behind when the batches or the signal fail.
   */
  load(
    entry: CatalogueEntry,
    columns: readonly string[],
    batches: AsyncIterable<RowBatch>,
    options: LoadOptions,
    signal: AbortSignal,
  ): Promise<ScanTable>;
  /**
   * The rows of a scan table from row `from` (0-based) on, in the order they were loaded; the caller keeps the table from
   * being dropped. Holds no connection between batches, so the consumer may take its time.
   */
  readScanTable(
    table: ScanTable,
    columns: readonly string[],
    from: number,
    signal: AbortSignal,
  ): AsyncGenerator<RowBatch, void, void>;
  /** Runs SQL as the gateway's own role; rows as arrays of text. */
  query(sql: string, parameters?: readonly (string | null)[]): Promise<readonly (readonly (string | null)[])[]>;
  close(): Promise<void>;
}

/** Schemas that clients may not name. */
export const SCAN_SCHEMA = 'tidegate_scan';
export const PLAN_SCHEMA = 'tidegate_plan';
