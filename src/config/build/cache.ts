import { parseDuration } from '../duration.js';
import type { CacheModel } from '../model.js';
import type { TableSettings } from './context.js';

/** Makes the model of `cache`; null where nothing is kept. */
export function buildCache(settings: TableSettings): CacheModel | null {
  const given = settings.get('cache');
  if (given === null) return null;
  const { value: cache } = given;
  const ttlMs = parseDuration(cache.ttl)!;
  if (ttlMs === 0) return null;
  return {
    ttlMs,
    staleIfErrorMs: parseDuration(cache.stale_if_error)!,
    revalidates: cache.revalidate,
    reuse: cache.reuse,
    columns: cache.columns,
  };
}
