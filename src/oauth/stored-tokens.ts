import type { MetadataModel } from '../config/model.js';
import type { GatewayError } from '../core/errors.js';
import { valuesOfAnswer } from './auth-values.js';
import type { Grant } from './grant.js';
import { RefusedGrant } from './refused-grant.js';
import type { StoredToken } from './store/token-store.js';
import type { TokenSet } from './token-answer.js';
import { renewalTime } from './token-cache.js';

/** A token from the future was stored before the clock was set back: nobody knows when it ends. */
const CLOCK_TOLERANCE_MS = 60_000;

/** When a stored token should be replaced, on the wall clock. */
export function storedRenewalTime(stored: StoredToken, renewBeforeMs: number): number {
  if (stored.obtainedAt > Date.now() + CLOCK_TOLERANCE_MS) return Number.NEGATIVE_INFINITY;
  return renewalTime({ text: '', lifetimeMs: stored.lifetimeMs }, stored.obtainedAt, renewBeforeMs);
}

/** Whether a stored token's life is over. */
export function hasEnded(stored: StoredToken): boolean {
  return Date.now() >= storedRenewalTime(stored, 0);
}

/** The entry after an answer with tokens. */
export function withTokens(
  stored: StoredToken | null,
  set: TokenSet,
  {
    dsn,
    grant,
    metadata,
    askedAt,
  }: {
    readonly dsn: string;
    readonly grant: Pick<Grant, 'description' | 'seed'>;
    readonly metadata: MetadataModel | null;
    readonly askedAt: number;
  },
): StoredToken {
  return {
    dsn,
    description: grant.description,
    accessToken: set.accessToken,
    obtainedAt: askedAt,
    lifetimeMs: set.lifetimeMs,
    refreshToken: set.refreshToken,
    seed: grant.seed,
    scopes: set.scopes ?? stored?.scopes ?? null,
    account: stored?.account ?? null,
    authValues: valuesOfAnswer(metadata, set.answer) ?? stored?.authValues ?? null,
    failure: null,
  };
}

/**
 * The entry after an error. Null stays null where nothing was ever sent; a refresh token of the DSN's own that was refused
 * has an entry from then on, which says that it must not be sent again.
 */
export function withFailure(
  stored: StoredToken | null,
  error: GatewayError,
  { dsn, grant }: { readonly dsn: string; readonly grant: Pick<Grant, 'description' | 'seed'> },
): StoredToken | null {
  const isFinal = error instanceof RefusedGrant;
  const isOtherSeed = stored !== null && stored.seed !== grant.seed;
  if ((stored === null || isOtherSeed) && !(isFinal && grant.seed !== null)) return stored;
  const failure = {
    message: error.message,
    detail: error.detail ?? null,
    hint: error.hint ?? null,
    at: Date.now(),
    isFinal,
  };
  return { ...(stored === null || isOtherSeed ? emptyEntry(dsn, grant) : stored), failure };
}

function emptyEntry(dsn: string, { description, seed }: Pick<Grant, 'description' | 'seed'>): StoredToken {
  const none = { accessToken: null, refreshToken: null, lifetimeMs: null, scopes: null, account: null, failure: null };
  return { dsn, description, seed, obtainedAt: Date.now(), ...none };
}

/** In a few words, for people: how long the token is still good. */
export function describeTokenState(stored: StoredToken): string {
  if (stored.failure?.isFinal === true) return 'refused';
  if (stored.accessToken === null) return 'no token';
  if (stored.lifetimeMs === null) return 'token without a known end';
  const leftS = Math.round((stored.obtainedAt + stored.lifetimeMs - Date.now()) / 1000);
  return leftS > 0 ? `token for ${leftS} s` : `token ended ${-leftS} s ago`;
}
