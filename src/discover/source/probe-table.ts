import { dirname, resolve } from 'node:path';
import type { FilesSource, HttpSource, TableModel } from '../../config/model.js';
import type { ConfiguredText } from '../../core/secret.js';

/** What a person points `tidegate discover` at. */
export interface ProbeTarget {
  /** Absolute URL without its query; null for a file. */
  readonly url: string | null;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, ConfiguredText>;
  /** The headers as they were given, interpolations not replaced. */
  readonly writtenHeaders: ReadonlyMap<string, string>;
  /** Absolute path of a file; null for a URL. */
  readonly file: string | null;
}

const ACCEPT = 'application/json, application/xml;q=0.9, text/csv;q=0.9, */*;q=0.5';

/** A table without columns that reads the target once. */
export function probeTable(target: ProbeTarget): TableModel {
  return {
    dsn: 'discover',
    name: target.file ?? 'sample',
    description: null,
    location: { file: target.file ?? 'discover', line: 0, column: 0 },
    driver: { type: 'json', format: 'auto', encoding: null },
    source: target.file === null ? httpSource(target) : filesSource(target.file),
    records: null,
    recordsMissing: 'error',
    columns: [],
    primaryKey: [],
    filters: [],
    filterSeparator: ' and ',
    limit: null,
    lookup: null,
    cache: null,
  };
}

function filesSource(file: string): FilesSource {
  const baseDir = dirname(resolve(file));
  // Characters that would make it a pattern stand for themselves.
  const pattern = file.replace(/[*?[\]{}]/g, '[$&]');
  return { type: 'files', patterns: [pattern], compression: { type: 'auto', entry: null }, baseDir, allowPaths: [] };
}

function httpSource({ url, query, headers }: ProbeTarget): HttpSource {
  const accept: [string, ConfiguredText][] = [...headers.keys()].some((name) => name.toLowerCase() === 'accept')
    ? []
    : [['Accept', ACCEPT]];
  return {
    type: 'http',
    method: 'GET',
    url: url!.replace(/[{}]/g, encodeURIComponent),
    headers: new Map([...accept, ...headers]),
    query,
    body: null,
    pagination: { type: 'none' },
    auth: { type: 'none' },
    retry: {
      attempts: 2,
      backoff: 'exponential',
      statuses: [429, 502, 503, 504],
      waitHeader: null,
      resetHeader: null,
      remainingHeader: null,
    },
    compression: { type: 'auto', entry: null },
    errors: [],
    limits: { scope: 'table', requestsPerSecond: null, burst: null, concurrency: null },
    timeoutMs: 30_000,
    allowOrigins: [],
    allowLinkLocal: false,
  };
}
