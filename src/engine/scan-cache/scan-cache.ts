import type { GatewayModel, TableModel } from '../../config/model.js';
import { errors } from '../../core/errors.js';
import type { RowBatch } from '../../core/row-batch.js';
import { isOutage } from '../../http/outage.js';
import type { RememberedPage, ScanContext, Scanner, ScanSpec } from '../../scan/scan.js';
import type { CatalogueEntry, Engine } from '../engine.js';
import { type CacheAnswer, describeAnswer } from './cache-answer.js';
import { CacheEntry, type CacheLease, type KeptScan } from './cache-entry.js';
import type { CacheEntryInfo, CacheMode } from './cache-info.js';
import { CacheStore } from './cache-store.js';
import { Fill } from './fill.js';
import { isSameScan, type ScanScope, scanScope } from './scan-scope.js';
import { staleNotice } from './stale-notice.js';
import { TableIdentities } from './table-identity.js';

/** A scan that a statement needs. */
export interface CacheRequest {
  readonly entry: CatalogueEntry;
  readonly spec: ScanSpec;
  readonly mode: CacheMode;
  /** See `LoadOptions`. */
  readonly withPrimaryKey: boolean;
}

export interface ScanCacheOptions {
  readonly engine: Pick<Engine, 'load' | 'readScanTable' | 'query'>;
  readonly log: (level: 'info' | 'warn', event: object, message: string) => void;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/** The kept scans of a gateway, shared by all of its sessions. */
export class ScanCache {
  readonly #engine: ScanCacheOptions['engine'];
  readonly #log: ScanCacheOptions['log'];
  readonly #now: () => number;
  readonly #identities = new TableIdentities();
  readonly #store: CacheStore;
  readonly #fills = new Set<Fill>();
  #maxBytes: number;
  /** The tables of the configuration in force. */
  #current: ReadonlySet<string>;

