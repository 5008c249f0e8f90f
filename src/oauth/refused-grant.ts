import { type ErrorFields, GatewayError, SQLSTATES } from '../core/errors.js';

/** The authorization server will not give tokens until somebody does something. SQLSTATE HV000. */
export class RefusedGrant extends GatewayError {
  constructor(message: string, fields: ErrorFields) {
    super(SQLSTATES.apiError, message, fields);
    // Clients and logs see the one kind of error that the gateway has.
    this.name = 'GatewayError';
  }
}

/** Nobody has logged in yet. */
export function notLoggedIn(dsn: string): RefusedGrant {
  return new RefusedGrant(`DSN "${dsn}" is not logged in`, { hint: `run: tidegate login ${dsn}` });
}

/** The login is over: there is nothing left to renew the token with. */
export function loginExpired(dsn: string): RefusedGrant {
  return new RefusedGrant(`the login of DSN "${dsn}" has expired`, {
    detail: 'The access token has ended, and the authorization server gave no refresh token.',
    hint: `run: tidegate login ${dsn}`,
  });
}

/** The refresh token is spent, revoked or expired. */
export function refreshRefused(dsn: string, isByHand: boolean, detail: string): RefusedGrant {
  return new RefusedGrant(`the authorization server refused the refresh token of DSN "${dsn}"`, {
    detail,
    hint: isByHand ? `Put a new refresh_token into the auth settings of DSN "${dsn}".` : `run: tidegate login ${dsn}`,
  });
}
