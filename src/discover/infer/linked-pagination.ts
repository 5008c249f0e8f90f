import { isMap, type SampleMap, type SampleValue, scalarText } from '../sample/sample-value.js';
import type { Sample } from '../sample/sampler.js';
import { jsonPath } from './field-path.js';
import { documentMap, type SampledRecords } from './read-sample.js';

/** Paging that the page itself spells out, in the DSN format. */
export type LinkedPagination = { readonly type: 'link_header' } | { readonly type: 'next_url'; readonly field: string };

/** Where documents have the address of the next page; `/` leads into objects. */
const NEXT_URLS = [
  '@odata.nextLink',
  'odata.nextLink',
  'd/__next',
  'next',
  'next_url',
  'nextUrl',
  'next_page_url',
  'nextPageUrl',
  'nextLink',
  'next_link',
  'links/next',
  'links/next/href',
  '_links/next',
  '_links/next/href',
  'paging/next',
  'pagination/next',
  'pagination/next_url',
  'pagination/next_page_url',
  'meta/next',
  'meta/next_url',
  'meta/next_page_url',
  'meta/pagination/links/next',
];

/** The page's own word for the next page; null where it gives none. Only what cannot be taken for anything else. */
export function linkedPagination(sample: Sample, read: SampledRecords): LinkedPagination | null {
  if (/;\s*rel\s*=\s*"?(?:[^",;]*\s)?next\b/i.test(sample.headers.get('link') ?? '')) return { type: 'link_header' };
  const document = documentMap(read.document);
  if (document === null) return null;
  for (const place of NEXT_URLS) {
    const path = place.split('/');
    const text = scalarText(memberAt(document, path));
    if (text !== null && /^(?:https?:\/\/|\/|\?)\S+$/i.test(text)) return { type: 'next_url', field: jsonPath(path) };
  }
  return null;
}

/** The value at a path of keys. */
export function memberAt(map: SampleMap, path: readonly string[]): SampleValue | undefined {
  let value: SampleValue | undefined = map;
  for (const key of path) value = isMap(value) ? value.get(key) : undefined;
  return value;
}
