import { setMaxListeners } from 'node:events';
import type { TableModel } from '../config/model.js';
import { errors, GatewayError } from '../core/errors.js';
import type { RowBatch } from '../core/row-batch.js';
import type { SqlType } from '../core/sql-type.js';
import { abortError, type ConnectionPool } from './connection-pool.js';
import { newCopyEncoder } from './copy-format.js';
import type { CopyEncoder } from './copy-frame.js';
import type { DropQueue } from './drop-queue.js';
import type { CatalogueEntry, LoadOptions, ScanTable } from './engine.js';
import { inlineRows } from './inline-rows.js';
import { type HiddenPlace, quoteIdentifier, quoteName, SCAN_PREFIX } from './names.js';
import { RowSource } from './row-source.js';
import { RunningLoad } from './running-load.js';
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
/** Rows of more bytes are better copied than parsed with the statement. */
const INLINE_BYTES = 64 * 1024;

/** Fills scan tables. */
export class ScanTables {
  readonly #pool: ConnectionPool;
  readonly #drops: DropQueue;
  readonly #place: HiddenPlace;
  readonly #instance: number;
  readonly #inlines: boolean;
  #count = 0;

  /** @param inlines whether rows may stand in statements, which a server of somebody else's might log */
  constructor(pool: ConnectionPool, drops: DropQueue, place: HiddenPlace, instance: number, inlines: boolean) {
    this.#pool = pool;
    this.#drops = drops;
    this.#place = place;
    this.#instance = instance;
    this.#inlines = inlines;
  }

  /** See `Engine.load`. */
  async load(
    entry: CatalogueEntry,
    columns: readonly string[],
    batches: AsyncIterable<RowBatch>,
    options: LoadOptions,
    signal: AbortSignal,
  ): Promise<ScanTable> {
    const { table } = entry;
    if (table === null) throw errors.internal(`"${entry.schema}.${entry.name}" is a view and has no scan table`);
    // One statement may load many scans at once with its one signal.
    setMaxListeners(0, signal);
    const source = new RowSource(batches, columns.length, signal);
    const name = quoteName(this.#place.scanSchema, `${SCAN_PREFIX}${this.#instance}_${++this.#count}`);
    let load: RunningLoad | null = null;
    try {
      const encoder = newCopyEncoder(loadedTypes(table, columns));
      const sql = loadSql(table, columns, name, encoder.format, options);
      const first = this.#mayInline(options) ? await readFew(source) : NO_ROWS;
      const inline = first.isAll ? inlineRows(table, columns, first.batches) : null;
      if (inline !== null) return { sqlName: inline, drop: async () => {} };
      const frames: Buffer[] = [];
      let bytes = 0;
      const keep = (frame: Buffer) => {
        frames.push(frame);
        bytes += frame.length;
      };
      for (const batch of first.batches) encoder.encode(batch, keep);
      for (let batch = await source.next(); batch !== null; batch = await source.next()) {
        encoder.encode(batch, keep);
        if (load === null && bytes < READ_AHEAD_BYTES) continue;
        load ??= await RunningLoad.begin(this.#pool, sql, signal);
        await load.write(frames.splice(0));
      }
      encoder.finish(keep);
      load ??= await RunningLoad.begin(this.#pool, sql, signal);
      await load.write(frames.splice(0));
      await load.commit(source.rows < ANALYZED_ROWS ? [] : afterLoading(table, name, columns, options));
    } catch (error) {
      await load?.abandon();
      throw translate(error, entry, name);
    } finally {
      source.close();
    }
    const loaded = { sqlName: name, drop: () => this.#drops.drop([name]) };
    if (!signal.aborted) return loaded;
    await loaded.drop();
    throw abortError(signal);
  }

  /** A key is a table's alone. */
  #mayInline({ mayBeInline, withPrimaryKey }: LoadOptions): boolean {
    return this.#inlines && mayBeInline === true && !withPrimaryKey;
  }
}

/** The first batches of a scan; all of them, if they are few rows. */
interface FirstRows {
  readonly batches: readonly RowBatch[];
  readonly isAll: boolean;
}

const NO_ROWS: FirstRows = { batches: [], isAll: false };

async function readFew(source: RowSource): Promise<FirstRows> {
  const batches: RowBatch[] = [];
  while (source.rows < ANALYZED_ROWS && source.bytes < INLINE_BYTES) {
    const batch = await source.next();
    if (batch === null) return { batches, isAll: true };
    batches.push(batch);
  }
  return { batches, isAll: false };
}

/** The types of the columns that are loaded. */
function loadedTypes({ dsn, name, columns }: TableModel, loaded: readonly string[]): SqlType[] {
  return loaded.map((wanted) => {
    const column = columns.find((candidate) => candidate.name === wanted);
    if (column === undefined) throw errors.internal(`"${dsn}.${name}" has no column "${wanted}" to load`);
    return column.type;
  });
}

/**
 * Creating and copying in one message saves round trips. FREEZE makes the rows visible to snapshots older than the
 * table, which a REPEATABLE READ transaction of the client has.
 */
function loadSql(
  table: TableModel,
  columns: readonly string[],
  name: string,
  format: CopyEncoder['format'],
  options: LoadOptions,
): string {
  const missing = options.withPrimaryKey ? keyColumns(table).find((column) => !columns.includes(column)) : undefined;
  if (missing !== undefined) throw errors.internal(`a scan table with a primary key needs the column "${missing}"`);
  // COPY cannot fill no column at all: rows without cells put a NULL in the first that may have one.
  const neverNull = neverNullColumns(table);
  const free = table.columns.find((column) => !neverNull.has(column.name)) ?? table.columns[0]!;
  const filled = columns.length === 0 ? [free.name] : columns;
  const list = filled.map(quoteIdentifier).join(', ');
  return `BEGIN;\n${scanTableDdl(table, name, filled, options)}COPY ${name} (${list}) FROM STDIN (FORMAT ${format}, FREEZE)`;
}

/** What makes a loaded table ready to be joined. */
function afterLoading(
  table: TableModel,
  name: string,
  columns: readonly string[],
  { isJoined, lookUps = [] }: LoadOptions,
): string[] {
  const index = lookUpIndexSql(table, name, lookUps);
  const isAnalyzed = isJoined === true && columns.length > 0;
  return [
    ...(index === null ? [] : [index]),
    ...(isAnalyzed ? [`ANALYZE ${name} (${columns.map(quoteIdentifier).join(', ')})`] : []),
  ];
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
