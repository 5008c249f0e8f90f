import { errors, GatewayError, SQLSTATES } from '../../core/errors.js';
import type { RowBatch } from '../../core/row-batch.js';
import type { RememberedPage, ScanContext, Scanner } from '../../scan/scan.js';
import type { CatalogueEntry, Engine } from '../engine.js';
import type { CacheEntry, CacheLease } from './cache-entry.js';
import type { CacheEntryInfo } from './cache-info.js';
import { Fill } from './fill.js';
import type { KeptTables } from './kept-tables.js';
import { type ScanScope, scanScope } from './scan-scope.js';

/** A scan that is begun for a statement. */
export interface FillOrder {
  readonly identity: string;
  readonly wanted: ScanScope;
  readonly entry: CatalogueEntry;
  readonly scanner: Scanner;
  /** An entry over its time that may prove to be still right. */
  readonly old: CacheEntry | null;
}

/** The scans on their way into kept tables. */
export class Fills {
  readonly #engine: Pick<Engine, 'load'>;
  readonly #kept: KeptTables;
  readonly #now: () => number;
  /** Each with its end, which is never an error. */
  readonly #fills = new Map<Fill, Promise<void>>();

  constructor(engine: Pick<Engine, 'load'>, kept: KeptTables, now: () => number) {
    this.#engine = engine;
    this.#kept = kept;
    this.#now = now;
  }

  get infos(): readonly CacheEntryInfo[] {
    return [...this.#fills.keys()].map(fillInfo);
  }

  /** One that a statement may wait for. */
  find(identity: string, wanted: ScanScope): Fill | undefined {
    return [...this.#fills.keys()].find((fill) => fill.identity === identity && fill.fits(wanted));
  }

  /** A scan that is newer than any kept table, and only has to be stored. */
  findFetched(identity: string, wanted: ScanScope): Fill | undefined {
    return [...this.#fills.keys()].find((fill) => fill.isFetched && fill.identity === identity && fill.fits(wanted));
  }

  /** The table of an equal scan under way, once it is filled; null: the statement has to run the scan itself. */
  async join(identity: string, wanted: ScanScope, context: ScanContext): Promise<CacheLease | null> {
    const fill = this.find(identity, wanted);
    if (fill === undefined) return null;
    try {
      return this.#kept.countHit(await fill.wait(context), context);
    } catch (error) {
      // It may be a bound of the statement that began the scan, which is not one of those that wait for it.
      if (error instanceof GatewayError && error.sqlstate === SQLSTATES.limitExceeded) return null;
      throw error;
    }
  }

  /** Begins a scan, in the context of the statement that needs it. */
  start({ identity, wanted, entry, scanner, old }: FillOrder, context: ScanContext): Fill {
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
      const options = { withPrimaryKey: scope.hasKey, keepsOrder: true, isJoined: true };
      const table = await this.#engine.load(entry, scope.spec.columns, batches, options, fill.signal);
      return await this.#kept.keep(identity, {
        scope: fill.filledScope,
        table,
        rows: fill.rows,
        isWhole: fill.notices.length === 0,
        notices: fill.notices,
        pages,
      });
    };
    const renew = (): CacheLease => this.#kept.renew(old!);
    const end = async (): Promise<void> => {
      await fill.run({ fetch, load, renew }, context);
      this.#fills.delete(fill);
      await oldLease?.drop();
    };
    this.#fills.set(fill, end());
    return fill;
  }

  /** Ends all of them with an error for those who wait; resolves when nothing is left of them. */
  async close(): Promise<void> {
    for (const fill of this.#fills.keys()) fill.abort(errors.shuttingDown('the gateway is shutting down'));
    await Promise.all(this.#fills.values());
  }
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
