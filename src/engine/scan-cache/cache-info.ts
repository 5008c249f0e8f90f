import type { PushedFilter } from '../../scan/scan.js';

/** `SET tidegate.cache`: `refresh` fetches anew and keeps that, `off` neither reads nor keeps. */
export type CacheMode = 'on' | 'off' | 'refresh';

/** What is told of the rows of one kept scan, for statistics; times are milliseconds since 1970. */
export interface CacheEntryInfo {
  readonly dsn: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly filters: readonly PushedFilter[];
  readonly limit: number | null;
  /** `filling`: its scan is under way; `stale`: over its time, kept for `stale_if_error` or to be revalidated. */
  readonly state: 'filling' | 'fresh' | 'stale';
  readonly rows: number;
  /** What its table takes in the engine; 0 while it is being filled. */
  readonly bytes: number;
  /** When its scan ended, or while it is being filled began. */
  readonly createdAt: number;
  /** Null while it is being filled. */
  readonly expiresAt: number | null;
  /** Scans that were answered from it. */
  readonly hits: number;
  readonly lastUsedAt: number;
  /** Statements and transactions that may be reading it, or wait for it. */
  readonly readers: number;
}
