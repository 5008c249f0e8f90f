import type { OAuth2Model } from '../../config/model.js';
import { findEndpoint } from '../endpoints.js';
import type { OAuthContext } from '../oauth-context.js';
import { headerAuthorization } from '../static-authorizer.js';
import { valueAt } from '../token-answer.js';
import { askServer } from '../token-endpoint.js';
import { readableText } from './id-token.js';

/** Fields that say who somebody is, the most readable first; providers wrap them differently. */
const FIELDS = ['email', 'preferred_username', 'login', 'username', 'user', 'name', 'sub'] as const;
const WRAPPERS = ['', 'user.', 'data.'] as const;

/**
 * Asks who a token belongs to (OpenID Connect Core 1.0, section 5.3, or what the provider has instead); null where nobody
 * says. A login is complete without it, so nothing that goes wrong here is an error.
 */
export async function askAccount(
  model: OAuth2Model,
  token: string,
  context: OAuthContext,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    // A provider that is no OpenID one has an address of its own; what an issuer announces answers to openid alone.
    const isAsked = model.userInfoUrl !== null || model.scopes.includes('openid');
    const endpoint = isAsked ? await findEndpoint(model, 'user_info_url', context, signal) : null;
    if (endpoint === null) return null;
    const [header] = headerAuthorization(model.header, model.prefix, token).values;
    const headers = { accept: 'application/json', [model.header.toLowerCase()]: header!.value };
    const request = { method: 'GET', url: endpoint.url, shownUrl: endpoint.shownUrl, headers, body: null };
    const { status, body } = await askServer(request, endpoint, context, signal);
    return status === 200 ? accountIn(JSON.parse(body)) : null;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

function accountIn(document: unknown): string | null {
  for (const field of FIELDS) {
    for (const wrapper of WRAPPERS) {
      const text = readableText(valueAt(document, `${wrapper}${field}`));
      if (text !== null) return text;
    }
  }
  return null;
}
