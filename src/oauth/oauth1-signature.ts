import { createHmac, randomBytes } from 'node:crypto';
import type { OAuth1Model } from '../config/model.js';
import { reveal } from '../core/secret.js';
import type { HttpRequest } from '../http/request-draft.js';

/** What makes two signatures of one request differ; given by tests. */
export interface SignatureMoment {
  readonly nonce: string;
  readonly timestampS: number;
}

type Pair = readonly [string, string];

/** The `Authorization` header of a request (RFC 5849, section 3.4 and 3.5.1). */
export function signOAuth1(
  request: Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'>,
  model: OAuth1Model,
  moment: SignatureMoment = { nonce: randomBytes(16).toString('hex'), timestampS: Math.floor(Date.now() / 1000) },
): string {
  const oauth: Pair[] = [
    ['oauth_consumer_key', reveal(model.consumerKey)],
    ['oauth_nonce', moment.nonce],
    ['oauth_signature_method', model.signatureMethod],
    ['oauth_timestamp', String(moment.timestampS)],
    ...(model.token === null ? [] : [['oauth_token', reveal(model.token)] as const]),
    ['oauth_version', '1.0'],
  ];
  const base = signatureBase(request, oauth);
  const key = `${encode(model.consumerSecret.reveal())}&${encode(model.tokenSecret?.reveal() ?? '')}`;
  const hash = model.signatureMethod === 'HMAC-SHA256' ? 'sha256' : 'sha1';
  const signature = createHmac(hash, key).update(base).digest('base64');
  const realm: Pair[] = model.realm === null ? [] : [['realm', model.realm]];
  const fields = [...realm, ...oauth, ['oauth_signature', signature] as const];
  return `OAuth ${fields.map(([name, value]) => `${name}="${name === 'realm' ? value : encode(value)}"`).join(', ')}`;
}

/** The text that is signed (section 3.4.1). */
export function signatureBase(
  { method, url, headers, body }: Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'>,
  oauth: readonly Pair[],
): string {
  const address = `${url.protocol}//${url.host.toLowerCase()}${url.pathname}`;
  const pairs = [...readPairs(url.search.slice(1)), ...oauth];
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  // The body of a form is part of the parameters, any other body is not.
  if (body !== null && /^application\/x-www-form-urlencoded\b/i.test(type)) pairs.push(...readPairs(body));
  const normalized = pairs
    .map(([name, value]): Pair => [encode(name), encode(value)])
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map((pair) => pair.join('='))
    .join('&');
  return [method.toUpperCase(), address, normalized].map(encode).join('&');
}

function readPairs(text: string): Pair[] {
  return [...new URLSearchParams(text)];
}

/** By bytes: names are ASCII once they are encoded. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Percent-encoding of section 3.6, which is stricter than `encodeURIComponent`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
