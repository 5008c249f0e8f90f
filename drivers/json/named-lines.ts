import type { Page } from '../driver.js';

/** Whether Content-Type or the name says that a page is NDJSON, so that nothing at all is a page without lines. */
export function isNamedLines({ contentType, name }: Pick<Page, 'contentType' | 'name'>): boolean {
  return (
    /ndjson|jsonl|x-json-stream/i.test(contentType ?? '') ||
    /\.(?:ndjson|jsonl)(?:\.gz|\.br|\.zip)?(?:[?#]|$)/i.test(name)
  );
}
