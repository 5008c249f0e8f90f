import { createHash } from 'node:crypto';
import { genericTokenEndpointRequest } from 'oauth4webapi';
import type { OAuth2Model, OAuthGrant } from '../config/model.js';
import { reveal } from '../core/secret.js';
import { grantAssertion } from './assertion.js';
import { clientAuthentication } from './client-authentication.js';
import { type Endpoint, requireEndpoint } from './endpoints.js';
import type { Grant } from './grant.js';
import type { OAuthContext } from './oauth-context.js';
import { loginExpired, notLoggedIn, RefusedGrant, refreshRefused } from './refused-grant.js';
import type { StoredToken } from './store/token-store.js';
import { readTokenAnswer, type TokenSet } from './token-answer.js';
import { parties, type ServerAnswer, sendProtocolRequest, subjectOf } from './token-endpoint.js';
import { serverErrorCode } from './token-errors.js';

const NAMES: Readonly<Record<OAuthGrant, string>> = {
  client_credentials: 'client credentials',
  authorization_code: 'authorization code',
  refresh_token: 'refresh token',
  device_code: 'device code',
  password: 'password',
  jwt_bearer: 'JWT bearer',
};
/** Grants whose refresh tokens somebody had to get. */
const INTERACTIVE: ReadonlySet<OAuthGrant> = new Set(['authorization_code', 'device_code', 'refresh_token']);
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** Smaller differences are covered by the leeway of assertions. */
const NOTABLE_SKEW_S = 10;

/** The grants of OAuth 2.0: the first token, and the following ones with the refresh token where there is one. */
export class OAuth2Grant implements Grant {
  readonly description: string;
  readonly seed: string | null;
  readonly needsStore: boolean;
  readonly #model: OAuth2Model;
  readonly #context: OAuthContext;
  #skewS = 0;

  constructor(model: OAuth2Model, context: OAuthContext) {
    this.#model = model;
    this.#context = context;
    this.description = `OAuth 2.0 ${NAMES[model.grant]}`;
    this.needsStore = INTERACTIVE.has(model.grant);
    this.seed = model.refreshToken === null ? null : digest(model.refreshToken.reveal());
  }

  usesUp(stored: StoredToken | null): boolean {
    return this.#refreshToken(stored) !== null;
  }

  async obtain(stored: StoredToken | null, signal: AbortSignal): Promise<TokenSet> {
    const { grant } = this.#model;
    const refreshToken = this.#refreshToken(stored);
    if (refreshToken !== null) {
      try {
        return await this.#refresh(refreshToken, signal);
      } catch (error) {
        // With these grants a new beginning needs nobody.
        if ((grant !== 'password' && grant !== 'jwt_bearer') || !(error instanceof RefusedGrant)) throw error;
      }
    }
    switch (grant) {
      case 'client_credentials':
        return await this.#request('client_credentials', this.#firstParameters(), signal);
      case 'password': {
        const { username, password } = this.#model;
        const own = { username: reveal(username ?? ''), password: password?.reveal() ?? '' };
        return await this.#request('password', { ...this.#firstParameters(), ...own }, signal);
      }
      case 'jwt_bearer':
        return await this.#request(JWT_BEARER, this.#firstParameters(), signal);
      default:
        throw stored === null ? notLoggedIn(this.#context.dsn) : loginExpired(this.#context.dsn);
    }
  }

  /** The one that was rotated last; the DSN's own when it was put there since. */
  #refreshToken(stored: StoredToken | null): string | null {
    const { grant, refreshToken } = this.#model;
    if (grant === 'client_credentials') return null;
    if (refreshToken !== null && stored?.seed !== this.seed) return refreshToken.reveal();
    return stored?.refreshToken ?? null;
  }

  async #refresh(refreshToken: string, signal: AbortSignal): Promise<TokenSet> {
    const { dsn, redactor } = this.#context;
    redactor.addRolling(refreshToken);
    const parameters: Record<string, string> = { refresh_token: refreshToken };
    for (const [name, text] of this.#model.extraTokenParameters) parameters[name] = reveal(text);
    const { answer, endpoint } = await this.#ask('refresh_token', parameters, signal);
    const subject = subjectOf(endpoint, this.#context);
    try {
      const set = readTokenAnswer(answer, this.#model, subject);
      // A server that does not rotate gives none (RFC 6749, section 6).
      return { ...set, refreshToken: set.refreshToken ?? refreshToken };
    } catch (error) {
      if (!isRefreshRefused(answer)) throw error;
      const detail = subject.mask((error as { detail?: string }).detail ?? '');
      throw refreshRefused(dsn, this.#model.grant === 'refresh_token', detail);
    }
  }

  async #request(type: string, parameters: Record<string, string>, signal: AbortSignal): Promise<TokenSet> {
    const { answer, endpoint } = await this.#ask(type, parameters, signal);
    return readTokenAnswer(answer, this.#model, subjectOf(endpoint, this.#context));
  }

  async #ask(
    type: string,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ answer: ServerAnswer; endpoint: Endpoint }> {
    const endpoint = await requireEndpoint(this.#model, 'token_url', this.#context, signal);
    let answer = await this.#send(type, parameters, endpoint, signal);
    const isSigned = this.#model.privateKey !== null;
    const isClockOff = Math.abs(answer.skewS - this.#skewS) > NOTABLE_SKEW_S;
    if (isSigned && (answer.status === 400 || answer.status === 401) && isClockOff) {
      // A refused assertion may only have been dated by a wrong clock: once more, by the server's.
      this.#skewS = answer.skewS;
      this.#context.log('warn', { dsn: this.#context.dsn, skewS: this.#skewS }, 'the clocks differ; signing again');
      answer = await this.#send(type, parameters, endpoint, signal);
    }
    return { answer, endpoint };
  }

  #send(type: string, parameters: Readonly<Record<string, string>>, endpoint: Endpoint, signal: AbortSignal) {
    const model = this.#model;
    const { dsn } = this.#context;
    const { server, client } = parties(model, endpoint.url);
    const auth = clientAuthentication(model, endpoint.url.href, dsn, this.#skewS);
    const pairs = { ...parameters };
    if (type === JWT_BEARER) pairs.assertion = grantAssertion(model, endpoint.url.href, dsn, this.#skewS);
    return sendProtocolRequest(model, endpoint, this.#context, signal, (options) =>
      genericTokenEndpointRequest(server, client, auth, type, pairs, options),
    );
  }

  #firstParameters(): Record<string, string> {
    const model = this.#model;
    const pairs: Record<string, string> = {};
    if (model.scopes.length > 0) pairs.scope = model.scopes.join(model.scopeSeparator);
    if (model.audience !== null) pairs.audience = model.audience;
    if (model.resource !== null) pairs.resource = model.resource;
    for (const [name, text] of model.extraTokenParameters) pairs[name] = reveal(text);
    return pairs;
  }
}

/** Whether the refresh token itself was refused, and not the client or the server's own state. */
function isRefreshRefused({ status, body }: ServerAnswer): boolean {
  if (status === 429 || status >= 500) return false;
  const code = serverErrorCode(body);
  return code !== null && (code === 'invalid_grant' || code.includes('refresh_token'));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
