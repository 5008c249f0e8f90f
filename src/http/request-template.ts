import type { BodyModel, HttpSource } from '../config/model.js';
import { errors } from '../core/errors.js';
import { type ConfiguredText, reveal, Secret } from '../core/secret.js';
import { encodeFormText, encodeHeaderText, encodeQueryText } from './encode-value.js';
import { secretsInBody } from './json-body.js';
import { parsePairs, setPair } from './query-pairs.js';
import { decodeQueryText } from './redact-url.js';
import type { Redactor } from './redactor.js';
import type { DraftBody, DraftHeader, EncodedPair, RequestDraft } from './request-draft.js';

const DEFAULT_CONTENT_TYPES: Readonly<Record<BodyModel['type'], string>> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  text: 'text/plain; charset=utf-8',
  xml: 'text/xml; charset=utf-8',
};

/**
 * The draft that all requests of a source start from. Its secrets are made known to `redactor`. Throws F0000 for a URL
 * that is none.
 */
export function draftFromSource(
  source: Pick<HttpSource, 'method' | 'url' | 'headers' | 'query' | 'body'>,
  redactor: Redactor,
): RequestDraft {
  const parts = splitUrl(reveal(source.url));
  const headers = new Map<string, DraftHeader>();
  if (parts.userInfo !== null) {
    redactor.add(parts.userInfo.password);
    const credentials = Buffer.from(`${parts.userInfo.username}:${parts.userInfo.password}`).toString('base64');
    redactor.add(credentials);
    headers.set('authorization', { name: 'Authorization', value: `Basic ${credentials}`, isSecret: true });
  }
  for (const [name, text] of source.headers) {
    remember(text, redactor);
    headers.set(name.toLowerCase(), {
      name,
      value: encodeHeaderText(name, reveal(text)),
      isSecret: text instanceof Secret,
    });
  }
  let query = parts.query;
  for (const [name, text] of source.query) {
    remember(text, redactor);
    query = setPair(query, name, encodeQueryText, reveal(text), text instanceof Secret);
  }
  if (source.body !== null && !headers.has('content-type')) {
    const value = DEFAULT_CONTENT_TYPES[source.body.type];
    headers.set('content-type', { name: 'Content-Type', value, isSecret: false });
  }
  return {
    method: source.method.toUpperCase(),
    origin: parts.origin,
    path: parts.path,
    isPathLiteral: false,
    isPathSecret: source.url instanceof Secret,
    pathValues: new Map(),
    query,
    headers,
    body: source.body === null ? null : draftBody(source.body, redactor),
  };
}

function draftBody(body: BodyModel, redactor: Redactor): DraftBody {
  switch (body.type) {
    case 'json':
      for (const secret of secretsInBody(body.value)) redactor.add(secret);
      return { type: 'json', document: body.value };
    case 'form': {
      let fields: readonly EncodedPair[] = [];
      for (const [name, text] of body.fields) {
        remember(text, redactor);
        fields = setPair(fields, name, encodeFormText, reveal(text), text instanceof Secret);
      }
      return { type: 'form', fields };
    }
    default:
      remember(body.text, redactor);
      return { type: body.type, text: reveal(body.text), isSecret: body.text instanceof Secret, values: new Map() };
  }
}

function remember(text: ConfiguredText, redactor: Redactor): void {
  if (text instanceof Secret) redactor.add(text.reveal());
}

interface UrlParts {
  readonly origin: string;
  readonly path: string;
  readonly query: readonly EncodedPair[];
  readonly userInfo: { readonly username: string; readonly password: string } | null;
}

/** Splits by hand: the URL class would encode the braces of placeholders. */
function splitUrl(text: string): UrlParts {
  const match = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?$/i.exec(text.trim());
  let base: URL | null = null;
  try {
    if (match !== null) base = new URL(match[1]!);
  } catch {
    // Told below, without the parser's message: it repeats the URL.
  }
  if (match === null || base === null || (base.protocol !== 'https:' && base.protocol !== 'http:')) {
    throw errors.configuration('a source needs an absolute http or https URL', {
      hint: 'Set base_url to the address of the API, such as https://api.example.com/v2.',
    });
  }
  const userInfo =
    base.username === '' && base.password === ''
      ? null
      : { username: decodeQueryText(base.username), password: decodeQueryText(base.password) };
  return { origin: base.origin, path: match[2] === '' ? '/' : match[2]!, query: parsePairs(match[3] ?? ''), userInfo };
}
