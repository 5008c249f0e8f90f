import { createHash } from 'node:crypto';
import type { OAuth2Model, SessionModel } from '../config/model.js';
import { reveal, Secret } from '../core/secret.js';

/** Which tokens belong to which auth settings. */
export interface ConnectionIdentity {
  /** The entry in the token store; only ever written inside of it, for it depends on secrets. */
  readonly id: string;
  /** What processes lock while they ask for a token; made of nothing secret, for it names a file. */
  readonly lockName: string;
}

/**
 * A login stays valid when a client secret is replaced; what is asked for with a secret of the DSN alone is asked for
 * again when that changes.
 */
export function connectionIdentity(dsn: string, model: OAuth2Model | SessionModel): ConnectionIdentity {
  const settings = model.type === 'session' ? [model.login] : oauth2Settings(model);
  const kind = model.type === 'session' ? 'session' : model.grant;
  return {
    id: digest([dsn, kind, ...settings.map(plain)]),
    lockName: digest([dsn, kind]).slice(0, 16),
  };
}

function oauth2Settings(model: OAuth2Model): readonly unknown[] {
  const server = [
    model.issuer,
    model.tokenUrl,
    model.clientId,
    [...model.scopes].sort(),
    model.audience,
    model.resource,
  ];
  switch (model.grant) {
    case 'authorization_code':
    case 'device_code':
    case 'refresh_token':
      return server;
    default:
      return [
        ...server,
        model.clientSecret,
        model.username,
        model.password,
        model.assertion,
        model.extraTokenParameters,
      ];
  }
}

/** Equal for equal settings, whatever they hold. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** The settings with their secrets, for a digest. */
export function plain(value: unknown): unknown {
  if (value instanceof Secret) return ['secret', reveal(value)];
  if (value instanceof Map) return [...value].map(([name, item]) => [name, plain(item)]);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([name, item]) => [name, plain(item)]);
  }
  return value;
}
