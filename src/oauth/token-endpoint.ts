import { type AuthorizationServer, allowInsecureRequests, type Client, customFetch } from 'oauth4webapi';
import type { OAuth2Model } from '../config/model.js';
import { reveal } from '../core/secret.js';
import { ExchangeFailure } from '../http/client.js';
import { encodeHeaderText } from '../http/encode-value.js';
import type { HttpRequest } from '../http/request-draft.js';
import { readErrorBody } from '../http/request-errors.js';
import { backoffMs, retryAfterMs } from '../http/retry.js';
import { sleep } from '../http/wait.js';
import type { Endpoint } from './endpoints.js';
import type { OAuthContext } from './oauth-context.js';
import { type TokenSubject, tokenExchangeError } from './token-errors.js';

const MOST_ATTEMPTS = 3;
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** A server that wants a longer pause gets it by being asked again with the next statement. */
const LONGEST_PAUSE_MS = 5_000;

/** An answer of an authorization server, whatever it is. */
export interface ServerAnswer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
  /** How far the server's clock is ahead of this machine's, in s; 0 where it does not tell. */
  readonly skewS: number;
  header(name: string): string | null;
}

/** What errors about an endpoint may tell. */
export function subjectOf(endpoint: Endpoint, context: OAuthContext, method = 'POST'): TokenSubject {
  return {
    dsn: context.dsn,
    request: `${method} ${endpoint.shownUrl}`,
    mask: (text) => context.redactor.mask(text),
  };
}

/** Server and client as oauth4webapi wants them. */
export function parties(model: OAuth2Model, tokenUrl: URL): { server: AuthorizationServer; client: Client } {
  return {
    server: { issuer: model.issuer ?? tokenUrl.origin, token_endpoint: tokenUrl.href },
    client: { client_id: model.clientId === null ? '-' : reveal(model.clientId) },
  };
}

/** Sends a request to an authorization server, again where that is worth it and safe. Throws HV000 and HV00N. */
export async function askServer(
  request: HttpRequest,
  endpoint: Endpoint,
  context: OAuthContext,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await context.client.exchange(request, {
        signal,
        timeoutMs: context.timeoutMs,
        transport: context.transport,
      });
      const askedMs = retryAfterMs(response.headers.get('retry-after'));
      const answer: ServerAnswer = {
        status: response.status,
        body: await readErrorBody(response),
        contentType: response.headers.get('content-type') ?? '',
        skewS: clockSkewS(response.headers.get('date')),
        header: (name) => response.headers.get(name),
      };
      signal.throwIfAborted();
      const isWorthwhile = RETRYABLE.has(answer.status) && (askedMs ?? 0) <= LONGEST_PAUSE_MS;
      if (attempt >= MOST_ATTEMPTS || !isWorthwhile) return answer;
      await sleep(askedMs ?? backoffMs(attempt, 'exponential'), signal);
    } catch (error) {
      if (!(error instanceof ExchangeFailure)) throw error;
      const isWorthwhile = error.problem.isTransient && error.problem.stage !== 'timeout';
      if (attempt >= MOST_ATTEMPTS || !isWorthwhile)
        throw tokenExchangeError(error, subjectOf(endpoint, context, request.method));
      await sleep(backoffMs(attempt, 'exponential'), signal);
    }
  }
}

/** A request of oauth4webapi's making, sent by the gateway's own client. */
type ProtocolRequest = (options: {
  [allowInsecureRequests]: boolean;
  [customFetch]: (
    url: string,
    request: { method: string; headers: Record<string, string>; body: unknown },
  ) => Promise<Response>;
}) => Promise<unknown>;

/**
 * Lets oauth4webapi build a request and sends it. Its own reading of the answer is not used: what servers often get wrong
 * (a missing token_type, an odd expires_in, 200 for an error) is forgiven by ours.
 */
export async function sendProtocolRequest(
  model: OAuth2Model,
  endpoint: Endpoint,
  context: OAuthContext,
  signal: AbortSignal,
  build: ProtocolRequest,
): Promise<ServerAnswer> {
  const extra: Record<string, string> = {};
  for (const [name, text] of model.extraTokenHeaders) extra[name.toLowerCase()] = encodeHeaderText(name, reveal(text));
  let answer: ServerAnswer | null = null;
  await build({
    [allowInsecureRequests]: endpoint.url.protocol === 'http:',
    [customFetch]: async (_url, { method, headers, body }) => {
      const isJson = model.tokenContentType === 'json';
      const form = new URLSearchParams(String(body));
      const sent: HttpRequest = {
        method,
        url: endpoint.url,
        shownUrl: endpoint.shownUrl,
        headers: { ...headers, ...(isJson ? { 'content-type': 'application/json' } : {}), ...extra },
        body: isJson ? JSON.stringify(Object.fromEntries(form)) : form.toString(),
      };
      answer = await askServer(sent, endpoint, context, signal);
      return new Response(null, { status: 200 });
    },
  });
  return answer!;
}

function clockSkewS(date: string | null): number {
  const time = date === null ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? 0 : Math.round((time - Date.now()) / 1000);
}
