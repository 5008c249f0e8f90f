import { printArray } from '../../core/coerce/array-literal.js';
import type { CacheEntryInfo } from '../../engine/scan-cache/cache-info.js';
import type { RequestEntry, RequestLog } from '../../http/request-log.js';
import { filterText } from '../../plan/push-down.js';
import type { OwnRow } from '../../scan/own-rows.js';
import { newScanStatistics } from '../../scan/scan.js';
import type { ScanEntry, ScanLog } from '../../scan/scan-log.js';
import type { ConnectedSession } from '../connected-session.js';
import type { StatisticsTable } from './tables.js';

/** What the statistics tables are read from. */
export interface StatisticsSources {
  readonly sessions: Iterable<ConnectedSession>;
  readonly scanLog: ScanLog;
  readonly requestLog: RequestLog;
  readonly cache: readonly CacheEntryInfo[];
}

/** The rows that one of the statistics tables has at this moment, with its columns' order. */
export function statisticsRows(table: StatisticsTable, sources: StatisticsSources): OwnRow[] {
  switch (table) {
    case 'sessions':
      return [...sources.sessions].map(sessionRow);
    case 'scans':
      return sources.scanLog.recent().map(scanRow);
    case 'cache':
      return sources.cache.map(cacheRow);
    case 'requests':
      return sources.requestLog.recent().map(requestRow);
  }
}

function sessionRow({ session, peer, isEncrypted, connectedAt }: ConnectedSession): OwnRow {
  const { activity } = session;
  const { requests, rows, bytes, waitMs } = activity?.scans?.totals ?? newScanStatistics();
  return [
    numberText(session.processId),
    session.user,
    session.applicationName,
    peer,
    isEncrypted ? 't' : 'f',
    timeText(connectedAt),
    activity === null ? 'idle' : 'active',
    activity === null ? null : numberText(Math.round(activity.elapsedMs)),
    ...[requests, rows, bytes, waitMs].map(numberText),
  ];
}

function scanRow(entry: Readonly<ScanEntry>): OwnRow {
  const { requests, pages, rows, bytes, retries, waitMs, cacheHits } = entry.statistics;
  const end = entry.error === null ? 'done' : 'failed';
  return [
    timeText(entry.time),
    numberText(entry.processId),
    entry.user,
    entry.dsn,
    entry.table,
    printArray(entry.columns, ''),
    entry.filters === '' ? null : entry.filters,
    numberText(entry.limit),
    entry.way,
    entry.durationMs === null ? 'running' : end,
    ...[requests, pages, rows, bytes, retries, waitMs, cacheHits, entry.durationMs].map(numberText),
    entry.error,
  ];
}

function cacheRow(kept: CacheEntryInfo): OwnRow {
  return [
    kept.dsn,
    kept.table,
    printArray(kept.columns, ''),
    kept.filters.length === 0 ? null : kept.filters.map(filterText).join(' AND '),
    numberText(kept.limit),
    kept.state,
    numberText(kept.rows),
    numberText(kept.bytes),
    timeText(kept.createdAt),
    kept.expiresAt === null ? null : timeText(kept.expiresAt),
    numberText(kept.hits),
    timeText(kept.lastUsedAt),
    numberText(kept.readers),
  ];
}

function requestRow(entry: Readonly<RequestEntry>): OwnRow {
  return [
    timeText(entry.time),
    entry.dsn,
    entry.table,
    entry.method,
    entry.url,
    ...[entry.status, entry.attempts, entry.waitMs, entry.durationMs, entry.bytes, entry.rows].map(numberText),
    entry.error,
  ];
}

function numberText(value: number | null): string | null {
  return value === null ? null : String(value);
}

/** Canonical text of a timestamptz. */
function timeText(ms: number): string {
  return `${new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.?0*Z$/, '')}+00`;
}
