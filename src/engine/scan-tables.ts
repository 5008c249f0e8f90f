import { setMaxListeners } from 'node:events';
import type pg from 'pg';
import { errors, GatewayError } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import { abortError, type ConnectionPool } from './connection-pool.js';
import { CopyIn } from './copy-in.js';
import { CopyTextEncoder } from './copy-text.js';
import type { DropQueue } from './drop-queue.js';
import type { CatalogueEntry, LoadOptions, ScanTable } from './engine.js';
import { type HiddenPlace, quoteIdentifier, quoteName, SCAN_PREFIX } from './names.js';
import { keyColumns, lookUpIndexSql, neverNullColumns, scanTableDdl } from './table-ddl.js';

/**
 * A scan takes a loader connection only when it has so many bytes or has ended. So a small scan from a slow API does not
 * keep one while it waits for its pages, and one that fails on its first page never makes a table.
 */
const READ_AHEAD_BYTES = 512 * 1024;
/**
 * From this many rows on a bad plan costs more than the look at the rows that prevents it, which takes a millisecond or two.
 * Without it the engine takes every condition to leave one row, and compares all rows of one table with all of the next.
 */
const ANALYZED_ROWS = 300;
/** How long the engine may take to forget an abandoned COPY before its connection is given up. */
const ABANDON_TIMEOUT_MS = 2000;

/** Fills scan tables. */
export class ScanTables {
  readonly #pool: ConnectionPool;
  readonly #drops: DropQueue;
  readonly #place: HiddenPlace;
  readonly #instance: number;
  #count = 0;

  constructor(pool: ConnectionPool, drops: DropQueue, place: HiddenPlace, instance: number) {
    this.#pool = pool;
    this.#drops = drops;
    this.#place = place;
    this.#instance = instance;
  }

