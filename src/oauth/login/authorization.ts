import {
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
  nopkce,
  validateAuthResponse,
} from 'oauth4webapi';
import type { OAuth2Model } from '../../config/model.js';
import { errors } from '../../core/errors.js';
import { reveal } from '../../core/secret.js';
import { shorten } from '../../http/api-message.js';
import { clientAuthentication } from '../client-authentication.js';
import { requireEndpoint } from '../endpoints.js';
import type { OAuthContext } from '../oauth-context.js';
import { readTokenAnswer, type TokenSet } from '../token-answer.js';
import { parties, sendProtocolRequest, subjectOf } from '../token-endpoint.js';
import { checkNonce } from './id-token.js';

/** One login by authorization code (RFC 6749, section 4.1, with RFC 7636), from its address to its tokens. */
export class Authorization {
  readonly #model: OAuth2Model;
  readonly #context: OAuthContext;
  readonly #redirectUrl: string;
  readonly #state = generateRandomState();
  readonly #verifier = generateRandomCodeVerifier();
  readonly #nonce: string | null;

  constructor(model: OAuth2Model, context: OAuthContext, redirectUrl: string) {
    this.#model = model;
    this.#context = context;
    this.#redirectUrl = redirectUrl;
    this.#nonce = model.scopes.includes('openid') ? generateRandomNonce() : null;
    context.redactor.add(this.#verifier);
  }

  /** Where the user logs in and consents. It holds no secret. */
  async address(signal: AbortSignal): Promise<URL> {
    const model = this.#model;
    const { url } = await requireEndpoint(model, 'authorization_url', this.#context, signal);
    const address = new URL(url);
    const set = (name: string, value: string): void => address.searchParams.set(name, value);
    for (const [name, text] of model.extraAuthorizationParameters) set(name, reveal(text));
    set('response_type', 'code');
    set('client_id', reveal(model.clientId!));
    set('redirect_uri', this.#redirectUrl);
    set('state', this.#state);
    if (model.scopes.length > 0) set('scope', model.scopes.join(model.scopeSeparator));
    if (model.audience !== null) set('audience', model.audience);
    if (model.resource !== null) set('resource', model.resource);
    if (this.#nonce !== null) set('nonce', this.#nonce);
    if (model.pkce) {
      set('code_challenge', await calculatePKCECodeChallenge(this.#verifier));
      set('code_challenge_method', 'S256');
    }
    return address;
  }

  /** Whether an answer belongs to this login: another one may be a forgery, or an old tab. */
  isOwn(answer: URLSearchParams): boolean {
    return answer.get('state') === this.#state;
  }

  /** The answer of a person who pasted no more than the code. */
  answerOf(code: string): URLSearchParams {
    return new URLSearchParams({ code, state: this.#state });
  }

  /** Turns the answer that came to the redirect URL into tokens. Throws HV000 for a denial and for a forged answer. */
  async redeem(answer: URLSearchParams, signal: AbortSignal): Promise<TokenSet> {
    const model = this.#model;
    const { dsn, redactor } = this.#context;
    redactor.add(answer.get('code') ?? '');
    if (!this.isOwn(answer)) throw wrongState(dsn);
    if (answer.has('error')) throw denied(dsn, answer);
    const endpoint = await requireEndpoint(model, 'token_url', this.#context, signal);
    const { server, client } = parties(model, endpoint.url);
    // Without metadata nothing is known of whether the server names itself (RFC 9207).
    const issuer = model.issuer ?? answer.get('iss') ?? server.issuer;
    let checked: URLSearchParams;
    try {
      checked = validateAuthResponse({ ...server, issuer }, client, answer, this.#state);
    } catch (error) {
      throw errors.apiError(`the answer to the login of DSN "${dsn}" is not usable`, {
        detail: redactor.mask((error as Error).message),
        hint: `run: tidegate login ${dsn}`,
      });
    }
    const auth = clientAuthentication(model, endpoint.url.href, dsn, 0);
    const verifier = model.pkce ? this.#verifier : nopkce;
    const parameters = new URLSearchParams();
    for (const [name, text] of model.extraTokenParameters) parameters.set(name, reveal(text));
    if (model.resource !== null) parameters.set('resource', model.resource);
    const sent = await sendProtocolRequest(model, endpoint, this.#context, signal, (options) =>
      authorizationCodeGrantRequest(server, client, auth, checked, this.#redirectUrl, verifier, {
        ...options,
        additionalParameters: parameters,
      }),
    );
    const set = readTokenAnswer(sent, model, subjectOf(endpoint, this.#context));
    if (this.#nonce !== null) checkNonce(set.idToken, this.#nonce, dsn);
    // Some providers tell more in the redirect than in the token's answer, such as QuickBooks its company.
    return { ...set, answer: { ...Object.fromEntries(answer), ...set.answer } };
  }
}

function wrongState(dsn: string): Error {
  return errors.apiError(`the answer does not belong to this login of DSN "${dsn}"`, {
    detail: 'Its state is not the one that this login began with.',
    hint: `Close older tabs of the login, then run: tidegate login ${dsn}`,
  });
}

function denied(dsn: string, answer: URLSearchParams): Error {
  const code = answer.get('error') ?? '';
  const told = [code, answer.get('error_description')].filter((text) => text !== null).join(': ');
  const isDenied = code === 'access_denied';
  return errors.apiError(isDenied ? `consent was denied for DSN "${dsn}"` : `the login of DSN "${dsn}" failed`, {
    detail: `The authorization server says: ${shorten(told)}`,
    hint: isDenied
      ? `Agree when asked, or run again as somebody who may: tidegate login ${dsn}`
      : `Check client_id, redirect_url and scopes in the auth settings of DSN "${dsn}".`,
  });
}
