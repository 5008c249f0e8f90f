import { revocationRequest } from 'oauth4webapi';
import type { OAuth2Model } from '../config/model.js';
import { errors } from '../core/errors.js';
import { statusText } from '../http/request-errors.js';
import { clientAuthentication } from './client-authentication.js';
import { findEndpoint } from './endpoints.js';
import type { OAuthContext } from './oauth-context.js';
import type { StoredToken } from './store/token-store.js';
import { parties, sendProtocolRequest } from './token-endpoint.js';
import { serverErrorCode } from './token-errors.js';

/**
 * Asks the authorization server to forget the tokens (RFC 7009), the refresh token first: most servers end its access
 * tokens with it. False where the server has no such endpoint. Throws HV000 and HV00N when it does not do so.
 */
export async function revokeTokens(
  model: OAuth2Model,
  stored: StoredToken,
  context: OAuthContext,
  signal: AbortSignal,
): Promise<boolean> {
  const endpoint = await findEndpoint(model, 'revocation_url', context, signal);
  if (endpoint === null) return false;
  const { server, client } = parties(model, endpoint.url);
  const auth = clientAuthentication(model, endpoint.url.href, context.dsn, 0);
  const tokens = [
    ['refresh_token', stored.refreshToken],
    ['access_token', stored.accessToken],
  ] as const;
  for (const [hint, token] of tokens) {
    if (token === null) continue;
    context.redactor.add(token);
    const announced = { ...server, revocation_endpoint: endpoint.url.href };
    const { status, body } = await sendProtocolRequest(model, endpoint, context, signal, (options) =>
      revocationRequest(announced, client, auth, token, {
        ...options,
        additionalParameters: { token_type_hint: hint },
      }),
    );
    // Slack answers errors with 200.
    if (status < 200 || status > 299 || serverErrorCode(body) !== null) {
      throw errors.apiError(`the authorization server of DSN "${context.dsn}" did not revoke the tokens`, {
        detail: `POST ${endpoint.shownUrl} answered ${statusText(status)}`,
        hint: "They are gone from the token store; revoke them in the provider's own settings.",
      });
    }
  }
  return true;
}
