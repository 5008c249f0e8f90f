const MOST_KEPT = 1_000;

/** One page's request, its further tries included, as it may be shown. */
export interface RequestEntry {
  /** When it was first sent, in ms since 1970. */
  readonly time: number;
  readonly dsn: string;
  readonly table: string;
  readonly method: string;
  /** Redacted. */
  readonly url: string;
  /** Of the last answer; null: none came yet, or none at all. */
  readonly status: number | null;
  readonly attempts: number;
  /** Spent waiting for its turn and before further tries. */
  readonly waitMs: number;
  /** From its beginning to the page's end; null while it is under way. */
  readonly durationMs: number | null;
  /** Of the body, decompressed; what broke off counts too. */
  readonly bytes: number;
  /** Records of the page; 0 until it was read to its end. */
  readonly rows: number;
  /** SQLSTATE and message of what it failed with. */
  readonly error: string | null;
}

/** An entry that is still being written. */
export type OpenEntry = { -readonly [K in keyof RequestEntry]: RequestEntry[K] };

/** What begins an entry. */
export type EntryStart = Pick<RequestEntry, 'dsn' | 'table' | 'method' | 'url'>;

/** The latest requests of all scans, in memory: a bounded ring, for statistics. It holds nothing that is secret. */
export class RequestLog {
  readonly #capacity: number;
  readonly #entries: OpenEntry[] = [];
  #next = 0;

  constructor(capacity: number = MOST_KEPT) {
    this.#capacity = capacity;
  }

  /** Adds an entry, in the place of the oldest where the ring is full; the caller goes on writing it. */
  begin(start: EntryStart, now: number = Date.now()): OpenEntry {
    const unknown = { status: null, attempts: 0, waitMs: 0, durationMs: null, bytes: 0, rows: 0, error: null };
    const entry: OpenEntry = { ...start, ...unknown, time: now };
    this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#capacity;
    return entry;
  }

  /** Copies of the entries, the oldest first. */
  recent(): readonly RequestEntry[] {
    const older = this.#entries.slice(this.#next);
    return [...older, ...this.#entries.slice(0, this.#next)].map((entry) => ({ ...entry }));
  }
}
