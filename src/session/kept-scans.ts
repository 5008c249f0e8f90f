import type { RowBatch } from '../core/row-batch.js';
import type { CatalogueEntry } from '../engine/engine.js';
import type { CacheMode } from '../engine/scan-cache/cache-info.js';
import type { PlannedScan, StreamPlan } from '../plan/statement-plan.js';
import type { ScanContext } from '../scan/scan.js';
import type { Services } from './services.js';

/** The stream with the columns that are read where rows are kept; the cells it names stay where they are. */
export function widenedStream(stream: StreamPlan | null, { cache }: Services, mode: CacheMode): StreamPlan | null {
  return stream === null ? null : { ...stream, spec: cache.widened(stream.spec, mode) };
}

/**
 * Whether a statement that can stream does: not where kept rows or those of a scan under way answer it, nor where rows over
 * their time may have to, for a stream that has sent rows cannot turn to others.
 */
export function streamsFromApi(stream: StreamPlan, { cache }: Services, mode: CacheMode): boolean {
  const answer = cache.answer(stream.spec, mode);
  return answer.type === 'kept' || answer.type === 'stale' ? false : answer.type !== 'fill' || !isWhole(stream);
}

/** The rows of a stream from the API, kept on the way where the statement reads them all and the table says so. */
export function openStream(
  stream: StreamPlan,
  entry: CatalogueEntry,
  services: Services,
  mode: CacheMode,
  context: ScanContext,
): AsyncGenerator<RowBatch, void, void> {
  const { cache, scanner } = services;
  const { spec } = stream;
  // A reader that takes some rows now and then would leave a half-filled table open, and might never come back.
  const isRead = isWhole(stream) && (context.readsAhead?.() ?? true);
  if (!isRead || !cache.keeps(spec.table, mode)) return scanner.open(spec, context);
  return cache.stream({ entry, spec, mode, withPrimaryKey: false }, scanner, context);
}

/** What EXPLAIN says of a scan and kept rows; null: its table keeps none. */
export function describeKept(
  scan: PlannedScan,
  stream: StreamPlan | null,
  { cache }: Services,
  mode: CacheMode,
): string | null {
  const { spec } = scan;
  if (spec === null) return null;
  if (cache.keeps(spec.table, mode)) {
    if (scan.dependencies.length > 0) return 'decided when the values are there that it depends on';
    if (stream !== null && !isWhole(stream))
      return 'the API is asked and nothing is kept, for LIMIT ends the scan early';
  }
  return cache.describe(cache.widened(spec, mode), mode);
}

/** False for a stream that LIMIT ends at a row that the scan knows nothing of. */
function isWhole({ window, spec }: StreamPlan): boolean {
  return window.end === Number.POSITIVE_INFINITY || spec.limit !== null;
}
