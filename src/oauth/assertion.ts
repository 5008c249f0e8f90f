import type { OAuth2Model } from '../config/model.js';
import { reveal } from '../core/secret.js';
import { readSigningKey, signJwt } from './signing-key.js';

/** Seconds by which an assertion is dated back: clocks are rarely in step. */
const LEEWAY_S = 10;

/**
 * The assertion of the JWT bearer grant (RFC 7523, section 2.1): what Google calls a service account's and Salesforce a
 * connected app's. Scopes are a claim too, where Google reads them. `skewS`: how far the server's clock is ahead.
 */
export function grantAssertion(model: OAuth2Model, tokenUrl: string, dsn: string, skewS: number): string {
  const key = readSigningKey(model.privateKey!, dsn);
  const { assertion } = model;
  const now = Math.floor(Date.now() / 1000) + skewS;
  const claims: Record<string, unknown> = {
    iss: optional(assertion.issuer) ?? optional(model.clientId) ?? key.account ?? undefined,
    sub: optional(assertion.subject),
    aud: assertion.audience ?? tokenUrl,
    iat: now - LEEWAY_S,
    exp: now + Math.ceil(assertion.lifetimeMs / 1000),
    ...(model.scopes.length > 0 ? { scope: model.scopes.join(model.scopeSeparator) } : {}),
  };
  for (const [name, text] of assertion.claims) claims[name] = reveal(text);
  return signJwt(key, model.keyId ?? key.keyId, claims);
}

/** What a client proves itself with in the place of a secret (RFC 7523, section 2.2). */
export function clientAssertion(model: OAuth2Model, tokenUrl: string, dsn: string, skewS: number): string {
  const key = readSigningKey(model.privateKey!, dsn);
  const clientId = reveal(model.clientId ?? '');
  const now = Math.floor(Date.now() / 1000) + skewS;
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: model.assertion.audience ?? model.issuer ?? tokenUrl,
    iat: now - LEEWAY_S,
    nbf: now - LEEWAY_S,
    exp: now + 60,
  };
  return signJwt(key, model.keyId ?? key.keyId, claims);
}

function optional(text: OAuth2Model['clientId']): string | undefined {
  return text === null ? undefined : reveal(text);
}
