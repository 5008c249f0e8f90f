import {
  type AuthorizationServer,
  allowInsecureRequests,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrantRequest,
  customFetch,
  None,
  processClientCredentialsResponse,
} from 'oauth4webapi';
import type { AuthModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import { reveal, Secret } from '../core/secret.js';
import { ExchangeFailure, type HttpClient } from '../http/client.js';
import { encodeHeaderText } from '../http/encode-value.js';
import { redactUrl } from '../http/redact-url.js';
import type { Redactor } from '../http/redactor.js';
import { readErrorBody } from '../http/request-errors.js';
import { backoffMs } from '../http/retry.js';
import { sleep } from '../http/wait.js';
import { type AccessToken, readLifetimeMs } from './token-cache.js';
import { type TokenSubject, tokenAnswerError, tokenExchangeError, tokenStatusError } from './token-errors.js';

export type OAuthModel = Extract<AuthModel, { type: 'oauth2' }>;

const MOST_ATTEMPTS = 3;
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

export interface TokenRequestOptions {
  readonly dsn: string;
  readonly timeoutMs: number;
  readonly client: HttpClient;
  readonly redactor: Redactor;
}

/**
 * Asks the authorization server for an access token by the client credentials grant (RFC 6749, section 4.4). Throws
 * HV000 and HV00N in the server's own words, never with a secret.
 */
export async function requestToken(
  model: OAuthModel,
  options: TokenRequestOptions,
  signal: AbortSignal,
): Promise<AccessToken> {
  const url = tokenUrl(model, options.dsn);
  const shownUrl = model.tokenUrl instanceof Secret ? url.origin : redactUrl(url, options.redactor);
  const mask = (text: string): string => options.redactor.mask(text);
  const subject: TokenSubject = { dsn: options.dsn, request: `POST ${shownUrl}`, mask };
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await postTokenRequest(model, url, shownUrl, options, signal);
      if (attempt < MOST_ATTEMPTS && RETRYABLE.has(answer.status)) {
        await sleep(backoffMs(attempt, 'exponential'), signal);
        continue;
      }
      return await readToken(answer, url, model, subject);
    } catch (error) {
      if (!(error instanceof ExchangeFailure)) throw error;
      const isWorthwhile = error.problem.isTransient && error.problem.stage !== 'timeout';
      if (attempt >= MOST_ATTEMPTS || !isWorthwhile) throw tokenExchangeError(error, subject);
      await sleep(backoffMs(attempt, 'exponential'), signal);
    }
  }
}

interface TokenAnswer {
  readonly status: number;
  readonly body: string;
}

function tokenUrl(model: OAuthModel, dsn: string): URL {
  const text = reveal(model.tokenUrl);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw errors.configuration(`token_url of DSN "${dsn}" is not an http or https URL`, {
      hint: 'Set token_url to the address of the token endpoint, such as https://auth.example.com/oauth/token.',
    });
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw errors.configuration(`token_url of DSN "${dsn}" would send the client secret unencrypted to "${url.host}"`, {
      hint: 'Use an https address; http is allowed only for an authorization server on this machine.',
    });
  }
  return url;
}

async function postTokenRequest(
  model: OAuthModel,
  url: URL,
  shownUrl: string,
  options: TokenRequestOptions,
  signal: AbortSignal,
): Promise<TokenAnswer> {
  let answer: TokenAnswer = { status: 0, body: '' };
  const headers: Record<string, string> = {};
  for (const [name, text] of model.extraTokenHeaders)
    headers[name.toLowerCase()] = encodeHeaderText(name, reveal(text));
  const { server, client } = parties(model, url);
  await clientCredentialsGrantRequest(server, client, clientAuth(model), parameters(model), {
    [allowInsecureRequests]: url.protocol === 'http:',
    [customFetch]: async (_url, request) => {
      const sent = {
        method: request.method,
        url,
        shownUrl,
        headers: { ...request.headers, ...headers },
        body: String(request.body),
      };
      const response = await options.client.exchange(sent, { signal, timeoutMs: options.timeoutMs });
      answer = { status: response.status, body: await readErrorBody(response) };
      signal.throwIfAborted();
      // The answer is checked below in a form that forgives what servers often get wrong.
      return new Response(null, { status: 200 });
    },
  });
  return answer;
}

function parties(model: OAuthModel, url: URL): { server: AuthorizationServer; client: Client } {
  return {
    server: { issuer: url.origin, token_endpoint: url.href },
    client: { client_id: reveal(model.clientId) },
  };
}

function clientAuth(model: OAuthModel): ClientAuth {
  if (model.clientAuth === 'none' || model.clientSecret === null) return None();
  const secret = model.clientSecret.reveal();
  return model.clientAuth === 'basic' ? ClientSecretBasic(secret) : ClientSecretPost(secret);
}

function parameters(model: OAuthModel): URLSearchParams {
  const pairs = new URLSearchParams();
  if (model.scopes.length > 0) pairs.set('scope', model.scopes.join(model.scopeSeparator));
  if (model.audience !== null) pairs.set('audience', model.audience);
  if (model.resource !== null) pairs.set('resource', model.resource);
  for (const [name, text] of model.extraTokenParameters) pairs.set(name, reveal(text));
  return pairs;
}

async function readToken(
  answer: TokenAnswer,
  url: URL,
  model: OAuthModel,
  subject: TokenSubject,
): Promise<AccessToken> {
  const { status, body } = answer;
  if (status < 200 || status > 299) throw tokenStatusError(status, body, subject);
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw tokenAnswerError(status, body, null, subject);
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw tokenAnswerError(status, body, 'the answer is not a JSON object', subject);
  }
  const fields = json as Record<string, unknown>;
  // Some servers answer errors with 200.
  if (typeof fields.error === 'string' && fields.access_token === undefined)
    throw tokenStatusError(status, body, subject);
  // The header and prefix come from the DSN, so a missing or unusual token_type does not matter, nor an odd expires_in.
  const checked = { access_token: fields.access_token, token_type: 'bearer' };
  const { server, client } = parties(model, url);
  try {
    const token = await processClientCredentialsResponse(server, client, Response.json(checked));
    return { text: token.access_token, lifetimeMs: readLifetimeMs(fields.expires_in) };
  } catch {
    throw tokenAnswerError(status, body, 'its field "access_token" is missing or not a text', subject);
  }
}