  /** See `Engine.load`. */
  async load(
    entry: CatalogueEntry,
    columns: readonly string[],
    batches: AsyncIterable<RowBatch>,
    options: LoadOptions,
    signal: AbortSignal,
  ): Promise<ScanTable> {
    const name = quoteName(this.#place.scanSchema, `${SCAN_PREFIX}${this.#instance}_${++this.#count}`);
    // One statement may load many scans at once with its one signal.
    setMaxListeners(0, signal);
    const sql = loadSql(entry, columns, name, options);
    const encoder = new CopyTextEncoder();
    const frames: Buffer[] = [];
    let bytes = 0;
    let rows = 0;
    const keep = (frame: Buffer) => {
      frames.push(frame);
      bytes += frame.length;
    };
    const iterator = batches[Symbol.asyncIterator]();
    let load: RunningLoad | null = null;
    try {
      for (;;) {
        const next = await untilAborted(iterator.next(), signal);
        if (next.done === true) break;
        checkBatch(next.value, columns);
        rows += next.value.rowCount;
        encoder.encode(next.value, keep);
        if (load === null && bytes < READ_AHEAD_BYTES) continue;
        load ??= await RunningLoad.begin(this.#pool, sql, signal);
        for (const frame of frames.splice(0)) await untilAborted(load.copy.write(frame), signal);
      }
      encoder.flush(keep);
      load ??= await RunningLoad.begin(this.#pool, sql, signal);
      for (const frame of frames.splice(0)) await untilAborted(load.copy.write(frame), signal);
      await untilAborted(load.copy.end(), signal);
      await load.commit(rows < ANALYZED_ROWS ? [] : afterLoading(entry, name, columns, options));
    } catch (error) {
      await load?.abandon();
      throw translate(error, entry, name);
    } finally {
      closeIterator(iterator);
    }
    const table = { sqlName: name, drop: () => this.#drops.drop([name]) };
    if (!signal.aborted) return table;
    await table.drop();
    throw abortError(signal);
  }
}

/** A loader connection in the middle of a COPY. */
class RunningLoad {
  readonly copy: CopyIn;
  readonly #client: pg.Client;
  readonly #pool: ConnectionPool;
  #isOpen = true;

  private constructor(pool: ConnectionPool, client: pg.Client, copy: CopyIn) {
    this.#pool = pool;
    this.#client = client;
    this.copy = copy;
  }

  static async begin(pool: ConnectionPool, sql: string, signal: AbortSignal): Promise<RunningLoad> {
    const client = await pool.acquire(signal);
    try {
      return new RunningLoad(pool, client, await CopyIn.begin(client, sql));
    } catch (error) {
      pool.release(client, !(await isReset(client)));
      throw error;
    }
  }

  /** @param last statements that are run in the same transaction */
  async commit(last: readonly string[]): Promise<void> {
    await this.#client.query([...last, 'COMMIT'].join('; '));
    this.#isOpen = false;
    this.#pool.release(this.#client);
  }

  /** Rolls back, so that nothing is left; gives the connection up if that takes too long. */
  async abandon(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const cleaned = this.copy.abandon().then(() => isReset(this.#client));
    const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, ABANDON_TIMEOUT_MS, false).unref());
    this.#pool.release(this.#client, !(await Promise.race([cleaned, timeout])));
  }
}

function isReset(client: pg.Client): Promise<boolean> {
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

/**
 * Creating and copying in one message saves round trips. FREEZE makes the rows visible to snapshots older than the
 * table, which a REPEATABLE READ transaction of the client has.
 */
function loadSql(entry: CatalogueEntry, columns: readonly string[], name: string, options: LoadOptions): string {
  const { table } = entry;
  if (table === null) throw errors.internal(`"${entry.schema}.${entry.name}" is a view and has no scan table`);
  const known = new Set(table.columns.map((column) => column.name));
  const unknown = columns.find((column) => !known.has(column));
  if (unknown !== undefined)
    throw errors.internal(`"${entry.schema}.${entry.name}" has no column "${unknown}" to load`);
  const missing = options.withPrimaryKey ? keyColumns(table).find((column) => !columns.includes(column)) : undefined;
  if (missing !== undefined) throw errors.internal(`a scan table with a primary key needs the column "${missing}"`);
  // COPY cannot fill no column at all: rows without cells put a NULL in the first that may have one.
  const neverNull = neverNullColumns(table);
  const free = table.columns.find((column) => !neverNull.has(column.name)) ?? table.columns[0]!;
  const filled = columns.length === 0 ? [free.name] : columns;
  const list = filled.map(quoteIdentifier).join(', ');
  return `BEGIN;\n${scanTableDdl(table, name, filled, options)}COPY ${name} (${list}) FROM STDIN (FORMAT text, FREEZE)`;
}

/** What makes a loaded table ready to be joined. */
function afterLoading(
  { table }: CatalogueEntry,
  name: string,
  columns: readonly string[],
  { isJoined, lookUps = [] }: LoadOptions,
): string[] {
  const index = lookUpIndexSql(table!, name, lookUps);
  const isAnalyzed = isJoined === true && columns.length > 0;
  return [
    ...(index === null ? [] : [index]),
    ...(isAnalyzed ? [`ANALYZE ${name} (${columns.map(quoteIdentifier).join(', ')})`] : []),
  ];
}

function checkBatch(batch: RowBatch, columns: readonly string[]): void {
  if (batch.columnCount === columns.length) return;
  throw errors.internal(`a row batch has ${batch.columnCount} columns where ${columns.length} are loaded`);
}

/** The promise's outcome, or the signal's error as soon as it fires; the promise is then nobody's. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(abortError(signal));
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    const stop = () => signal.removeEventListener('abort', onAbort);
    promise.then(resolve, reject).finally(stop);
  });
}

/** Not awaited: a generator that ignores its signal would hold its caller up until its page is there. */
function closeIterator(iterator: AsyncIterator<RowBatch>): void {
  void Promise.resolve(iterator.return?.()).catch(() => undefined);
}

function translate(error: unknown, entry: CatalogueEntry, name: string): unknown {
  const { code, message, detail, where } = error as { code?: string; message: string; detail?: string; where?: string };
  if (error instanceof GatewayError || code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return error;
  const table = `"${entry.schema}.${entry.name}"`;
  if (code === '23505') {
    return errors.apiError(`two rows of ${table} have the same primary key`, {
      detail,
      hint: 'Correct "primary_key" of the table: the source does not keep it unique.',
      cause: error,
    });
  }
  const bare = name.slice(name.indexOf('.') + 2, -1);
  const context = where?.replaceAll(bare, entry.name);
  return new GatewayError(code, message.replaceAll(bare, entry.name), {
    detail: detail ?? (context === undefined ? undefined : `While rows of ${table} were loaded: ${context}.`),
    cause: error,
  });
}