  constructor(model: Pick<GatewayModel, 'dsns' | 'limits'>, options: ScanCacheOptions) {
    this.#engine = options.engine;
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
    this.#maxBytes = model.limits.cacheBytes;
    this.#current = this.#identitiesOf(model);
    this.#store = new CacheStore({
      maxBytes: this.#maxBytes,
      now: this.#now,
      onDropFailed: (error) => this.#log('warn', { err: error }, 'a kept scan table could not be dropped'),
    });
  }

  /** Whether rows of the table are kept for statements in this mode. */
  keeps(table: TableModel, mode: CacheMode): boolean {
    return table.cache !== null && mode !== 'off' && this.#maxBytes > 0;
  }

  /** The scan with the columns that are read for it: more than it needs where the table says so. */
  widened(spec: ScanSpec, mode: CacheMode): ScanSpec {
    if (!this.keeps(spec.table, mode) || spec.table.cache!.columns === 'needed') return spec;
    const others = spec.table.columns.map((column) => column.name).filter((name) => !spec.columns.includes(name));
    return { ...spec, columns: [...spec.columns, ...others] };
  }

  /** What a statement that needs this scan would be answered from, as things stand. */
  answer(spec: ScanSpec, mode: CacheMode): CacheAnswer {
    if (spec.table.cache === null) return { type: 'none' };
    if (!this.keeps(spec.table, mode)) return { type: 'off' };
    if (mode === 'refresh') return { type: 'fetch', mode };
    const wanted = scanScope(spec, false);
    const identity = this.#identities.of(spec.table);
    const now = this.#now();
    if (this.#findFetched(identity, wanted) !== undefined) return { type: 'fill' };
    const kept = this.#store.find(identity, (entry) => entry.isFreshFor(wanted, now));
    if (kept !== undefined) return { type: 'kept', info: kept.info(now) };
    if (this.#findFill(identity, wanted) !== undefined) return { type: 'fill' };
    const old = this.#store.find(identity, (entry) => isRevalidatable(entry, wanted) || entry.isSpareFor(wanted, now));
    return old === undefined ? { type: 'fetch', mode } : { type: 'stale', info: old.info(now) };
  }

  /** The same in words, for EXPLAIN; null where nothing is kept. */
  describe(spec: ScanSpec, mode: CacheMode): string | null {
    return describeAnswer(this.answer(spec, mode), spec.table, this.#now());
  }

  /**
   * A table with the rows of the scan, and perhaps more, to be given back by `drop`: a kept one, the one of an equal scan
   * under way, or a new one, which is then kept. With rows over their time the API is asked first whether they have changed,
   * and they are shown with a warning where it fails and the table allows that.
   */
  async acquire(request: CacheRequest, scanner: Scanner, context: ScanContext): Promise<CacheLease> {
    const wanted = scanScope(this.widened(request.spec, request.mode), request.withPrimaryKey);
    const identity = this.#identities.of(wanted.spec.table);
    if (request.mode === 'refresh') {
      return await this.#start(identity, wanted, request.entry, scanner, context, null).wait(context);
    }
    const kept = await this.#findAlive(identity, wanted, context);
    if (kept !== null) return await this.#withKey(kept, wanted, identity, request.entry, context);
    const running = this.#findFill(identity, wanted);
    const now = this.#now();
    const spare = this.#store.find(identity, (entry) => entry.isSpareFor(wanted, now))?.lease();
    try {
      const old = this.#store.find(identity, (entry) => isRevalidatable(entry, wanted)) ?? null;
      const fill = running ?? this.#start(identity, wanted, request.entry, scanner, context, old);
      const lease = await fill.wait(context);
      if (running !== undefined) this.#countHit(lease, context);
      return await this.#withKey(lease, wanted, identity, request.entry, context);
    } catch (error) {
      if (spare === undefined || context.signal.aborted || !isOutage(error)) throw error;
      if (!(await this.#isThere(spare.entry))) throw error;
      const used = spare.entry.lease();
      context.notice(staleNotice(wanted.spec.table, error, this.#now() - spare.entry.scan.createdAt));
      this.#countHit(used, context);
      return await this.#withKey(used, wanted, identity, request.entry, context);
    } finally {
      void spare?.drop();
    }
  }

  /**
   * The scan's rows for a statement that sends them on as they come, while they are kept for others. When its reader goes
   * before the end and nobody else waits, the scan ends and nothing is kept.
   */
  async *stream(request: CacheRequest, scanner: Scanner, context: ScanContext): AsyncGenerator<RowBatch, void, void> {
    const wanted = scanScope(request.spec, false);
    const identity = this.#identities.of(wanted.spec.table);
    const read = (table: CacheLease, from: number) =>
      this.#engine.readScanTable(table, wanted.spec.columns, from, context.signal);
    if (request.mode !== 'refresh') {
      // Since the statement was planned another session may have begun the same scan.
      const lease = (await this.#findAlive(identity, wanted, context)) ?? (await this.#join(identity, wanted, context));
      if (lease !== null) {
        try {
          yield* read(lease, 0);
        } finally {
          void lease.drop();
        }
        return;
      }
    }
    yield* this.#start(identity, wanted, request.entry, scanner, context, null).stream(context, read);
  }

  /** All kept scans and those under way. */
  entries(): readonly CacheEntryInfo[] {
    const now = this.#now();
    const kept = [...this.#store.entries].map((entry) => entry.info(now));
    return [...kept, ...[...this.#fills].map(fillInfo)];
  }

  /** After a reload: what was read by other definitions goes, as soon as nobody reads it. */
  retain(model: Pick<GatewayModel, 'dsns' | 'limits'>): void {
    this.#maxBytes = model.limits.cacheBytes;
    this.#current = this.#identitiesOf(model);
    this.#store.retain(this.#current, this.#maxBytes);
  }

  /** Ends the scans under way and drops all tables. */
  async close(): Promise<void> {
    this.#current = new Set();
    for (const fill of this.#fills) fill.abort(errors.shuttingDown('the gateway is shutting down'));
    await this.#store.clear();
  }

  #identitiesOf({ dsns }: Pick<GatewayModel, 'dsns'>): ReadonlySet<string> {
    const tables = dsns.flatMap((dsn) => dsn.tables);
    return new Set(tables.filter((table) => table.cache !== null).map((table) => this.#identities.of(table)));
  }

  #findFill(identity: string, wanted: ScanScope): Fill | undefined {
    return [...this.#fills].find((fill) => fill.identity === identity && fill.fits(wanted));
  }

  /** The table of an equal scan under way, once it is filled; null: there is none. */
  async #join(identity: string, wanted: ScanScope, context: ScanContext): Promise<CacheLease | null> {
    const fill = this.#findFill(identity, wanted);
    return fill === undefined ? null : this.#countHit(await fill.wait(context), context);
  }

  /** A scan that is newer than any kept table, and only has to be stored. */
  #findFetched(identity: string, wanted: ScanScope): Fill | undefined {
    return [...this.#fills].find((fill) => fill.isFetched && fill.identity === identity && fill.fits(wanted));
  }

  /** A lease on a fresh table that is still there. */
  async #findAlive(identity: string, wanted: ScanScope, context: ScanContext): Promise<CacheLease | null> {
    const fetched = this.#findFetched(identity, wanted);
    if (fetched !== undefined) return this.#countHit(await fetched.wait(context), context);
    for (;;) {
      const now = this.#now();
      const fits = (entry: CacheEntry): boolean => entry.isFreshFor(wanted, now);
      const entry =
        this.#store.find(identity, (item) => fits(item) && item.scan.scope.hasKey) ?? this.#store.find(identity, fits);
      if (entry === undefined) return null;
      const lease = entry.lease();
      if (await this.#isThere(entry)) {
        for (const notice of entry.scan.notices) context.notice(notice);
        return this.#countHit(lease, context);
      }
      this.#store.remove(entry);
      void lease.drop();
    }
  }

  /** False when a crash of the engine has emptied the table, as it does with unlogged ones, or somebody has dropped it. */
  async #isThere({ scan }: CacheEntry): Promise<boolean> {
    try {
      const rows = await this.#engine.query(`SELECT FROM ${scan.table.sqlName} LIMIT 1`);
      return scan.rows === 0 || rows.length > 0;
    } catch {
      return false;
    }
  }

  #countHit(lease: CacheLease, context: ScanContext): CacheLease {
    lease.entry.countHit(this.#now());
    context.statistics.cacheHits++;
    return lease;
  }

  /** Begins a scan; `old` is an entry over its time that it may find to be still right. */
  #start(
    identity: string,
    wanted: ScanScope,
    entry: CatalogueEntry,
    scanner: Scanner,
    context: ScanContext,
    old: CacheEntry | null,
  ): Fill {
    const oldLease = old?.lease();
    const scope = old === null ? wanted : scanScope(old.scan.scope.spec, wanted.hasKey || old.scan.scope.hasKey);
    const fill = new Fill(identity, scope, this.#now());
    let pages: readonly RememberedPage[] | null = null;
    const { cache } = scope.spec.table;
    const fetch = async (fillContext: ScanContext) => {
      let isUnchanged = false;
      const revalidation = {
        known: old?.scan.pages ?? null,
        remember: (seen: readonly RememberedPage[] | null) => {
          pages = seen;
        },
        unchanged: () => {
          isUnchanged = true;
        },
      };
      const source = scanner.open(
        scope.spec,
        cache?.revalidates === true ? { ...fillContext, revalidation } : fillContext,
      );
      const first = await source.next();
      return isUnchanged ? null : resumed(first, source);
    };
    const load = async (batches: AsyncGenerator<RowBatch, void, void>): Promise<CacheLease> => {
      const options = { withPrimaryKey: scope.hasKey, keepsOrder: true };
      const table = await this.#engine.load(entry, scope.spec.columns, batches, options, fill.signal);
      return await this.#keep(identity, {
        scope: fill.filledScope,
        table,
        rows: fill.rows,
        isWhole: fill.notices.length === 0,
        notices: fill.notices,
        pages,
      });
    };
    const renew = (): CacheLease => {
      old!.renew(this.#now() + (cache?.ttlMs ?? 0));
      this.#store.schedule();
      return old!.lease();
    };
    this.#fills.add(fill);
    void fill.run({ fetch, load, renew }, context).finally(() => {
      this.#fills.delete(fill);
      void oldLease?.drop();
    });
    return fill;
  }

  async #keep(
    identity: string,
    scan: Omit<KeptScan, 'bytes' | 'createdAt' | 'expiresAt'> & Partial<Pick<KeptScan, 'createdAt' | 'expiresAt'>>,
  ): Promise<CacheLease> {
    const { table, scope } = scan;
    let bytes: number;
    try {
      const name = table.sqlName.replaceAll("'", "''");
      const [[size] = []] = await this.#engine.query(`SELECT pg_total_relation_size('${name}')::text`);
      bytes = Number(size);
    } catch (error) {
      await table.drop();
      throw error;
    }
    const now = this.#now();
    const times = { createdAt: now, expiresAt: now + (scope.spec.table.cache?.ttlMs ?? 0) };
    const entry = new CacheEntry({ ...times, ...scan, bytes }, () => this.#store.makeRoom());
    const lease = entry.lease();
    if (bytes > this.#maxBytes) {
      const { dsn, name } = scope.spec.table;
      this.#log('info', { table: `${dsn}.${name}`, bytes }, 'a scan is larger than limits.cache_bytes and is not kept');
      void entry.retire();
    } else if (this.#current.has(identity)) this.#store.add(identity, entry);
    else void entry.retire();
    return lease;
  }

  /** The same rows in a table with the primary key, where the statement needs that and the kept table has none. */
  async #withKey(
    lease: CacheLease,
    wanted: ScanScope,
    identity: string,
    entry: CatalogueEntry,
    { signal }: ScanContext,
  ): Promise<CacheLease> {
    const { scan, expiresAt } = lease.entry;
    if (!wanted.hasKey || scan.scope.hasKey) return lease;
    try {
      const { columns } = scan.scope.spec;
      const rows = this.#engine.readScanTable(lease, columns, 0, signal);
      const table = await this.#engine.load(entry, columns, rows, { withPrimaryKey: true, keepsOrder: true }, signal);
      return await this.#keep(identity, { ...scan, expiresAt, scope: { ...scan.scope, hasKey: true }, table });
    } finally {
      void lease.drop();
    }
  }
}

function isRevalidatable({ scan }: CacheEntry, wanted: ScanScope): boolean {
  return scan.pages !== null && isSameScan(scan.scope, wanted);
}

function fillInfo({ scope, startedAt, rows, waiterCount }: Fill): CacheEntryInfo {
  const { table, columns, filters, limit } = scope.spec;
  return {
    dsn: table.dsn,
    table: table.name,
    columns,
    filters,
    limit,
    state: 'filling',
    rows,
    bytes: 0,
    createdAt: startedAt,
    expiresAt: null,
    hits: 0,
    lastUsedAt: startedAt,
    readers: waiterCount,
  };
}

/** A generator whose first result was taken already. */
async function* resumed(
  first: IteratorResult<RowBatch, void>,
  rest: AsyncGenerator<RowBatch, void, void>,
): AsyncGenerator<RowBatch, void, void> {
  if (first.done === true) return;
  try {
    yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}
