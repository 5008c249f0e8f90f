import type { RememberedPage } from '../../scan/scan.js';
import type { ScanTable } from '../engine.js';
import type { CacheEntryInfo } from './cache-info.js';
import { type ScanScope, serves } from './scan-scope.js';

/** What a scan has left behind, besides its table. */
export interface KeptScan {
  readonly scope: ScanScope;
  readonly table: ScanTable;
  readonly rows: number;
  /** What the table takes in the engine. */
  readonly bytes: number;
  /** False when the scan was ended early by `max_pages`, so that stricter filters might show more. */
  readonly isWhole: boolean;
  /** What its statement was told, and those that read it later are told too. */
  readonly notices: readonly string[];
  /** What its pages can be revalidated with; null: they cannot. */
  readonly pages: readonly RememberedPage[] | null;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The right to read a kept table; `drop` gives it back. */
export interface CacheLease extends ScanTable {
  readonly entry: CacheEntry;
}

/** One kept scan table. It is dropped when it is retired and nobody has a lease on it any more. */
export class CacheEntry {
  readonly scan: KeptScan;
  readonly #onIdle: () => void;
  #expiresAt: number;
  #hits = 0;
  #usedAt: number;
  #leases = 0;
  #isRetired = false;
  #dropping: Promise<void> | null = null;

  /** @param onIdle called when the last lease is given back */
  constructor(scan: KeptScan, onIdle: () => void) {
    this.scan = scan;
    this.#onIdle = onIdle;
    this.#expiresAt = scan.expiresAt;
    this.#usedAt = scan.createdAt;
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get usedAt(): number {
    return this.#usedAt;
  }

  get isInUse(): boolean {
    return this.#leases > 0;
  }

  /** Whether its rows are all that a statement over `wanted` needs, and still in their time. */
  isFreshFor(wanted: ScanScope, now: number): boolean {
    return now < this.#expiresAt && this.serves(wanted);
  }

  /** Whether its rows are over their time but may be shown while the API fails. */
  isSpareFor(wanted: ScanScope, now: number): boolean {
    const { cache } = wanted.spec.table;
    return now >= this.#expiresAt && now < this.#expiresAt + (cache?.staleIfErrorMs ?? 0) && this.serves(wanted);
  }

  serves(wanted: ScanScope): boolean {
    return serves(this.scan.scope, wanted, this.scan.isWhole);
  }

  /** The API says that the rows are still the same. */
  renew(expiresAt: number): void {
    this.#expiresAt = expiresAt;
  }

  countHit(now: number): void {
    this.#hits++;
    this.#usedAt = now;
  }

  lease(): CacheLease {
    this.#leases++;
    let isHeld = true;
    const drop = (): Promise<void> => {
      if (!isHeld) return Promise.resolve();
      isHeld = false;
      this.#leases--;
      return this.#release();
    };
    return { sqlName: this.scan.table.sqlName, entry: this, drop };
  }

  /** No new statement gets it; the table goes as soon as nobody reads it. */
  retire(): Promise<void> {
    this.#isRetired = true;
    return this.#dropIfFree();
  }

  info(now: number): CacheEntryInfo {
    const { scope, rows, bytes, createdAt } = this.scan;
    const { table, columns, filters, limit } = scope.spec;
    return {
      dsn: table.dsn,
      table: table.name,
      columns,
      filters,
      limit,
      state: now < this.#expiresAt ? 'fresh' : 'stale',
      rows,
      bytes,
      createdAt,
      expiresAt: this.#expiresAt,
      hits: this.#hits,
      lastUsedAt: this.#usedAt,
      readers: this.#leases,
    };
  }

  #release(): Promise<void> {
    if (this.#leases === 0 && !this.#isRetired) this.#onIdle();
    return this.#dropIfFree();
  }

  #dropIfFree(): Promise<void> {
    if (!this.#isRetired || this.#leases > 0) return Promise.resolve();
    this.#dropping ??= this.scan.table.drop();
    return this.#dropping;
  }
}
