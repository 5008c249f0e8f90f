import { RecentEntries } from '../core/recent-entries.js';
import { newScanStatistics, type ScanStatistics } from './scan.js';

/** Who runs a scan. */
export interface ScanOwner {
  /** The engine session's process id, which the client knows as its own. */
  readonly processId: number | null;
  readonly user: string;
}

/** One scan as the statistics show it, while it runs and afterwards. */
export interface ScanEntry extends ScanOwner {
  /** When it began, in ms since 1970. */
  readonly time: number;
  readonly dsn: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** The filters that the API was asked with, as EXPLAIN shows them. */
  readonly filters: string;
  readonly limit: number | null;
  readonly way: 'stream' | 'engine';
  /** Goes on counting while the scan runs. */
  readonly statistics: ScanStatistics;
  /** Null while it runs. */
  durationMs: number | null;
  /** SQLSTATE and message of what it failed with. */
  error: string | null;
}

/** What begins an entry. */
export type ScanEntryStart = Pick<ScanEntry, 'dsn' | 'table' | 'columns' | 'filters' | 'limit' | 'way'> & ScanOwner;

/** The latest scans of all sessions. */
export class ScanLog extends RecentEntries<ScanEntry> {
  begin(start: ScanEntryStart, now: number = Date.now()): ScanEntry {
    const { processId, user, dsn, table, columns, filters, limit, way } = start;
    const statistics = newScanStatistics();
    return this.add({
      processId,
      user,
      dsn,
      table,
      columns,
      filters,
      limit,
      way,
      statistics,
      time: now,
      durationMs: null,
      error: null,
    });
  }
}
