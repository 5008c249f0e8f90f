import type { CacheEntryInfo } from '../../engine/scan-cache/cache-info.js';
import { RequestLog } from '../../http/request-log.js';
import type { OwnRows } from '../../scan/own-rows.js';
import { ScanLog } from '../../scan/scan-log.js';
import type { EndedStatement, Log } from '../../session/services.js';
import type { ConnectedSession } from '../connected-session.js';
import type { Metrics } from './metrics.js';
import { statisticsRows } from './rows.js';
import type { StatisticsTable } from './tables.js';

/** All that the gateway counts: the tables `tidegate.*`, the metrics, and one log line per statement. */
export class Statistics {
  readonly requestLog: RequestLog;
  readonly scanLog: ScanLog;
  readonly #metrics: Metrics | null;
  readonly #sessions: ReadonlySet<ConnectedSession>;
  readonly #cache: () => readonly CacheEntryInfo[];
  readonly #log: Log;

  /** @param metrics null where nobody asks for them */
  constructor(
    sessions: ReadonlySet<ConnectedSession>,
    cache: () => readonly CacheEntryInfo[],
    metrics: Metrics | null,
    log: Log,
  ) {
    this.#sessions = sessions;
    this.#cache = cache;
    this.#metrics = metrics;
    this.#log = log;
    this.requestLog = new RequestLog(undefined, metrics?.onRequest);
    this.scanLog = new ScanLog(undefined, metrics?.onScan);
  }

  /** The rows of a statistics table as they are now. */
  readonly rows: OwnRows = (table) =>
    statisticsRows(table as StatisticsTable, {
      sessions: this.#sessions,
      scanLog: this.scanLog,
      requestLog: this.requestLog,
      cache: this.#cache(),
    });

  readonly onStatement = (ended: EndedStatement): void => {
    this.#metrics?.onStatement(ended);
    const { processId: pid, user, kind, way, durationMs: ms, sqlstate } = ended;
    const { rows, pages, requests, bytes, retries, waitMs, cacheHits } = ended.totals;
    this.#log(
      'info',
      { pid, user, kind, way, rows, pages, requests, bytes, retries, waitMs, cacheHits, ms, sqlstate },
      'statement',
    );
  };
}
