import { Secret } from '../core/secret.js';
import type { Authorization, Authorizer } from '../http/authorizer.js';
import type { LogRequest } from '../http/send.js';
import { SharedWork } from './shared-work.js';
import { headerAuthorization } from './static-authorizer.js';
import { renewalTime } from './token-cache.js';
import { type OAuthModel, requestToken, type TokenRequestOptions } from './token-request.js';

interface Held {
  readonly authorization: Authorization;
  /** On the monotonic clock. */
  readonly renewAt: number;
}

/** Access tokens of the client credentials grant: kept in memory, asked for once however many scans need them. */
export class OAuthAuthorizer implements Authorizer {
  readonly description = 'OAuth 2.0 client credentials';
  readonly #model: OAuthModel;
  readonly #options: TokenRequestOptions & { readonly log: LogRequest };
  readonly #work = new SharedWork<Authorization>();
  #held: Held | null = null;

  constructor(model: OAuthModel, options: TokenRequestOptions & { readonly log: LogRequest }) {
    this.#model = model;
    this.#options = options;
    const { redactor } = options;
    if (model.clientSecret !== null) redactor.add(model.clientSecret.reveal());
    for (const texts of [model.extraTokenParameters, model.extraTokenHeaders]) {
      for (const text of texts.values()) if (text instanceof Secret) redactor.add(text.reveal());
    }
  }

  async authorize(signal: AbortSignal): Promise<Authorization> {
    signal.throwIfAborted();
    if (this.#held !== null && performance.now() < this.#held.renewAt) return this.#held.authorization;
    return await this.#work.join((shared) => this.#obtain(shared), signal);
  }

  async renew(refused: Authorization, signal: AbortSignal): Promise<boolean> {
    if (this.#held?.authorization === refused) this.#held = null;
    await this.authorize(signal);
    return true;
  }

  async #obtain(signal: AbortSignal): Promise<Authorization> {
    const { redactor, log, dsn } = this.#options;
    const askedAt = performance.now();
    const token = await requestToken(this.#model, this.#options, signal);
    redactor.addRolling(token.text);
    const authorization = headerAuthorization(this.#model.header, this.#model.prefix, token.text);
    this.#held = { authorization, renewAt: renewalTime(token, askedAt, this.#model.renewBeforeMs) };
    log('info', { dsn, lifetimeMs: token.lifetimeMs }, 'access token obtained');
    return authorization;
  }
}
