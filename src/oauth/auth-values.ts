import type { MetadataModel } from '../config/model.js';
import { errors, type GatewayError } from '../core/errors.js';
import { shorten } from '../http/api-message.js';
import { statusText } from '../http/request-errors.js';
import { digest, plain } from './connection-identity.js';
import { checkEndpoint } from './endpoints.js';
import type { OAuthContext } from './oauth-context.js';
import { headerAuthorization } from './static-authorizer.js';
import { valueAt } from './token-answer.js';
import { askServer } from './token-endpoint.js';

/** What a login told besides the token, and with which settings it was read. */
export interface StoredAuthValues {
  readonly key: string;
  readonly values: Readonly<Record<string, string>>;
}

/** What tells an entry of a list from another to people, the most readable first. */
const TITLES = ['url', 'name', 'tenantName', 'account_name', 'id'] as const;
const MOST_SHOWN = 5;

/** The values that were read with these very settings; null: none. */
export function knownAuthValues(
  model: MetadataModel,
  stored: StoredAuthValues | null | undefined,
): ReadonlyMap<string, string> | null {
  return stored != null && stored.key === keyOf(model) ? new Map(Object.entries(stored.values)) : null;
}

/** The values that a token's own answer holds; null where they are elsewhere or not all there. */
export function valuesOfAnswer(model: MetadataModel | null, answer: unknown): StoredAuthValues | null {
  if (model === null || model.url !== null) return null;
  const entry = model.list === null ? answer : findEntries(model, answer)[0];
  const values = Object.fromEntries(model.fields);
  for (const [name, field] of model.fields) {
    const text = textAt(entry, field);
    if (text === null) return null;
    values[name] = text;
  }
  return { key: keyOf(model), values };
}

/** Asks for the values with a token; `refused` where it was not taken. Throws HV000 and HV00N. */
export async function askAuthValues(
  model: MetadataModel & { readonly url: string },
  token: string,
  context: OAuthContext,
  signal: AbortSignal,
): Promise<StoredAuthValues | 'refused'> {
  const { dsn } = context;
  const endpoint = checkEndpoint(model.url, 'metadata.url', context);
  const [header] = headerAuthorization(model.header, model.prefix, token).values;
  const headers = { accept: 'application/json', [model.header.toLowerCase()]: header!.value };
  const request = { method: 'GET', url: endpoint.url, shownUrl: endpoint.shownUrl, headers, body: null };
  const { status, body } = await askServer(request, endpoint, context, signal);
  if (status === 401) return 'refused';
  const told = `GET ${endpoint.shownUrl} answered ${statusText(status)}`;
  if (status !== 200) {
    const hint = 'Check metadata.url, and that the scopes allow to ask it.';
    throw failure(dsn, `${told}: ${context.redactor.mask(shorten(body) ?? '')}`, hint);
  }
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    throw failure(dsn, `${told} with text that is not JSON`, 'Check metadata.url.');
  }
  const entry = model.list === null ? document : chooseEntry(model, document, dsn, told);
  const values: Record<string, string> = {};
  for (const [name, field] of model.fields) {
    const text = textAt(entry, field);
    if (text === null) throw failure(dsn, `${told}, without a text at "${field}"`, 'Check metadata.field.');
    values[name] = text;
  }
  return { key: keyOf(model), values };
}

/** The token's answer does not hold what the requests need. */
export function missingAuthValues(model: MetadataModel, dsn: string): GatewayError {
  if (model.url !== null) {
    const hint = 'Check metadata.url and metadata.prefix, and that the scopes allow to ask it.';
    return failure(dsn, 'metadata.url answered 401 to a new token too.', hint);
  }
  const fields = [...model.fields.values()].map((field) => `"${field}"`).join(', ');
  return failure(
    dsn,
    `The authorization server's answer has no ${fields}.`,
    `Check metadata.field, add metadata.url, or run: tidegate login ${dsn}`,
  );
}

/** The one entry that fits; a first one of several would be a guess at whose data is wanted. */
function chooseEntry(model: MetadataModel, document: unknown, dsn: string, told: string): unknown {
  const all = listAt(model, document);
  const found = findEntries(model, document);
  // A site may be listed once for each product.
  const [first] = found;
  const isSame = (entry: unknown): boolean =>
    [...model.fields.values()].every((field) => textAt(entry, field) === textAt(first, field));
  if (first !== undefined && found.every(isSame)) return first;
  const shown = (found.length === 0 ? all : found).slice(0, MOST_SHOWN).map(titleOf).join('; ');
  const wanted = [...model.where].map(([name, text]) => `${name}: ${text}`).join(', ');
  const fits = wanted === '' ? '' : ` with ${wanted}`;
  const count = found.length === 0 ? `no entry${fits}` : `${found.length} entries${fits}`;
  throw failure(
    dsn,
    `${told} with ${count}${shown === '' ? '' : `; there are: ${shown}`}.`,
    all.length === 0
      ? 'Log in as somebody who has access, and grant it when asked.'
      : 'Choose one with metadata.where, such as where: { name: Acme }.',
  );
}

function findEntries(model: MetadataModel, document: unknown): readonly unknown[] {
  return listAt(model, document).filter((entry) =>
    [...model.where].every(([field, text]) => textAt(entry, field) === text),
  );
}

function listAt({ list }: MetadataModel, document: unknown): readonly unknown[] {
  const found = list === null || list === '$' ? document : valueAt(document, list);
  return Array.isArray(found) ? found : found === undefined ? [] : [found];
}

function titleOf(entry: unknown): string {
  const titles = TITLES.map((name) => textAt(entry, name)).filter((text) => text !== null);
  return shorten(titles.slice(0, 2).join(' '), 80) ?? 'one without a name';
}

function textAt(document: unknown, path: string): string | null {
  const value = valueAt(document, path);
  const isText = (typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'boolean';
  return isText ? String(value) : null;
}

function keyOf(model: MetadataModel): string {
  return digest(plain(model));
}

function failure(dsn: string, detail: string, hint: string): GatewayError {
  return errors.apiError(`what the login of DSN "${dsn}" tells could not be read`, { detail, hint });
}
