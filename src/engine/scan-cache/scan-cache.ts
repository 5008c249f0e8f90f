import type { GatewayModel, TableModel } from '../../config/model.js';
import type { RowBatch } from '../../core/row-batch.js';
import { isOutage } from '../../http/outage.js';
import type { ScanContext, Scanner, ScanSpec } from '../../scan/scan.js';
import type { CatalogueEntry, Engine } from '../engine.js';
import { type CacheAnswer, describeAnswer } from './cache-answer.js';
import type { CacheEntry, CacheLease } from './cache-entry.js';
import type { CacheEntryInfo, CacheMode } from './cache-info.js';
import { type FillOrder, Fills } from './fills.js';
import { KeptTables } from './kept-tables.js';
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
  readonly #now: () => number;
  readonly #identities = new TableIdentities();
  readonly #kept: KeptTables;
  readonly #fills: Fills;

  constructor(model: Pick<GatewayModel, 'dsns' | 'limits'>, options: ScanCacheOptions) {
    const { engine, log, now = Date.now } = options;
    this.#engine = engine;
    this.#now = now;
    this.#kept = new KeptTables(this.#identitiesOf(model), model.limits.cacheBytes, { engine, log, now });
    this.#fills = new Fills(engine, this.#kept, now);
  }

  /** Whether rows of the table are kept for statements in this mode. */
  keeps(table: TableModel, mode: CacheMode): boolean {
    return table.cache !== null && mode !== 'off' && this.#kept.isOn;
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
    if (this.#fills.findFetched(identity, wanted) !== undefined) return { type: 'fill' };
    const kept = this.#kept.find(identity, (entry) => entry.isFreshFor(wanted, now));
    if (kept !== undefined) return { type: 'kept', info: kept.info(now) };
    if (this.#fills.find(identity, wanted) !== undefined) return { type: 'fill' };
    const old = this.#kept.find(identity, (entry) => isRevalidatable(entry, wanted) || entry.isSpareFor(wanted, now));
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
    const { entry, mode } = request;
    const wanted = scanScope(this.widened(request.spec, mode), request.withPrimaryKey);
    const identity = this.#identities.of(wanted.spec.table);
    const order: FillOrder = { identity, wanted, entry, scanner, old: null };
    if (mode === 'refresh') return await this.#fills.start(order, context).wait(context);
    const withKey = (lease: CacheLease) => this.#kept.withKey(lease, wanted, identity, entry, context);
    const kept = await this.#findKept(identity, wanted, context);
    if (kept !== null) return await withKey(kept);
    const now = this.#now();
    const spare = this.#kept.find(identity, (item) => item.isSpareFor(wanted, now))?.lease();
    try {
      let lease = await this.#fills.join(identity, wanted, context);
      if (lease === null) {
        const old = this.#kept.find(identity, (item) => isRevalidatable(item, wanted)) ?? null;
        const fill = this.#fills.find(identity, wanted) ?? this.#fills.start({ ...order, old }, context);
        lease = await fill.wait(context);
      }
      return await withKey(lease);
    } catch (error) {
      if (spare === undefined || context.signal.aborted || !isOutage(error)) throw error;
      if (!(await this.#kept.isThere(spare.entry))) throw error;
      context.notice(staleNotice(wanted.spec.table, error, this.#now() - spare.entry.scan.createdAt));
      return await withKey(this.#kept.countHit(spare.entry.lease(), context));
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
    const isShared = request.mode !== 'refresh';
    // Since the statement was planned another session may have begun the same scan.
    let lease = isShared ? await this.#findKept(identity, wanted, context) : null;
    if (isShared) lease ??= await this.#fills.join(identity, wanted, context);
    const begun = isShared ? this.#fills.find(identity, wanted) : undefined;
    if (lease === null && begun === undefined) {
      const order: FillOrder = { identity, wanted, entry: request.entry, scanner, old: null };
      yield* this.#fills.start(order, context).stream(context, read);
      return;
    }
    lease ??= this.#kept.countHit(await begun!.wait(context), context);
    try {
      yield* read(lease, 0);
    } finally {
      void lease.drop();
    }
  }

  /** All kept scans and those under way. */
  entries(): readonly CacheEntryInfo[] {
    const now = this.#now();
    return [...[...this.#kept.entries].map((entry) => entry.info(now)), ...this.#fills.infos];
  }

  /** After a reload: what was read by other definitions goes, as soon as nobody reads it. */
  retain(model: Pick<GatewayModel, 'dsns' | 'limits'>): void {
    this.#kept.retain(this.#identitiesOf(model), model.limits.cacheBytes);
  }

  /** Ends the scans under way and drops all tables. */
  async close(): Promise<void> {
    const ended = this.#fills.close();
    await this.#kept.close();
    await ended;
  }

  /** Fresh rows; those that only have to be stored are newer than any that are. */
  async #findKept(identity: string, wanted: ScanScope, context: ScanContext): Promise<CacheLease | null> {
    const fetched = this.#fills.findFetched(identity, wanted);
    if (fetched !== undefined) return this.#kept.countHit(await fetched.wait(context), context);
    return await this.#kept.findAlive(identity, wanted, context);
  }

  #identitiesOf({ dsns }: Pick<GatewayModel, 'dsns'>): ReadonlySet<string> {
    const tables = dsns.flatMap((dsn) => dsn.tables);
    return new Set(tables.filter((table) => table.cache !== null).map((table) => this.#identities.of(table)));
  }
}

function isRevalidatable({ scan }: CacheEntry, wanted: ScanScope): boolean {
  return scan.pages !== null && isSameScan(scan.scope, wanted);
}
