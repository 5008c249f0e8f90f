import { errors } from '../core/errors.js';
import { encodeFormText, encodeHeaderText, encodeQueryText } from './encode-value.js';
import { hasSecret, JsonLiteral, setInBody } from './json-body.js';
import type { PlacedValue } from './placed-value.js';
import { parsePairs, setPair } from './query-pairs.js';
import type { DraftBody, RequestDraft } from './request-draft.js';

/** The draft with these values in their places, later ones replacing earlier ones of the same name. */
export function placeValues(draft: RequestDraft, values: readonly PlacedValue[]): RequestDraft {
  return values.reduce(placeValue, draft);
}

function placeValue(draft: RequestDraft, value: PlacedValue): RequestDraft {
  const isSecret = value.isSecret === true;
  switch (value.place) {
    case 'query':
      return { ...draft, query: setPair(draft.query, value.parameter, encodeQueryText, value.value, isSecret) };
    case 'path': {
      const pathValues = new Map(draft.pathValues).set(value.parameter, { value: value.value, isSecret });
      return { ...draft, pathValues };
    }
    case 'header': {
      const text = encodeHeaderText(value.parameter, value.value);
      const headers = new Map(draft.headers).set(value.parameter.toLowerCase(), {
        name: value.parameter,
        value: text,
        isSecret,
      });
      return { ...draft, headers };
    }
    case 'body':
      return withContentType({ ...draft, body: placeInBody(draft.body, value, isSecret) });
  }
}

function placeInBody(body: DraftBody | null, value: PlacedValue, isSecret: boolean): DraftBody {
  if (body === null) {
    const empty: DraftBody = value.parameter.startsWith('$')
      ? { type: 'json', document: {} }
      : { type: 'form', fields: [] };
    return placeInBody(empty, value, isSecret);
  }
  switch (body.type) {
    case 'json': {
      const path = value.parameter.startsWith('$') ? value.parameter : `$.${value.parameter}`;
      const leaf = value.isLiteral === true ? new JsonLiteral(value.value) : value.value;
      return { type: 'json', document: setInBody(body.document ?? {}, path, leaf) };
    }
    case 'form':
      return { type: 'form', fields: setPair(body.fields, value.parameter, encodeFormText, value.value, isSecret) };
    default:
      if (!body.text.includes(`{${value.parameter}}`)) {
        throw errors.configuration(`the request body has no place for "${value.parameter}"`, {
          hint: `Write {${value.parameter}} in the body where the value belongs.`,
        });
      }
      return { ...body, values: new Map(body.values).set(value.parameter, value.value) };
  }
}

function withContentType(draft: RequestDraft): RequestDraft {
  if (draft.headers.has('content-type') || draft.body === null) return draft;
  const value = draft.body.type === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
  const headers = new Map(draft.headers).set('content-type', { name: 'Content-Type', value, isSecret: false });
  return { ...draft, headers };
}

/**
 * The draft with the address of a page link or redirect. Secret query parameters of the old address are carried over
 * where the link lacks them and stays on the origin: they are the API's key.
 */
export function withAddress(draft: RequestDraft, url: URL): RequestDraft {
  const linked = parsePairs(url.search.slice(1));
  const isSameOrigin = url.origin === draft.origin;
  const secrets = isSameOrigin ? draft.query.filter((pair) => pair.isSecret) : [];
  const query = linked.map((pair) =>
    secrets.some((secret) => secret.name === pair.name) ? { ...pair, isSecret: true } : pair,
  );
  const missing = secrets.filter((secret) => !linked.some((pair) => pair.name === secret.name));
  return {
    ...draft,
    origin: url.origin,
    path: url.pathname,
    isPathLiteral: true,
    isPathSecret: draft.isPathSecret && isSameOrigin,
    pathValues: new Map(),
    query: [...query, ...missing],
  };
}

const CREDENTIAL_HEADERS: readonly string[] = ['authorization', 'proxy-authorization', 'cookie'];

/** The draft without anything that another origin must not see. */
export function withoutSecrets(draft: RequestDraft): RequestDraft {
  const headers = [...draft.headers].filter(([name, header]) => !header.isSecret && !CREDENTIAL_HEADERS.includes(name));
  return {
    ...draft,
    headers: new Map(headers),
    query: draft.query.filter((pair) => !pair.isSecret),
    body: draft.body === null ? null : bodyWithoutSecrets(draft.body),
  };
}

/** A JSON or text body with a secret in it is left out whole: what is left of it would be another request. */
function bodyWithoutSecrets(body: DraftBody): DraftBody | null {
  switch (body.type) {
    case 'json':
      return hasSecret(body.document) ? null : body;
    case 'form':
      return { type: 'form', fields: body.fields.filter((field) => !field.isSecret) };
    default:
      return body.isSecret ? null : body;
  }
}
