import type { OAuth1Model } from '../config/model.js';
import { type Authorization, type Authorizer, NO_AUTH_VALUES } from '../http/authorizer.js';
import type { Redactor } from '../http/redactor.js';
import { signOAuth1 } from './oauth1-signature.js';
import { rememberSecrets } from './remember-secrets.js';

/** OAuth 1.0a: each request is signed by itself, so there is nothing to obtain or renew. */
export class OAuth1Authorizer implements Authorizer {
  readonly description: string;
  readonly #authorization: Authorization;

  constructor(model: OAuth1Model, redactor: Redactor) {
    rememberSecrets(model, redactor);
    this.description = `OAuth 1.0a ${model.signatureMethod}`;
    this.#authorization = {
      values: [],
      sign: (request) => ({ authorization: signOAuth1(request, model) }),
    };
  }

  async authorize(signal: AbortSignal): Promise<Authorization> {
    signal.throwIfAborted();
    return this.#authorization;
  }

  async renew(): Promise<boolean> {
    return false;
  }

  async authValues(): Promise<ReadonlyMap<string, string>> {
    return NO_AUTH_VALUES;
  }
}
