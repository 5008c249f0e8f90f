import type { OAuth2Model } from '../config/model.js';
import { errors } from '../core/errors.js';
import { type ConfiguredText, reveal, Secret } from '../core/secret.js';
import { redactUrl } from '../http/redact-url.js';
import { discover } from './discovery.js';
import type { OAuthContext } from './oauth-context.js';

/** The addresses of an authorization server that a DSN can name. */
export type EndpointKey =
  | 'token_url'
  | 'authorization_url'
  | 'device_authorization_url'
  | 'revocation_url'
  | 'user_info_url';

/** An address as it is asked and as it may be shown. */
export interface Endpoint {
  readonly url: URL;
  readonly shownUrl: string;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/** Names in the settings, and those of the discovery document (RFC 8414, section 2). */
const METADATA_NAMES: Readonly<Record<EndpointKey, string>> = {
  token_url: 'token_endpoint',
  authorization_url: 'authorization_endpoint',
  device_authorization_url: 'device_authorization_endpoint',
  revocation_url: 'revocation_endpoint',
  user_info_url: 'userinfo_endpoint',
};

/** An endpoint as configured, else as the issuer announces it; null where there is none. Throws F0000 for a bad one. */
export async function findEndpoint(
  model: OAuth2Model,
  key: EndpointKey,
  context: OAuthContext,
  signal: AbortSignal,
): Promise<Endpoint | null> {
  const configured = configuredUrl(model, key);
  if (configured !== null) return checkEndpoint(configured, key, context);
  if (model.issuer === null) return null;
  checkEndpoint(model.issuer, 'issuer', context);
  const found = (await discover(model.issuer, context, signal))[METADATA_NAMES[key]];
  return typeof found === 'string' ? checkEndpoint(found, key, context) : null;
}

/** As `findEndpoint`; throws F0000 where there is none. */
export async function requireEndpoint(
  model: OAuth2Model,
  key: EndpointKey,
  context: OAuthContext,
  signal: AbortSignal,
): Promise<Endpoint> {
  const endpoint = await findEndpoint(model, key, context, signal);
  if (endpoint !== null) return endpoint;
  throw errors.configuration(`the auth settings of DSN "${context.dsn}" have no ${key}`, {
    hint: `Add ${key}${model.issuer === null ? ', or issuer' : '; the issuer does not announce one'}.`,
  });
}

function configuredUrl(model: OAuth2Model, key: EndpointKey): ConfiguredText | null {
  switch (key) {
    case 'token_url':
      return model.tokenUrl;
    case 'authorization_url':
      return model.authorizationUrl;
    case 'device_authorization_url':
      return model.deviceAuthorizationUrl;
    case 'revocation_url':
      return model.revocationUrl;
    case 'user_info_url':
      return model.userInfoUrl;
  }
}

/** Refuses what is no address, and what would send secrets over the network in the clear. */
export function checkEndpoint(
  configured: ConfiguredText,
  key: string,
  { dsn, redactor }: Pick<OAuthContext, 'dsn' | 'redactor'>,
): Endpoint {
  const text = reveal(configured);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw errors.configuration(`${key} of DSN "${dsn}" is not an http or https URL`, {
      hint: `Set ${key} to a whole address, such as https://auth.example.com/oauth/token.`,
    });
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw errors.configuration(`${key} of DSN "${dsn}" would send the client secret unencrypted to "${url.host}"`, {
      hint: 'Use an https address; http is allowed only for an authorization server on this machine.',
    });
  }
  return { url, shownUrl: configured instanceof Secret ? url.origin : redactUrl(url, redactor) };
}
