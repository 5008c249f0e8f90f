import { errors } from '../core/errors.js';
import { ExchangeFailure } from '../http/client.js';
import { readErrorBody, statusText } from '../http/request-errors.js';
import type { OAuthContext } from './oauth-context.js';

/** What an authorization server says of itself. */
export type ServerMetadata = Readonly<Record<string, unknown>>;

const known = new WeakMap<object, Map<string, ServerMetadata>>();

/**
 * The metadata of an issuer (OpenID Connect Discovery 1.0, section 4; else RFC 8414), asked for once per HTTP client. Throws
 * HV000 and HV00N; a document of another issuer is refused (mix-up attacks).
 */
export async function discover(issuer: string, context: OAuthContext, signal: AbortSignal): Promise<ServerMetadata> {
  let documents = known.get(context.client);
  if (documents === undefined) {
    documents = new Map();
    known.set(context.client, documents);
  }
  const found = documents.get(issuer) ?? (await ask(issuer, context, signal));
  documents.set(issuer, found);
  return found;
}

async function ask(issuer: string, context: OAuthContext, signal: AbortSignal): Promise<ServerMetadata> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const addresses = [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
  let told = '';
  for (const address of addresses) {
    const url = new URL(address);
    const request = { method: 'GET', url, shownUrl: url.href, headers: { accept: 'application/json' }, body: null };
    try {
      const response = await context.client.exchange(request, {
        signal,
        timeoutMs: context.timeoutMs,
        transport: context.transport,
      });
      const body = await readErrorBody(response);
      signal.throwIfAborted();
      told = `GET ${url.href} answered ${statusText(response.status)}`;
      if (response.status !== 200) continue;
      const document = parse(body);
      if (document === null) throw failure(issuer, context.dsn, `${told} without a JSON object`);
      if (document.issuer === issuer || document.issuer === issuer.replace(/\/$/, '')) return document;
      throw failure(issuer, context.dsn, `${told} with the metadata of another issuer`);
    } catch (error) {
      if (!(error instanceof ExchangeFailure)) throw error;
      const fields = { detail: `GET ${url.href}: ${error.problem.reason}`, hint: 'Check issuer.', cause: error };
      throw errors.cannotConnect(`could not ask the issuer of DSN "${context.dsn}" for its addresses`, fields);
    }
  }
  throw failure(issuer, context.dsn, told);
}

function parse(body: string): ServerMetadata | null {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as ServerMetadata) : null;
  } catch {
    return null;
  }
}

function failure(issuer: string, dsn: string, detail: string): Error {
  return errors.apiError(`the issuer of DSN "${dsn}" does not say where its endpoints are`, {
    detail,
    hint: `Check issuer (${issuer}), or give token_url and the other addresses themselves.`,
  });
}
