import { errors } from '../../core/errors.js';

/** Claims that say who logged in, the most readable first. */
const NAMES = ['email', 'preferred_username', 'upn', 'name', 'sub'] as const;

/** Who an ID token is about; null where there is none. It came from the token endpoint itself, over TLS. */
export function accountOf(idToken: string | null): string | null {
  const claims = idToken === null ? null : readClaims(idToken);
  for (const name of NAMES) {
    const text = readableText(claims?.[name]);
    if (text !== null) return text;
  }
  return null;
}

/** A server's text as it may be printed; null for anything else. */
export function readableText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.replace(/[\0-\x1f\x7f]+/g, ' ').slice(0, 200) : null;
}

/** Refuses an ID token that was made for another login (OpenID Connect Core 1.0, section 3.1.3.7). */
export function checkNonce(idToken: string | null, nonce: string, dsn: string): void {
  // Servers that do not know OpenID take the scope and give no ID token.
  if (idToken === null || readClaims(idToken)?.nonce === nonce) return;
  throw errors.apiError(`the ID token of the login of DSN "${dsn}" belongs to another login`, {
    hint: `run: tidegate login ${dsn}`,
  });
}

function readClaims(idToken: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
