import type { TableModel } from '../../config/model.js';
import { timeText } from './time-text.js';

/** What a statement is told that is shown rows over their time because the API fails. */
export function staleNotice({ dsn, name }: TableModel, error: unknown, ageMs: number): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `table "${dsn}.${name}": rows of ${timeText(ageMs)} ago are shown (cache.stale_if_error), for the API failed: ${reason}`;
}
