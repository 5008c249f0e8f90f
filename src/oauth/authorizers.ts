import type { AuthModel, TransportModel } from '../config/model.js';
import type { Authorizer } from '../http/authorizer.js';
import type { HttpClient } from '../http/client.js';
import type { Redactor } from '../http/redactor.js';
import { DEFAULT_TRANSPORT } from '../http/routes.js';
import type { LogRequest } from '../http/send.js';
import { connectionIdentity, digest, plain } from './connection-identity.js';
import { JwtAuthorizer } from './jwt-authorizer.js';
import { OAuth1Authorizer } from './oauth1-authorizer.js';
import { OAuth2Grant } from './oauth2-grant.js';
import { rememberSecrets } from './remember-secrets.js';
import { SessionGrant } from './session-grant.js';
import { createStaticAuthorizer } from './static-authorizer.js';
import { MemoryTokenStore } from './store/memory-store.js';
import type { TokenStore } from './store/token-store.js';
import { TokenAuthorizer } from './token-authorizer.js';

/** How an authorizer's own requests are sent. */
export interface AuthorizerOptions {
  readonly redactor: Redactor;
  readonly timeoutMs: number;
  /** As the environment says by default. */
  readonly transport?: TransportModel;
}

/** The authorizers of one gateway: tables of a DSN with equal auth settings share one, and so one token. */
export class Authorizers {
  readonly #client: HttpClient;
  readonly #log: LogRequest;
  readonly #store: TokenStore;
  readonly #authorizers = new Map<string, Authorizer>();

  /** `store`: where tokens are kept; it is closed with the authorizers. */
  constructor(client: HttpClient, log: LogRequest, store: TokenStore = new MemoryTokenStore()) {
    this.#client = client;
    this.#log = log;
    this.#store = store;
  }

  /** `redactor` is the DSN's: it learns the secrets, tokens obtained later among them. */
  for(dsn: string, model: AuthModel, options: AuthorizerOptions): Authorizer {
    const key = digest([dsn, plain(model)]);
    let authorizer = this.#authorizers.get(key);
    if (authorizer === undefined) {
      authorizer = this.#create(dsn, model, options);
      this.#authorizers.set(key, authorizer);
    }
    return authorizer;
  }

  /** Lets renewals under way come to their end: what they use up must be replaced on disk. */
  async close(): Promise<void> {
    const open = [...this.#authorizers.values()].filter((item) => item instanceof TokenAuthorizer);
    await Promise.all(open.map((item) => item.settle()));
    await this.#store.close();
  }

  #create(dsn: string, model: AuthModel, options: AuthorizerOptions) {
    const context = { transport: DEFAULT_TRANSPORT, ...options, dsn, client: this.#client, log: this.#log };
    switch (model.type) {
      case 'oauth2':
      case 'session': {
        rememberSecrets(model, options.redactor);
        const grant = model.type === 'oauth2' ? new OAuth2Grant(model, context) : new SessionGrant(model, context);
        return new TokenAuthorizer(grant, model, connectionIdentity(dsn, model), this.#store, context);
      }
      case 'oauth1':
        return new OAuth1Authorizer(model, options.redactor);
      case 'jwt':
        return new JwtAuthorizer(model, dsn, options.redactor);
      default:
        return createStaticAuthorizer(model, options.redactor);
    }
  }
}
