/** An access token as the authorization server gave it. */
export interface AccessToken {
  readonly text: string;
  /** Lifetime in ms from when it was asked for; null: not told, it is used until the API refuses it. */
  readonly lifetimeMs: number | null;
}

/**
 * When a token should be replaced: `renewBeforeMs` before it expires, but not before half of its life is over. Else a
 * token that lives shorter than that margin would be replaced before each request.
 */
export function renewalTime(token: AccessToken, askedAt: number, renewBeforeMs: number): number {
  if (token.lifetimeMs === null) return Number.POSITIVE_INFINITY;
  return askedAt + token.lifetimeMs - Math.min(renewBeforeMs, token.lifetimeMs / 2);
}

/** `expires_in` in ms, a number or (as some servers send it) a string; null when missing, zero or unusable. */
export function readLifetimeMs(expiresIn: unknown): number | null {
  const seconds = typeof expiresIn === 'string' ? Number.parseFloat(expiresIn) : expiresIn;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}
