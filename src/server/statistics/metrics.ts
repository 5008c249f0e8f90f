import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CacheEntryInfo } from '../../engine/scan-cache/cache-info.js';
import type { RequestEntry } from '../../http/request-log.js';
import type { ScanEntry } from '../../scan/scan-log.js';
import type { EndedStatement } from '../../session/services.js';

/** From a fast API's answer to a report that takes minutes. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** What is counted when the metrics are read. */
export interface MetricsSources {
  readonly sessionCount: () => number;
  readonly cache: () => readonly CacheEntryInfo[];
}

/** One of the metrics, for their reference page. */
export interface MetricInfo {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

/** The gateway's figures for Prometheus. Labels name DSNs, tables, statuses and SQLSTATEs: nothing that a user typed. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #list: MetricInfo[] = [];
  readonly #statements = this.#counter('statements_total', 'Statements over virtual tables', ['way', 'sqlstate']);
  readonly #statementSeconds = this.#histogram('statement_duration_seconds', 'Duration of such statements', ['way']);
  readonly #scans = this.#counter('scans_total', 'Scans of virtual tables', ['dsn', 'table', 'way', 'state']);
  readonly #rows = this.#counter('scanned_rows_total', 'Rows that scans have read', ['dsn', 'table']);
  readonly #cacheHits = this.#counter('cache_hits_total', 'Scans that kept rows answered', ['dsn', 'table']);
  readonly #requests = this.#counter('requests_total', 'API requests, one a page', ['dsn', 'table', 'status']);
  readonly #tries = this.#counter('request_tries_total', 'Tries of API requests', ['dsn', 'table']);
  readonly #requestSeconds = this.#histogram('request_duration_seconds', 'From request to the page read', ['dsn']);
  readonly #waitSeconds = this.#counter(
    'request_wait_seconds_total',
    'Waited for rate limits and before further tries',
    ['dsn', 'table'],
  );
  readonly #bytes = this.#counter('request_bytes_total', 'Bytes of API answers, decompressed', ['dsn', 'table']);

  constructor({ sessionCount, cache }: MetricsSources) {
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge('sessions', 'Open client sessions', sessionCount);
    this.#gauge('cache_entries', 'Kept scans', () => cache().length);
    this.#gauge('cache_bytes', 'What kept scans take in the engine', () =>
      cache().reduce((sum, { bytes }) => sum + bytes, 0),
    );
  }

  readonly onStatement = ({ way, sqlstate, durationMs }: EndedStatement): void => {
    this.#statements.inc({ way: way ?? 'none', sqlstate: sqlstate ?? '00000' });
    this.#statementSeconds.observe({ way: way ?? 'none' }, durationMs / 1000);
  };

  readonly onScan = ({ dsn, table, way, error, statistics }: Readonly<ScanEntry>): void => {
    this.#cacheHits.inc({ dsn, table }, statistics.cacheHits);
    this.#scans.inc({ dsn, table, way, state: error === null ? 'done' : 'failed' });
    this.#rows.inc({ dsn, table }, statistics.rows);
  };

  readonly onRequest = ({ dsn, table, ...entry }: Readonly<RequestEntry>): void => {
    this.#requests.inc({ dsn, table, status: entry.status === null ? 'none' : String(entry.status) });
    this.#tries.inc({ dsn, table }, entry.attempts);
    this.#requestSeconds.observe({ dsn }, (entry.durationMs ?? 0) / 1000);
    this.#waitSeconds.inc({ dsn, table }, entry.waitMs / 1000);
    this.#bytes.inc({ dsn, table }, entry.bytes);
  };

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures in Prometheus' text format. */
  print(): Promise<string> {
    return this.#registry.metrics();
  }

  /** The gateway's own, without those of its process. */
  list(): readonly MetricInfo[] {
    return this.#list;
  }

  #gauge(name: string, help: string, read: () => number): void {
    this.#list.push({ name: `tidegate_${name}`, type: 'gauge', labels: [], help });
    const gauge: Gauge = new Gauge({
      name: `tidegate_${name}`,
      help,
      registers: [this.#registry],
      collect: () => gauge.set(read()),
    });
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    this.#list.push({ name: `tidegate_${name}`, type: 'counter', labels: labelNames, help });
    return new Counter({ name: `tidegate_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #histogram<L extends string>(name: string, help: string, labelNames: L[]): Histogram<L> {
    this.#list.push({ name: `tidegate_${name}`, type: 'histogram', labels: labelNames, help });
    const buckets = SECONDS;
    return new Histogram({ name: `tidegate_${name}`, help, labelNames, buckets, registers: [this.#registry] });
  }
}
