import type { TableModel } from '../../config/model.js';
import type { CacheEntryInfo, CacheMode } from './cache-info.js';
import { timeText } from './time-text.js';

/** What a scan would be answered from: kept rows, a scan under way, the API; `none`: the table keeps nothing. */
export type CacheAnswer =
  | { readonly type: 'none' | 'off' | 'fill' }
  | { readonly type: 'fetch'; readonly mode: CacheMode }
  | { readonly type: 'kept' | 'stale'; readonly info: CacheEntryInfo };

/** The answer as EXPLAIN shows it; null for a table that keeps nothing. */
export function describeAnswer(answer: CacheAnswer, { cache }: TableModel, now: number): string | null {
  const ttl = timeText(cache?.ttlMs ?? 0);
  switch (answer.type) {
    case 'none':
      return null;
    case 'off':
      return 'off, the API is asked and nothing is kept';
    case 'fill':
      return 'waits for the same scan under way, no request of its own';
    case 'fetch':
      return answer.mode === 'refresh'
        ? `rows are fetched anew and kept for ${ttl} (tidegate.cache = refresh)`
        : `no rows kept that would do; the API is asked and its rows are kept for ${ttl}`;
    case 'kept': {
      const { createdAt, expiresAt, rows } = answer.info;
      const left = timeText(Math.max(0, expiresAt! - now));
      return `${rows} rows kept ${timeText(now - createdAt)} ago, for another ${left}; no request`;
    }
    case 'stale':
      return `rows kept ${timeText(now - answer.info.createdAt)} ago are over their time; the API is asked again`;
  }
}
