import type { DsnModel, OAuth2Model, SessionModel, TransportModel } from '../config/model.js';
import { errors } from '../core/errors.js';
import type { HttpClient } from '../http/client.js';
import { Redactor } from '../http/redactor.js';
import { connectionIdentity } from './connection-identity.js';
import type { OAuthContext } from './oauth-context.js';
import { OAuth2Grant } from './oauth2-grant.js';
import { rememberSecrets } from './remember-secrets.js';
import type { TokenStore } from './store/token-store.js';
import { withTokens } from './stored-tokens.js';
import type { TokenSet } from './token-answer.js';
import { TokenAuthorizer } from './token-authorizer.js';

/** One set of auth settings that has tokens, as commands see it. */
export interface Connection {
  readonly dsn: string;
  readonly id: string;
  readonly lockName: string;
  readonly model: OAuth2Model | SessionModel;
  readonly transport: TransportModel;
}

/** One that somebody logs in to. */
export type LoginConnection = Connection & { readonly model: OAuth2Model };

/** The connections of a DSN's tables, equal ones once. */
export function connectionsOf(dsn: DsnModel): readonly Connection[] {
  const found = new Map<string, Connection>();
  for (const { source } of dsn.tables) {
    if (source.type !== 'http' || (source.auth.type !== 'oauth2' && source.auth.type !== 'session')) continue;
    const identity = connectionIdentity(dsn.name, source.auth);
    found.set(identity.id, { dsn: dsn.name, ...identity, model: source.auth, transport: source.transport });
  }
  return [...found.values()];
}

/** A DSN's connections that somebody logs in to. Throws F0000 where there is none. */
export function interactiveConnections(dsn: DsnModel): readonly LoginConnection[] {
  const all = connectionsOf(dsn).flatMap(({ model, ...rest }) =>
    model.type === 'oauth2' && (model.grant === 'authorization_code' || model.grant === 'device_code')
      ? [{ ...rest, model }]
      : [],
  );
  if (all.length > 0) return all;
  throw errors.configuration(`DSN "${dsn.name}" needs no login`, {
    hint: 'Only the grants authorization_code and device_code are logged in to by a person.',
  });
}

/** What requests of a command about a connection need. */
export function connectionContext(connection: Connection, client: HttpClient): OAuthContext {
  const redactor = new Redactor();
  rememberSecrets(connection.model, redactor);
  const { dsn, transport } = connection;
  return { dsn, transport, client, redactor, timeoutMs: 30_000, log: () => {} };
}

/** Keeps what a login brought; a running gateway notices. */
export async function keepLogin(
  { dsn, id, model }: LoginConnection,
  login: { readonly set: TokenSet; readonly account: string | null; readonly askedAt: number },
  store: TokenStore,
  context: OAuthContext,
): Promise<void> {
  const { set, account, askedAt } = login;
  const grant = new OAuth2Grant(model, context);
  const entry = withTokens(null, set, { dsn, grant, metadata: model.metadata, askedAt });
  await store.update(id, () => ({ ...entry, account }));
}

/** What a login tells besides the token, asked for where it is not known. */
export function authValuesOf(
  connection: LoginConnection,
  store: TokenStore,
  context: OAuthContext,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { model } = connection;
  return new TokenAuthorizer(new OAuth2Grant(model, context), model, connection, store, context).authValues(signal);
}

export type { TokenStore };
