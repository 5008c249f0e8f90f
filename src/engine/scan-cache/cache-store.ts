import type { CacheEntry } from './cache-entry.js';

/** Rows that the API can be asked about are kept so long beyond their time, if there is room. */
const REVALIDATION_MS = 24 * 3_600_000;
/** Node's timers hold no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface StoreOptions {
  readonly maxBytes: number;
  readonly now: () => number;
  /** Told of a table that could not be dropped. */
  readonly onDropFailed: (error: unknown) => void;
}

/** The kept scan tables by the table they were read from, within a bound on their size. */
export class CacheStore {
  readonly #options: StoreOptions;
  readonly #entries = new Map<CacheEntry, string>();
  #maxBytes: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes;
  }

  get entries(): IterableIterator<CacheEntry> {
    return this.#entries.keys();
  }

  /** The latest entry of a table that fits. */
  find(identity: string, fits: (entry: CacheEntry) => boolean): CacheEntry | undefined {
    let best: CacheEntry | undefined;
    for (const [entry, owner] of this.#entries) {
      if (owner === identity && (best === undefined || entry.expiresAt >= best.expiresAt) && fits(entry)) best = entry;
    }
    return best;
  }

  /** Keeps an entry in the place of those that it makes superfluous. */
  add(identity: string, entry: CacheEntry): void {
    const { scope } = entry.scan;
    for (const [other, owner] of this.#entries) {
      const isCovered = owner === identity && entry.serves(other.scan.scope) && other.expiresAt <= entry.expiresAt;
      if (isCovered && (scope.hasKey || !other.scan.scope.hasKey)) this.remove(other);
    }
    this.#entries.set(entry, identity);
    this.makeRoom();
    this.schedule();
  }

  remove(entry: CacheEntry): void {
    this.#entries.delete(entry);
    entry.retire().catch(this.#options.onDropFailed);
  }

  /** Lets go of all entries but those of these tables, and of what is over the new bound. */
  retain(identities: ReadonlySet<string>, maxBytes: number): void {
    this.#maxBytes = maxBytes;
    for (const [entry, owner] of this.#entries) if (!identities.has(owner)) this.remove(entry);
    this.makeRoom();
  }

  /** Drops the least recently used tables that nobody reads until the rest is within the bound. */
  makeRoom(): void {
    let bytes = 0;
    for (const entry of this.#entries.keys()) bytes += entry.scan.bytes;
    if (bytes <= this.#maxBytes) return;
    const idle = [...this.#entries.keys()].filter((entry) => !entry.isInUse).sort((a, b) => a.usedAt - b.usedAt);
    for (const entry of idle) {
      if (bytes <= this.#maxBytes) return;
      bytes -= entry.scan.bytes;
      this.remove(entry);
    }
  }

  /** Sets the timer for the next entry that is of no use any more. */
  schedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const ends = [...this.#entries.keys()].map(uselessAt);
    if (ends.length === 0) return;
    const waitMs = Math.max(0, Math.min(...ends) - this.#options.now());
    this.#timer = setTimeout(() => this.#sweep(), Math.min(waitMs, LONGEST_TIMER_MS));
    this.#timer.unref();
  }

  /** Lets go of all tables. */
  async clear(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const entries = [...this.#entries.keys()];
    this.#entries.clear();
    await Promise.all(entries.map((entry) => entry.retire().catch(this.#options.onDropFailed)));
  }

  #sweep(): void {
    const now = this.#options.now();
    for (const entry of this.#entries.keys()) if (uselessAt(entry) <= now) this.remove(entry);
    this.schedule();
  }
}

function uselessAt({ scan, expiresAt }: CacheEntry): number {
  const staleMs = scan.scope.spec.table.cache?.staleIfErrorMs ?? 0;
  return expiresAt + Math.max(staleMs, scan.pages === null ? 0 : REVALIDATION_MS);
}
