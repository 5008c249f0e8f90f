import type { JwtModel } from '../config/model.js';
import { reveal, Secret } from '../core/secret.js';
import { type Authorization, type Authorizer, NO_AUTH_VALUES } from '../http/authorizer.js';
import type { Redactor } from '../http/redactor.js';
import { readSigningKey, type SigningKey, sharedKey, signJwt } from './signing-key.js';
import { tokenAuthorization } from './static-authorizer.js';

/** Seconds by which a token is dated back: an API whose clock is behind refuses one from the future. */
const LEEWAY_S = 30;

/** A JWT that is signed here and sent as the token: nothing is asked for, a new one is made before the last one ends. */
export class JwtAuthorizer implements Authorizer {
  readonly description: string;
  readonly #model: JwtModel;
  readonly #dsn: string;
  readonly #redactor: Redactor;
  #key: SigningKey | null = null;
  #held: { readonly authorization: Authorization; readonly renewAt: number } | null = null;

  constructor(model: JwtModel, dsn: string, redactor: Redactor) {
    this.description = `JWT signed with ${model.algorithm}`;
    this.#model = model;
    this.#dsn = dsn;
    this.#redactor = redactor;
    redactor.add(model.key.reveal());
    for (const text of [model.issuer, model.subject, ...model.claims.values()]) {
      if (text instanceof Secret) redactor.add(text.reveal());
    }
  }

  async authorize(signal: AbortSignal): Promise<Authorization> {
    signal.throwIfAborted();
    if (this.#held === null || performance.now() >= this.#held.renewAt) this.#held = this.#sign();
    return this.#held.authorization;
  }

  /** An API may refuse a token before its end, such as after it was used too often: another one is worth one try. */
  async renew(refused: Authorization, signal: AbortSignal): Promise<boolean> {
    if (this.#held?.authorization === refused) this.#held = null;
    await this.authorize(signal);
    return true;
  }

  async authValues(): Promise<ReadonlyMap<string, string>> {
    return NO_AUTH_VALUES;
  }

  #sign() {
    const model = this.#model;
    const { algorithm } = model;
    this.#key ??= algorithm.startsWith('HS')
      ? sharedKey(model.key, algorithm)
      : readSigningKey(model.key, this.#dsn, algorithm);
    const now = Math.floor(Date.now() / 1000);
    const claims: Record<string, unknown> = {
      iss: optional(model.issuer) ?? this.#key.account ?? undefined,
      sub: optional(model.subject),
      aud: model.audience ?? undefined,
      iat: now - LEEWAY_S,
      exp: now + Math.ceil(model.lifetimeMs / 1000),
    };
    for (const [name, value] of model.claims) claims[name] = value instanceof Secret ? value.reveal() : value;
    const token = signJwt(this.#key, model.keyId ?? this.#key.keyId, claims);
    this.#redactor.addRolling(token);
    // At three quarters of its life, so that no request takes it along to its end.
    return { authorization: tokenAuthorization(model, token), renewAt: performance.now() + model.lifetimeMs * 0.75 };
  }
}

function optional(text: JwtModel['issuer']): string | undefined {
  return text === null ? undefined : reveal(text);
}
