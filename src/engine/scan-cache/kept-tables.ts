import type { ScanContext } from '../../scan/scan.js';
import type { CatalogueEntry, Engine } from '../engine.js';
import { CacheEntry, type CacheLease, type KeptScan } from './cache-entry.js';
import { CacheStore } from './cache-store.js';
import type { ScanScope } from './scan-scope.js';

export interface KeptTablesOptions {
  readonly engine: Pick<Engine, 'load' | 'readScanTable' | 'query'>;
  readonly log: (level: 'info' | 'warn', event: object, message: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A scan that was just stored; the copy of another keeps that one's times. */
type StoredScan = Omit<KeptScan, 'bytes' | 'createdAt' | 'expiresAt'> &
  Partial<Pick<KeptScan, 'createdAt' | 'expiresAt'>>;

/** The kept scan tables as the engine has them. */
export class KeptTables {
  readonly #options: KeptTablesOptions;
  readonly #store: CacheStore;
  #maxBytes: number;
  /** The tables of the configuration in force, by their identities. */
  #current: ReadonlySet<string>;

  constructor(current: ReadonlySet<string>, maxBytes: number, options: KeptTablesOptions) {
    this.#options = options;
    this.#current = current;
    this.#maxBytes = maxBytes;
    this.#store = new CacheStore({
      maxBytes,
      now: options.now,
      onDropFailed: (error) => options.log('warn', { err: error }, 'a kept scan table could not be dropped'),
    });
  }

  get isOn(): boolean {
    return this.#maxBytes > 0;
  }

  get entries(): IterableIterator<CacheEntry> {
    return this.#store.entries;
  }

  /** The latest entry of a table that fits. */
  find(identity: string, fits: (entry: CacheEntry) => boolean): CacheEntry | undefined {
    return this.#store.find(identity, fits);
  }

  /** A lease on a fresh table that is still there. */
  async findAlive(identity: string, wanted: ScanScope, context: ScanContext): Promise<CacheLease | null> {
    for (;;) {
      const now = this.#options.now();
      const fits = (entry: CacheEntry): boolean => entry.isFreshFor(wanted, now);
      const entry =
        this.#store.find(identity, (item) => fits(item) && item.scan.scope.hasKey) ?? this.#store.find(identity, fits);
      if (entry === undefined) return null;
      const lease = entry.lease();
      if (await this.isThere(entry)) {
        for (const notice of entry.scan.notices) context.notice(notice);
        return this.countHit(lease, context);
      }
      this.#store.remove(entry);
      void lease.drop();
    }
  }

  /** False when a crash of the engine has emptied the table, as it does with unlogged ones, or somebody has dropped it. */
  async isThere({ scan }: CacheEntry): Promise<boolean> {
    try {
      const rows = await this.#options.engine.query(`SELECT FROM ${scan.table.sqlName} LIMIT 1`);
      return scan.rows === 0 || rows.length > 0;
    } catch {
      return false;
    }
  }

  /** Counts that a statement is answered from kept rows. */
  countHit(lease: CacheLease, context: ScanContext): CacheLease {
    lease.entry.countHit(this.#options.now());
    context.statistics.cacheHits++;
    return lease;
  }

  /** An entry over its time whose rows are still right. */
  renew(entry: CacheEntry): CacheLease {
    entry.renew(this.#options.now() + (entry.scan.scope.spec.table.cache?.ttlMs ?? 0));
    this.#store.schedule();
    return entry.lease();
  }

  /** Keeps a table, unless it is too large or its definition is no more in force; it comes with a lease. */
  async keep(identity: string, scan: StoredScan): Promise<CacheLease> {
    const { table, scope } = scan;
    let bytes: number;
    try {
      const name = table.sqlName.replaceAll("'", "''");
      const [[size] = []] = await this.#options.engine.query(`SELECT pg_total_relation_size('${name}')::text`);
      bytes = Number(size);
    } catch (error) {
      await table.drop();
      throw error;
    }
    const now = this.#options.now();
    const times = { createdAt: now, expiresAt: now + (scope.spec.table.cache?.ttlMs ?? 0) };
    const entry = new CacheEntry({ ...times, ...scan, bytes }, () => this.#store.makeRoom());
    const lease = entry.lease();
    if (bytes > this.#maxBytes) {
      const { dsn, name } = scope.spec.table;
      this.#options.log(
        'info',
        { table: `${dsn}.${name}`, bytes },
        'a scan is larger than limits.cache_bytes and is not kept',
      );
      void entry.retire();
    } else if (this.#current.has(identity)) this.#store.add(identity, entry);
    else void entry.retire();
    return lease;
  }

  /** The same rows in a table with the primary key, where the statement needs that and the kept table has none. */
  async withKey(
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
      const rows = this.#options.engine.readScanTable(lease, columns, 0, signal);
      const table = await this.#options.engine.load(
        entry,
        columns,
        rows,
        { withPrimaryKey: true, keepsOrder: true, isJoined: true },
        signal,
      );
      return await this.keep(identity, { ...scan, expiresAt, scope: { ...scan.scope, hasKey: true }, table });
    } finally {
      void lease.drop();
    }
  }

  /** After a reload: what was read by other definitions goes, as soon as nobody reads it. */
  retain(current: ReadonlySet<string>, maxBytes: number): void {
    this.#current = current;
    this.#maxBytes = maxBytes;
    this.#store.retain(current, maxBytes);
  }

  /** Lets go of all tables. */
  async close(): Promise<void> {
    this.#current = new Set();
    await this.#store.clear();
  }
}
