import { RecentEntries } from '../core/recent-entries.js';

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

/** The latest requests of all scans. It holds nothing that is secret. */
export class RequestLog extends RecentEntries<OpenEntry> {
  begin(start: EntryStart, now: number = Date.now()): OpenEntry {
    const unknown = { status: null, attempts: 0, waitMs: 0, durationMs: null, bytes: 0, rows: 0, error: null };
    return this.add({ ...start, ...unknown, time: now });
  }
}
