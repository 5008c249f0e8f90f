import { decodeQueryText } from './redact-url.js';
import type { EncodedPair } from './request-draft.js';

/** The pairs with this one in place of any of the same name: no parameter is ever sent twice. */
export function setPair(
  pairs: readonly EncodedPair[],
  name: string,
  encode: (text: string) => string,
  value: string,
  isSecret: boolean,
): readonly EncodedPair[] {
  const pair: EncodedPair = { name, text: `${encode(name)}=${encode(value)}`, isSecret };
  const index = pairs.findIndex((item) => item.name === name);
  if (index < 0) return [...pairs, pair];
  return pairs.flatMap((item, at) => (at === index ? [pair] : item.name === name ? [] : [item]));
}

/** A query string as pairs that are sent exactly as they were written. */
export function parsePairs(query: string): readonly EncodedPair[] {
  if (query === '') return [];
  return query
    .split('&')
    .filter((text) => text !== '')
    .map((text) => ({ name: decodeQueryText(text.split('=', 1)[0]!), text, isSecret: false }));
}
