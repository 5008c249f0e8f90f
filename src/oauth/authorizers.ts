import { createHash } from 'node:crypto';
import type { AuthModel } from '../config/model.js';
import { Secret } from '../core/secret.js';
import type { Authorizer } from '../http/authorizer.js';
import type { HttpClient } from '../http/client.js';
import type { Redactor } from '../http/redactor.js';
import type { LogRequest } from '../http/send.js';
import { OAuthAuthorizer } from './oauth-authorizer.js';
import { createStaticAuthorizer } from './static-authorizer.js';

/** The authorizers of one gateway: tables of a DSN with equal auth settings share one, and so one token. */
export class Authorizers {
  readonly #client: HttpClient;
  readonly #log: LogRequest;
  readonly #authorizers = new Map<string, Authorizer>();

  constructor(client: HttpClient, log: LogRequest) {
    this.#client = client;
    this.#log = log;
  }

  /** `redactor` is the DSN's: it learns the secrets, tokens obtained later among them. */
  for(dsn: string, model: AuthModel, options: { readonly redactor: Redactor; readonly timeoutMs: number }): Authorizer {
    const key = fingerprint(dsn, model);
    let authorizer = this.#authorizers.get(key);
    if (authorizer === undefined) {
      authorizer =
        model.type === 'oauth2'
          ? new OAuthAuthorizer(model, { ...options, dsn, client: this.#client, log: this.#log })
          : createStaticAuthorizer(model, options.redactor);
      this.#authorizers.set(key, authorizer);
    }
    return authorizer;
  }
}

/** Equal for equal settings; a digest, so that the map's keys hold no secret. */
function fingerprint(dsn: string, model: AuthModel): string {
  const settings = Object.entries(model).map(([name, value]) => [name, plain(value)]);
  return createHash('sha256')
    .update(JSON.stringify([dsn, settings]))
    .digest('base64');
}

function plain(value: unknown): unknown {
  if (value instanceof Secret) return ['secret', value.reveal()];
  if (value instanceof Map) return [...value].map(([name, item]) => [name, plain(item)]);
  return value;
}
